import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Deletions } from "../../../static/deletions.js";
import { FakeStorage } from "./fake_storage.mjs";

let storage;
let asked;
let told;
let refusal; // what the server answers with, where it refuses

const api = {
  deleteSessions: async (ids, options) => {
    asked.push({ ids, ...options });
    if (refusal) throw refusal;
  },
};
const refusing = (status, code) => Object.assign(new Error("No."), { status, code });
const kept = () => Array.from({ length: storage.length }, (_, at) => JSON.parse(storage.getItem(storage.key(at))).ids);
const settled = async () => {
  for (let turn = 0; turn < 99; turn += 1) await Promise.resolve();
};

function begin() {
  told = { gone: [], asked: [], problems: [], progress: [] };
  return new Deletions({
    api,
    user: () => "ann",
    onChange() {},
    onAsked: (key) => told.asked.push(key),
    onGone: (id) => told.gone.push(id),
    onProgress: (batch) => told.progress.push(batch),
    onProblem: (message) => told.problems.push(message),
  });
}

beforeEach(() => {
  storage = FakeStorage.install();
  [asked, refusal] = [[], null];
});

// A clock that stands still until it is told.
function clocked(name, run) {
  test(name, async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
    await run(async (ms) => {
      context.mock.timers.tick(ms);
      await settled();
    });
  });
}

clocked("a deletion is asked for once it cannot be taken back any more", async (pass) => {
  const deletions = begin();
  const key = deletions.begin(["a", "b"]);
  assert.ok(deletions.isHidden("a"));
  assert.deepEqual(kept(), [["a", "b"]]);
  await pass(7_999);
  assert.deepEqual(asked, []);
  await pass(1);
  assert.deepEqual([asked, told.asked, told.gone], [[{ ids: ["a", "b"] }], [key], ["a", "b"]]);
  assert.deepEqual([kept(), deletions.isHidden("a"), deletions.takeBack(key)], [[], false, false]);
});

clocked("one that is taken back is never asked for", async (pass) => {
  const deletions = begin();
  const key = deletions.begin(["a"]);
  deletions.begin(["b"]);
  assert.ok(deletions.takeBack(key));
  assert.deepEqual([deletions.isHidden("a"), deletions.isHidden("b"), kept()], [false, true, [["b"]]]);
  await pass(60_000);
  assert.deepEqual(asked, [{ ids: ["b"] }]);
});

clocked("it waits while somebody looks at the offer, but not for ever", async (pass) => {
  const deletions = begin();
  const key = deletions.begin(["a"]);
  deletions.hold(key, true);
  await pass(30_000);
  deletions.hold(key, false);
  await pass(7_999);
  assert.deepEqual(asked, []);
  deletions.hold(key, true);
  await pass(60_000);
  assert.equal(asked.length, 1);
});

clocked("a page that goes away asks for everything at once, and the next one makes sure", async (pass) => {
  const deletions = begin();
  const many = Array.from({ length: 250 }, (_, at) => `s${at}`);
  deletions.begin(many);
  deletions.begin(["a"]);
  deletions.hurry();
  assert.deepEqual(
    asked.map(({ ids, keepalive }) => [ids.length, keepalive]),
    [
      [100, true],
      [100, true],
      [50, true],
      [1, true],
    ],
  );
  assert.deepEqual(
    asked.flatMap(({ ids }) => ids),
    [...many, "a"],
  );
  asked.length = 0;
  const next = begin();
  next.resume();
  await pass(2_000);
  assert.equal(asked.flatMap(({ ids }) => ids).length, 251);
  assert.deepEqual(kept(), []);
});

clocked("who logs out has everything done first", async () => {
  const deletions = begin();
  deletions.begin(["a"]);
  deletions.begin(["b"]);
  await deletions.finish();
  assert.deepEqual([told.gone, kept()], [["a", "b"], []]);
});

clocked("what another tab can still take back is left to it", async (pass) => {
  begin().begin(["a"]);
  const other = begin();
  asked.length = 0;
  other.resume();
  await pass(5_000);
  assert.ok(!other.isHidden("a"));
});

