// Chats that the server does not know yet: what they begin with is changed, kept, and said when they are made.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ChatChanges } from "../../../static/chat_changes.js";
import { amended, beginningOf, lacking, unmadeSession } from "../../../static/model/beginning.js";
import { Transcript } from "../../../static/model/transcript.js";
import { begin, flushed, kept } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";

const BEGINS = { title: "First words", title_source: "words", settings: { model: "m", temperature: 1 } };
const PINNED = { "verbatim:pinned": true };

beforeEach(() => FakeStorage.install());

test("a name that is given is no longer one that the words gave", () => {
  const begins = amended(amended(BEGINS, { title: "Mine" }), { shelf: PINNED });
  assert.deepEqual(beginningOf(begins), {
    metadata: { title: "Mine" },
    "verbatim:settings": { model: "m", temperature: 1 },
  });
  assert.deepEqual(unmadeSession("s", begins, 7), { id: "s", created_at: 7, ...beginningOf(begins), ...PINNED });
});

test("what is left open again is not said when the session is made", () => {
  const begins = amended(amended(BEGINS, { settings: { temperature: null } }), { settings: { instructions: "Rhyme" } });
  assert.deepEqual(beginningOf(begins)["verbatim:settings"], { model: "m", instructions: "Rhyme" });
  const open = amended(begins, { settings: { model: null, instructions: null } });
  assert.ok(!("verbatim:settings" in beginningOf(open)));
});

test("a session lacks what making it cannot say, and what was changed since; a better name of the server's stays", () => {
  const made = { id: "s", metadata: { title: "Better", title_source: "model" }, "verbatim:settings": BEGINS.settings };
  assert.equal(lacking(BEGINS, made), null);
  const begins = amended(amended(BEGINS, { title: "Mine" }), { shelf: PINNED, settings: { temperature: null } });
  assert.deepEqual(lacking(begins, made), {
    fields: { ...PINNED, metadata: { title: "Mine" } },
    settings: { temperature: null },
  });
  const whole = { ...made, ...PINNED, metadata: { title: "Mine" }, "verbatim:settings": { model: "m" } };
  assert.equal(lacking(begins, whole), null);
  assert.deepEqual(lacking(amended(begins, { shelf: { "verbatim:pinned": false } }), whole).fields, {
    "verbatim:pinned": false,
  });
});

/** A server with at most one session, `made`, and what it was asked. */
function beginMaking(made = null) {
  const parts = { ...begin(), asked: [], made, beforeAnswer: null };
  const change = (name, of) => async (_, change) => {
    parts.asked.push([name, change]);
    parts.made = { ...parts.made, ...of(change) };
    return parts.made;
  };
  parts.api.createSession = async (begins, id) => {
    parts.asked.push(["make", begins.title]);
    parts.made ??= { object: "conversation", id, ...beginningOf(begins) };
    const answer = parts.made;
    parts.beforeAnswer?.();
    return answer;
  };
  parts.api.changeSession = change("change", (fields) => fields);
  parts.api.changeChat = change("choose", (settings) => ({ "verbatim:settings": settings }));
  parts.changes = new ChatChanges({ ...parts, conversations: () => parts.conversations });
  return parts;
}

function newChat(parts) {
  const transcript = new Transcript();
  parts.conversations.begin(transcript, "s", BEGINS);
  parts.conversations.send(transcript, "First words", null);
  return transcript;
}

const unmade = (parts) => parts.outbox.unmade[0];

test("a chat that begins without a connection is renamed, pinned and set, and the next page makes it so", async () => {
  const before = beginMaking();
  before.socket.isOpen = false;
  newChat(before);
  await before.changes.rename(unmade(before), "Mine");
  await before.changes.choose("s", { temperature: null });
  const session = await before.changes.shelve("s", PINNED);
  assert.deepEqual([session.metadata, session["verbatim:pinned"]], [{ title: "Mine" }, true]);
  assert.deepEqual(before.asked, []);
  const after = beginMaking();
  await after.outbox.open("");
  after.conversations.restore();
  assert.deepEqual(unmade(after), session);
  after.conversations.resume();
  await flushed();
  assert.deepEqual(after.asked, [
    ["make", "Mine"],
    ["change", PINNED],
  ]);
  assert.deepEqual(after.made["verbatim:settings"], { model: "m" });
  assert.deepEqual(after.news.at(-1).conversation, after.made);
  assert.equal(after.socket.sent.filter(({ type }) => type === "response.create").length, 1);
  assert.deepEqual(
    (await kept()).map(({ begins }) => begins),
    [null],
  );
});

test("what is changed while the session is being made is not lost, though the news of it come first", async () => {
  const parts = beginMaking();
  parts.beforeAnswer = () => {
    parts.beforeAnswer = null;
    parts.changes.rename(unmade(parts), "Mine");
    parts.conversations.receive({ type: "verbatim:conversation.updated", conversation: parts.made });
  };
  newChat(parts);
  await flushed();
  assert.deepEqual(parts.asked, [
    ["make", "First words"],
    ["change", { metadata: { title: "Mine" } }],
  ]);
  assert.deepEqual(parts.made.metadata, { title: "Mine" });
});

test("a session that is there already is changed at the server", async () => {
  const parts = beginMaking({ object: "conversation", id: "s", metadata: { title: "Old", title_source: "words" } });
  parts.conversations.open("s");
  await parts.changes.rename(parts.made, "New");
  await parts.changes.shelve("s", PINNED);
  await parts.changes.choose("s", { model: "x" });
  assert.deepEqual(parts.asked, [
    ["change", { metadata: { title: "New" } }],
    ["change", PINNED],
    ["choose", { model: "x" }],
  ]);
});

test("what another tab has changed about a chat that is not made yet is what this one makes", async () => {
  const parts = beginMaking();
  parts.socket.isOpen = false;
  const transcript = newChat(parts);
  const [send] = parts.outbox.sends;
  parts.outbox.keepSend("s", { ...send, begins: amended(BEGINS, { title: "Theirs" }) }); // as a tab knows it that has looked
  parts.conversations.restore();
  assert.equal(transcript.begins.title, "Theirs");
  parts.socket.isOpen = true;
  parts.conversations.resume();
  await flushed();
  assert.deepEqual(parts.asked, [["make", "Theirs"]]);
});
