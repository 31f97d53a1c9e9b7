// What waits, and how it goes out: over connections that break, sessions that are still to be made, several tabs.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Transcript } from "../../../static/model/transcript.js";
import { begin, kept } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";

const responseOf = (at) => ({ id: `resp_s_000000000000000${at}`, status: "in_progress", metadata: {} });
const accepted = (stream_id, at = 1) => ({
  type: "response.created",
  sequence_number: 0,
  response: responseOf(at),
  stream_id,
});
const busy = (stream_id) => ({
  type: "error",
  status: 429,
  stream_id,
  error: { code: "too_many_turns", message: "full" },
});
const said = (socket) => socket.sent.filter(({ type }) => type === "response.create").map(({ input }) => input);
const turns = async (count = 12) => {
  for (let at = 0; at < count; at += 1) await Promise.resolve();
};

beforeEach(() => {
  FakeStorage.install();
  mock.timers.enable({ apis: ["setTimeout"] });
});
afterEach(() => mock.timers.reset());

/** A server that makes sessions, or does not, and what it was asked for. */
function beginMaking() {
  const parts = { ...begin(), asked: [], refusal: null };
  parts.api.createSession = async (metadata, id) => {
    parts.asked.push([id, metadata.title]);
    if (parts.refusal) throw parts.refusal;
    return { id };
  };
  return parts;
}

function newChat(parts, text = "first") {
  const transcript = new Transcript();
  parts.conversations.begin(transcript, "s", { title: "T", title_source: "words" });
  parts.conversations.send(transcript, text, null);
  return transcript;
}

const refusal = (status, code) => Object.assign(new Error(`refused: ${code}`), { status, code });

test("messages of one session go out one after the other, in order, each when the one before is there", () => {
  const { conversations, socket } = begin();
  const transcript = conversations.open("s");
  const ids = ["one", "two", "three"].map((text) => conversations.send(transcript, text, null));
  assert.deepEqual(said(socket), ["one"]);
  conversations.receive(accepted(ids[0], 1));
  assert.deepEqual(said(socket), ["one", "two"]);
  conversations.receive(accepted(ids[1], 2));
  assert.deepEqual(said(socket), ["one", "two", "three"]);
});

test("messages of different sessions do not wait for each other", () => {
  const { conversations, socket } = begin();
  for (const session of ["s", "t"]) conversations.send(conversations.open(session), session, null);
  assert.deepEqual(said(socket), ["s", "t"]);
});

test("a full queue refuses nothing for good: the message goes out again in a while, and none overtakes it", () => {
  const { conversations, socket, problems } = begin();
  const transcript = conversations.open("s");
  const first = conversations.send(transcript, "one", null);
  conversations.receive(busy(first));
  conversations.send(transcript, "two", null);
  assert.deepEqual(said(socket), ["one"]);
  mock.timers.tick(400);
  assert.deepEqual(said(socket), ["one", "one"]);
  conversations.receive(accepted(first));
  assert.deepEqual(said(socket), ["one", "one", "two"]);
  assert.deepEqual(problems, []);
});

test("a page that goes sends all that waits, each once", () => {
  const { conversations, socket } = begin();
  const transcript = conversations.open("s");
  for (const text of ["one", "two", "three"]) conversations.send(transcript, text, null);
  conversations.flush();
  assert.deepEqual(said(socket), ["one", "two", "three"]);
});

test("a new chat is made with its own id before its first message goes out, and attached", async () => {
  const parts = beginMaking();
  newChat(parts);
  assert.deepEqual(parts.socket.sent, []);
  await turns();
  assert.deepEqual(parts.asked, [["s", "T"]]);
  assert.deepEqual(
    parts.socket.sent.map(({ type }) => type),
    ["verbatim:conversation.attach", "response.create"],
  );
  assert.equal(parts.outbox.unmade.length, 0);
  assert.deepEqual(parts.news, [{ type: "verbatim:conversation.updated", conversation: { id: "s" } }]);
});

