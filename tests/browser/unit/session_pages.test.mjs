import assert from "node:assert/strict";
import { test } from "node:test";
import { Shelves } from "../../../static/model/shelves.js";
import { SessionPages } from "../../../static/session_pages.js";

const named = (id, created_at, title) => ({ id, created_at, metadata: { title } });
const all = Array.from({ length: 7 }, (_, at) => named(`s${at}`, 100 - at, at % 2 ? "odd" : "even"));
const old = [{ ...named("old", 5, "odd"), "verbatim:archived": true }];

function begin() {
  const asked = [];
  const problems = [];
  const shelves = new Shelves();
  const sessions = shelves.shown.list;
  const api = {
    sessions: async (after = null, { archived = false, named = "" } = {}) => {
      asked.push([archived ? "archived" : "", named, after].filter(Boolean).join(" "));
      const fitting = archived ? old : all.filter(({ metadata }) => (metadata.title ?? "").includes(named));
      const from = fitting.findIndex((session) => session.id === after) + 1;
      return { data: fitting.slice(from, from + 3), has_more: from + 3 < fitting.length };
    },
    session: async (id) => {
      const session = all.find((one) => one.id === id);
      if (!session) throw Object.assign(new Error("there is none"), { status: 404 });
      return session;
    },
  };
  const options = { onChange() {}, onProblem: (message) => problems.push(message) };
  const pages = new SessionPages({ api, sessions: shelves, ...options });
  return { asked, api, problems, shelves, sessions, pages };
}

test("pages come one after the other, only as they are asked for, and end", async () => {
  const { asked, sessions, pages } = begin();
  await pages.refresh();
  assert.equal(sessions.newestFirst.length, 3);
  await Promise.all([pages.more(), pages.more()]);
  await pages.more();
  await pages.more();
  assert.deepEqual(asked, ["", "s2", "s5"]);
  assert.deepEqual(sessions.newestFirst, all);
});

test("a new connection asks for the first page only, and keeps the rest", async () => {
  const { asked, sessions, pages } = begin();
  await pages.refresh();
  await pages.more();
  await pages.refresh();
  assert.deepEqual(asked, ["", "s2", ""]);
  assert.equal(sessions.newestFirst.length, 6);
});

test("a session that is shown is asked for once, where it is not listed", async () => {
  const { sessions, pages } = begin();
  await pages.refresh();
  await pages.learn("s6");
  assert.equal(sessions.get("s6").id, "s6");
  assert.equal(sessions.newestFirst.length, 3);
  await pages.learn("none");
  await pages.learn(null);
});

test("what is told of a session while it is asked for is newer than the answer", async () => {
  const { api, sessions, pages } = begin();
  await pages.refresh();
  const answer = api.session;
  api.session = async (id) => {
    sessions.upsert(named(id, 94, "renamed"));
    return answer(id);
  };
  await pages.learn("s6");
  assert.equal(sessions.get("s6").metadata.title, "renamed");
});

test("a page that does not come is said, and can be asked for again", async () => {
  const { api, problems, sessions, pages } = begin();
  await pages.refresh();
  const answer = api.sessions;
  api.sessions = async () => {
    throw Object.assign(new Error("The disk is tired."), { status: 500 });
  };
  await pages.more();
  assert.deepEqual(problems, ["The disk is tired."]);
  api.sessions = answer;
  await pages.more();
  assert.equal(sessions.newestFirst.length, 6);
});

test("the archive is asked for when it is looked at, and kept true from then on", async () => {
  const { asked, shelves, pages } = begin();
  await pages.refresh();
  await pages.showArchive(true);
  assert.deepEqual(
    shelves.sessions.map(({ id }) => id),
    ["old"],
  );
  await pages.showArchive(false);
  asked.length = 0;
  await pages.refresh();
  assert.deepEqual(asked.sort(), ["", "archived"]);
});

test("names are looked for once the typing rests: at once in what is known, then by the server", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { asked, shelves, pages } = begin();
  await pages.refresh();
  pages.find("o");
  pages.find("odd ");
  const ids = () => shelves.sessions.map(({ id }) => id);
  assert.deepEqual(ids(), ["s1"]);
  context.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(asked, ["", "odd"]);
  assert.deepEqual(ids(), ["s1", "s3", "s5"]);
  pages.find("even");
  context.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(ids(), ["s0", "s2", "s4"]);
  await pages.more();
  assert.equal(asked.at(-1), "even s4");
  assert.deepEqual(ids(), ["s0", "s2", "s4", "s6"]);
  pages.find("");
  assert.deepEqual(ids(), ["s0", "s1", "s2"]);
});

test("a session that is shown is asked for again where a new list does not have it", async () => {
  const { api, shelves, pages } = begin();
  api.sessions = async () => ({ data: [all[0]], has_more: false });
  await pages.refresh();
  await pages.learn("s6");
  api.session = async () => ({ ...all[6], "verbatim:archived": true });
  await pages.refresh();
  assert.equal(shelves.get("s6")["verbatim:archived"], true);
});

const settled = async () => {
  for (let turn = 0; turn < 9; turn += 1) await Promise.resolve();
};
