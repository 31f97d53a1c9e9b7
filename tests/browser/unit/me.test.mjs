import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Me } from "../../../static/me.js";
import { FakeStorage } from "./fake_storage.mjs";

const TOLD = { id: "anna", "verbatim:id_prefix": "0123-", "verbatim:max_frame_bytes": 7, "verbatim:keepalive_s": 3 };

let answers;
let reloads;

beforeEach(() => {
  FakeStorage.install();
  mock.timers.enable({ apis: ["setTimeout"] });
  reloads = 0;
  globalThis.location = { reload: () => (reloads += 1) };
});
afterEach(() => {
  mock.timers.reset();
  delete globalThis.location;
});

const failure = (status) => Object.assign(new Error("no"), { status });
const turns = () => new Promise((resolve) => process.nextTick(resolve));

function asked(...given) {
  answers = given;
  const heard = [];
  const whoAmI = async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const hooks = {
    onKnown: async () => heard.push("known"),
    onAway: () => heard.push("away"),
    onProblem: () => heard.push("problem"),
  };
  return { heard, me: new Me({ api: { whoAmI }, ...hooks }) };
}

test("what the server says is true, and is not asked again on a new connection", async () => {
  const { me, heard } = asked(TOLD);
  await me.ask();
  assert.deepEqual([me.id, me.maxFrameBytes, me.keepaliveMs, me.hasKeys], ["anna", 7, 3_000, false]);
  assert.match(me.newSessionId(), /^0123-[0-9a-f]{32}$/);
  assert.notEqual(me.newSessionId(), me.newSessionId());
  assert.deepEqual([heard, await me.isConfirmed()], [["known"], true]);
});

test("a server that does not limit its silence is asked after the usual time", async () => {
  const { me } = asked({ ...TOLD, "verbatim:keepalive_s": 0 });
  await me.ask();
  assert.equal(me.keepaliveMs, 20_000);
});

test("while the server is away a later page goes by what it said before, and asks once it is back", async () => {
  await asked(TOLD).me.ask();
  const { me, heard } = asked(failure(0), failure(0), TOLD);
  await me.ask();
  assert.deepEqual([heard, me.id], [["away", "known"], "anna"]);
  assert.deepEqual([await me.isConfirmed(), await me.isConfirmed(), reloads], [false, true, 0]);
});

test("a server that is back and knows this browser as another user makes the page begin anew", async () => {
  await asked(TOLD).me.ask();
  const { me } = asked(failure(0), { ...TOLD, id: "bob" });
  await me.ask();
  assert.deepEqual([await me.isConfirmed(), reloads], [false, 1]);
});

test("who has never heard of the server asks until it answers", async () => {
  const { me, heard } = asked(failure(0), failure(503), TOLD);
  await me.ask();
  for (const delay of [400, 800]) {
    mock.timers.tick(delay);
    await turns();
  }
  assert.deepEqual(heard, ["problem", "problem", "known"]);
});

test("who has to log in is not known, and not remembered either", async () => {
  await asked(TOLD).me.ask();
  const { me, heard } = asked(failure(401));
  await me.ask();
  assert.deepEqual(heard, []);
  const later = asked(failure(0));
  await later.me.ask();
  assert.deepEqual(later.heard, ["problem"]);
});

test("who logs in after another finds a page that begins anew", async () => {
  const { me, heard } = asked(TOLD, TOLD, { ...TOLD, id: "bob" });
  await me.ask();
  await me.ask();
  assert.deepEqual([heard, reloads], [["known", "known"], 0]);
  me.ask();
  await turns();
  assert.deepEqual([heard, reloads, me.id], [["known", "known"], 1, "anna"]);
});