clocked("without a network a deletion waits, hidden, and is done when the connection is back", async (pass) => {
  const deletions = begin();
  deletions.begin(["a"]);
  refusal = refusing(0, "unreachable");
  await pass(8_000);
  assert.deepEqual([kept(), told.problems, deletions.isHidden("a")], [[["a"]], [], true]);
  refusal = null;
  deletions.resume();
  await settled();
  assert.deepEqual([kept(), told.gone], [[], ["a"]]);
  await pass(60_000);
  assert.equal(asked.length, 2);
});

clocked("it is tried again by itself where no new connection comes", async (pass) => {
  const deletions = begin();
  deletions.begin(["a"]);
  refusal = refusing(503, "shutting_down");
  await pass(8_000);
  refusal = null;
  await pass(10_000);
  assert.deepEqual(told.gone, ["a"]);
});

clocked("what the server refuses is there again, with the reason", async (pass) => {
  const deletions = begin();
  deletions.begin(["a"]);
  refusal = refusing(507, "storage_full");
  await pass(8_000);
  assert.deepEqual([kept(), told.problems, told.gone, deletions.isHidden("a")], [[], ["No."], [], false]);
});

clocked("many are asked for a hundred at a time, and counted", async (pass) => {
  const deletions = begin();
  deletions.begin(Array.from({ length: 250 }, (_, at) => `s${at}`));
  await pass(8_000);
  assert.deepEqual(
    told.progress.map(({ left, count }) => [left, count]),
    [
      [150, 250],
      [50, 250],
      [0, 250],
    ],
  );
});

clocked("of a long deletion that was cut short only the rest is asked for again", async (pass) => {
  const deletions = begin();
  deletions.begin(Array.from({ length: 150 }, (_, at) => `s${at}`));
  const answer = api.deleteSessions;
  api.deleteSessions = async (ids) => {
    if (ids.length < 100) throw refusing(0, "unreachable");
  };
  await pass(8_000);
  api.deleteSessions = answer;
  assert.equal(kept()[0].length, 50);
  begin().resume();
  await pass(2_000);
  assert.deepEqual(
    asked.map(({ ids }) => ids.length),
    [50],
  );
});

clocked("odd entries of the storage are thrown away", async (pass) => {
  for (const text of ["", "{}", "null", '{"ids":"a","at":1}', '{"ids":["a"]}']) {
    storage.setItem(`verbatim.deletion.ann.${text}`, text);
  }
  begin().resume();
  await pass(60_000);
  assert.deepEqual([asked, storage.length], [[], 0]);
});

clocked("a storage that is broken costs only what would outlive the page", async (pass) => {
  storage.isBroken = true;
  begin().begin(["a"]);
  await pass(8_000);
  assert.deepEqual(told.gone, ["a"]);
});

clocked(
  "whoever logs out has what another tab keeps done too, and nothing is kept or asked for afterwards",
  async (pass) => {
    const [ours, theirs] = [begin(), begin()];
    ours.begin(["a"]);
    theirs.begin(["b"]);
    await ours.finish();
    assert.deepEqual(asked, [{ ids: ["a"] }, { ids: ["b"] }]);
    ours.clear();
    theirs.end();
    theirs.hurry();
    await pass(60_000);
    assert.deepEqual([asked.length, kept()], [2, []]);
  },
);

clocked("whoever is deleted leaves no deletion behind, whatever the server says of it later", async (pass) => {
  const [ours, theirs] = [begin(), begin()];
  ours.begin(["a"]);
  theirs.begin(["b"]);
  refusal = refusing(0, "unreachable");
  await pass(8_000);
  theirs.resume();
  ours.clear();
  theirs.end();
  await pass(60_000);
  assert.deepEqual([kept(), told.problems], [[], []]);
  assert.equal(asked.length, 3);
});

clocked("what another user has begun to delete in this browser stays", async () => {
  storage.setItem("verbatim.deletion.bob.x", JSON.stringify({ ids: ["c"], at: 1 }));
  begin().clear();
  assert.deepEqual(kept(), [["c"]]);
});
