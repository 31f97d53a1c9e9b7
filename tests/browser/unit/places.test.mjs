// Where messages stand, told by the server's news and by its items, in whatever order the two come.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Api } from "../../../static/api.js";
import { begin, flushed, R, response } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";

const R2 = "resp_s_0000000000000002";
const R3 = "resp_s_0000000000000003";
const R4 = "resp_s_0000000000000004";
const message = (id, role, text, responseId) => ({
  id,
  type: "message",
  role,
  status: "completed",
  content: [{ text }],
  "verbatim:response_id": responseId,
});
const accepted = (item, after) => ({
  type: "verbatim:conversation.item",
  conversation: "s",
  item,
  response_id: item["verbatim:response_id"],
  "verbatim:after": after,
});
const texts = (transcript) => transcript.entries.map((entry) => entry.text);
const talk = () => [message("u", "user", "hi", R), message("m", "assistant", "Hello", R)];

beforeEach(() => FakeStorage.install());

test("a first message is shown once, though its items come before the news of it", async () => {
  const { conversations } = begin({ items: talk().slice(0, 1) });
  const transcript = conversations.open("s");
  const stream_id = conversations.send(transcript, "hi", null);
  conversations.receive({ type: "response.created", sequence_number: 0, response, stream_id });
  await flushed();
  assert.deepEqual(texts(transcript), ["hi", ""]);
  conversations.receive(accepted(talk()[0], null));
  await flushed();
  assert.deepEqual(texts(transcript), ["hi", ""]);
});

test("news of another path bring the items of that one", async () => {
  const items = talk();
  const { conversations } = begin({ items });
  const transcript = conversations.open("s");
  await flushed();
  items[1] = message("n", "assistant", "Hey", R2);
  conversations.receive({ type: "verbatim:conversation.path", conversation: "s", message: "n" });
  await flushed();
  assert.deepEqual(texts(transcript), ["hi", "Hey"]);
});

test("an answer that another client deletes is not shown any more", async () => {
  const items = talk();
  const { conversations } = begin({ items });
  const transcript = conversations.open("s");
  await flushed();
  items.pop();
  conversations.receive({
    type: "verbatim:conversation.item_deleted",
    conversation: "s",
    item_id: "m",
    response_id: R,
  });
  await flushed();
  assert.deepEqual(texts(transcript), ["hi"]);
});

test("a question that another client puts elsewhere brings the items anew", async () => {
  const items = talk();
  const { conversations } = begin({ items });
  const transcript = conversations.open("s");
  await flushed();
  const edited = message("v", "user", "ho", R2);
  items.splice(0, 2, edited);
  conversations.receive(accepted(edited, null));
  assert.deepEqual(texts(transcript), ["ho"]);
  const last = message("x", "user", "and", R4);
  items.push(message("w", "assistant", "unheard", R3), last);
  conversations.receive(accepted(last, "w"));
  await flushed();
  assert.deepEqual(texts(transcript), ["ho", "unheard", "and"]);
});

test("items that were asked for before the news are asked for again", async () => {
  const { conversations } = begin();
  const held = [];
  conversations.api.items = () => new Promise((resolve) => held.push(resolve));
  const transcript = conversations.open("s");
  await flushed();
  conversations.receive(accepted(talk()[0], null));
  held[0]({ items: [message("old", "user", "what was before", R2)] });
  await flushed();
  held[1]({ items: talk() });
  await flushed();
  assert.deepEqual(texts(transcript), ["hi", "Hello"]);
});

test("nothing stands ahead of the first item of all, though what stood there before was read behind the news", async (context) => {
  const { conversations } = begin();
  const asked = [];
  context.mock.method(globalThis, "fetch", () => new Promise((resolve) => asked.push(resolve)));
  const answer = (items) => asked.shift()(Response.json({ data: items.toReversed(), has_more: false }));
  const api = new Api({ onUnauthorized: () => {} });
  conversations.api.items = (...args) => api.items(...args);
  const transcript = conversations.open("s");
  await flushed();
  const edited = message("v", "user", "edited", R2);
  conversations.receive(accepted(edited, null));
  answer(talk());
  await flushed();
  assert.deepEqual(texts(transcript), ["hi", "Hello", "edited"]);
  answer([edited]);
  await flushed();
  assert.deepEqual(texts(transcript), ["edited"]);
});

test("what is known to stand before the last items of a long conversation stays", async () => {
  const { conversations } = begin({ items: talk() });
  const transcript = conversations.open("s");
  await flushed();
  conversations.api.items = async () => ({ items: [talk()[1], message("v", "user", "more", R2)], hasMore: true });
  conversations.receive({ type: "verbatim:conversation.path", conversation: "s", message: "v" });
  await flushed();
  assert.deepEqual(texts(transcript), ["hi", "Hello", "more"]);
});

test("an edit that waits stands in its place, whatever is read meanwhile; taken back, it brings what was there", async () => {
  const items = [...talk(), message("v", "user", "and?", R2), message("n", "assistant", "Well", R2)];
  for (const [after, expected] of [
    [null, ["edited"]],
    ["m", ["hi", "Hello", "edited"]],
  ]) {
    const { conversations } = begin({ items });
    const transcript = conversations.open("s");
    await flushed();
    const messageId = conversations.send(transcript, "edited", null, after);
    conversations.receive({ type: "verbatim:conversation.attached", conversation: "s", response_id: null });
    await flushed();
    assert.deepEqual(texts(transcript), expected);
    conversations.withdraw(transcript, messageId);
    await flushed();
    assert.deepEqual(texts(transcript), ["hi", "Hello", "and?", "Well"]);
  }
});

test("what is shown does not give way to items that were asked for before the news", async () => {
  const { conversations } = begin({ items: talk() });
  const transcript = conversations.open("s");
  await flushed();
  const held = [];
  conversations.api.items = () => new Promise((resolve) => held.push(resolve));
  conversations.receive({ type: "verbatim:conversation.attached", conversation: "s", response_id: null });
  await flushed();
  const edited = message("v", "user", "edited", R2);
  conversations.receive(accepted(edited, null));
  held[0]({ items: talk() });
  await flushed();
  assert.deepEqual(texts(transcript), ["edited"]);
  held[1]({ items: [edited, message("n", "assistant", "Hey", R2)] });
  await flushed();
  assert.deepEqual(texts(transcript), ["edited", "Hey"]);
});
