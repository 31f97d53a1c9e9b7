import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionList } from "../../../static/model/sessions.js";
import { SessionPages } from "../../../static/session_pages.js";

const all = Array.from({ length: 7 }, (_, at) => ({ id: `s${at}`, created_at: 100 - at, metadata: {} }));

function begin() {
  const asked = [];
  const problems = [];
  const sessions = new SessionList();
  const api = {
    sessions: async (after = null) => {
      asked.push(after);
      const from = all.findIndex((session) => session.id === after) + 1;
      return { data: all.slice(from, from + 3), has_more: from + 3 < all.length };
    },
    session: async (id) => {
      const session = all.find((one) => one.id === id);
      if (!session) throw Object.assign(new Error("there is none"), { status: 404 });
      return session;
    },
  };
  const pages = new SessionPages({ api, sessions, onChange() {}, onProblem: (message) => problems.push(message) });
  return { asked, api, problems, sessions, pages };
}

test("pages come one after the other, only as they are asked for, and end", async () => {
  const { asked, sessions, pages } = begin();
  await pages.refresh();
  assert.equal(sessions.newestFirst.length, 3);
  await Promise.all([pages.more(), pages.more()]);
  await pages.more();
  await pages.more();
  assert.deepEqual(asked, [null, "s2", "s5"]);
  assert.deepEqual(sessions.newestFirst, all);
});

test("a new connection asks for the first page only, and keeps the rest", async () => {
  const { asked, sessions, pages } = begin();
  await pages.refresh();
  await pages.more();
  await pages.refresh();
  assert.deepEqual(asked, [null, "s2", null]);
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