test("a new chat without a connection waits, outlives the page, and is made by the next one", async () => {
  const before = beginMaking();
  before.socket.isOpen = false;
  const transcript = newChat(before, "one");
  before.conversations.send(transcript, "two", null);
  await turns();
  assert.deepEqual(before.asked, []);
  const after = beginMaking();
  await after.outbox.open("");
  after.conversations.restore();
  const shown = after.conversations.open("s");
  assert.deepEqual([shown.isLoaded, shown.entries.map(({ text }) => text)], [true, ["one", "two"]]);
  after.conversations.resume();
  await turns();
  assert.deepEqual(after.asked, [["s", "T"]]);
  assert.deepEqual(said(after.socket), ["one"]);
  assert.deepEqual(
    (await kept()).map(({ begins }) => begins),
    [null, null],
  );
});

test("a session that cannot be made for now is tried again, and made once at a time", async () => {
  const parts = beginMaking();
  parts.refusal = refusal(0, "unreachable");
  newChat(parts);
  parts.conversations.deliver();
  await turns();
  assert.equal(parts.asked.length, 1);
  parts.refusal = null;
  mock.timers.tick(400);
  await turns();
  assert.equal(parts.asked.length, 2);
  assert.deepEqual(said(parts.socket), ["first"]);
});

test("a session that the server refuses leaves its messages as not sent, to be sent again or taken back", async () => {
  const parts = beginMaking();
  parts.refusal = refusal(507, "storage_full");
  const transcript = newChat(parts);
  await turns();
  const [entry] = transcript.unsent;
  assert.equal(entry.error, "refused: storage_full");
  assert.equal((await kept())[0].error, "refused: storage_full");
  parts.refusal = null;
  parts.conversations.sendAgain(transcript, entry.messageId);
  await turns();
  assert.deepEqual(said(parts.socket), ["first"]);
});

test("a session that another tab has made is not made again", async () => {
  const parts = beginMaking();
  parts.socket.isOpen = false;
  newChat(parts);
  parts.socket.isOpen = true;
  parts.conversations.receive({ type: "verbatim:conversation.updated", conversation: { id: "s", metadata: {} } });
  await turns();
  assert.deepEqual([parts.asked, said(parts.socket)], [[], ["first"]]);
});

test("a chat that is deleted while it is made does not stay, nor do its words come back", async () => {
  const parts = beginMaking();
  const deleted = [];
  parts.api.deleteSessions = async (ids) => deleted.push(...ids);
  newChat(parts);
  parts.conversations.remove("s");
  await turns();
  assert.deepEqual([deleted, said(parts.socket), await kept()], [["s"], [], []]);
});

test("a chat that is deleted while it waits for another try is not made", async () => {
  const parts = beginMaking();
  parts.refusal = refusal(503, "shutting_down");
  newChat(parts);
  await turns();
  parts.conversations.remove("s");
  mock.timers.tick(20_000);
  await turns();
  assert.equal(parts.asked.length, 1);
});

test("what another tab has delivered or taken back is shown as waiting no more, and not sent", async () => {
  const { conversations, socket, outbox } = begin();
  socket.isOpen = false;
  const transcript = conversations.open("s");
  const [one] = ["one", "two"].map((text) => conversations.send(transcript, text, null));
  outbox.dropSend(one); // as the outbox of a tab knows it that has looked
  conversations.restore();
  assert.deepEqual(
    transcript.unsent.map(({ text }) => text),
    ["two"],
  );
  socket.isOpen = true;
  conversations.resume();
  assert.deepEqual(said(socket), ["two"]);
});

test("what another tab has left is delivered by this one, attached to its session", async () => {
  const { conversations, socket, outbox } = begin();
  outbox.keepSend("s", { messageId: "m", text: "left behind", model: null });
  conversations.restore();
  conversations.deliver();
  conversations.deliver();
  assert.deepEqual(
    socket.sent.map(({ type, conversation }) => [type, conversation]),
    [
      ["verbatim:conversation.attach", "s"],
      ["response.create", "s"],
    ],
  );
});
