// What is asked for without words: another answer, or more of one. It waits like a message, and is asked once.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { hindrance } from "../../../static/model/possible.js";
import { begin, flushed, kept, R, types } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";

const R2 = "resp_s_0000000000000002";
const AGAIN = { "verbatim:after": "u" };
const MORE = { "verbatim:continue": R };
const created = (stream_id, metadata = {}) => ({
  type: "response.created",
  sequence_number: 0,
  response: { id: R2, status: "in_progress", metadata },
  stream_id,
});
const refusal = (stream_id, error) => ({ type: "error", status: 400, stream_id, error: { message: "no", ...error } });

beforeEach(() => FakeStorage.install());

async function talking(parts = begin()) {
  const transcript = parts.conversations.open("s");
  await flushed();
  parts.socket.sent.length = 0;
  return { ...parts, transcript };
}

const asked = (socket) =>
  socket.sent
    .filter(({ type }) => type === "response.create")
    .map(({ stream_id, input, metadata, "verbatim:after": after, "verbatim:continue": continued }) => ({
      stream_id,
      input,
      id: metadata.client_message_id,
      ...(after && { "verbatim:after": after }),
      ...(continued && { "verbatim:continue": continued }),
    }));

for (const place of [AGAIN, MORE]) {
  test(`what no connection has carried, ${Object.keys(place)}, goes out on the next under its own name`, async () => {
    const { conversations, socket, transcript } = await talking();
    const id = conversations.askAgain(transcript, place, "m");
    const frame = { stream_id: id, input: "", id, ...place };
    assert.deepEqual(asked(socket), [frame]);
    conversations.resume();
    assert.deepEqual(asked(socket), [frame, frame]);
    conversations.receive(created(id));
    conversations.resume();
    assert.equal(asked(socket).length, 2);
    assert.deepEqual([transcript.asks, await kept()], [[], []]);
  });
}

test("an answer that has begun says by its request's name that it was asked for", async () => {
  const { conversations, socket, transcript } = await talking();
  const id = conversations.askAgain(transcript, AGAIN);
  conversations.resume();
  conversations.receive(created(undefined, { client_message_id: id })); // as the conversation tells whoever attaches it
  conversations.resume();
  assert.equal(asked(socket).length, 2);
});

test("what was asked without a connection waits, outlives the page, and is asked by the next one", async () => {
  const before = await talking();
  before.socket.isOpen = false;
  const id = before.conversations.askAgain(before.transcript, MORE, null);
  assert.deepEqual(asked(before.socket), []);
  const after = begin();
  await after.outbox.open("");
  after.conversations.restore();
  after.conversations.restore(); // as after a login: nothing twice
  after.conversations.resume();
  assert.deepEqual(types(after.socket), ["verbatim:conversation.attach", "response.create"]);
  assert.deepEqual(asked(after.socket), [{ stream_id: id, input: "", id, ...MORE }]);
  assert.deepEqual(after.conversations.open("s").entries, [], "it is no message");
});

test("what another tab has asked meanwhile waits no more", async () => {
  const { conversations, outbox, socket, transcript } = await talking();
  socket.isOpen = false;
  const id = conversations.askAgain(transcript, AGAIN);
  outbox.dropSend(id); // as the outbox of a tab knows it that has looked
  conversations.restore();
  socket.isOpen = true;
  conversations.resume();
  assert.deepEqual(asked(socket), []);
});

test("what is refused is asked no more, and told with the server's reason", async () => {
  const { conversations, problems, socket, transcript } = await talking();
  const told = [];
  conversations.onProblem = (message, _, reason) => told.push([message, reason.code, reason.messageId]);
  const id = conversations.askAgain(transcript, MORE);
  conversations.receive(refusal(id, { code: "response_not_last" }));
  conversations.resume();
  assert.equal(asked(socket).length, 1);
  assert.deepEqual([told, problems, await kept()], [[["no", "response_not_last", id]], [], []]);
});

test("an answer that was deleted is not given once more", async () => {
  const { conversations, socket, transcript } = await talking();
  const id = conversations.askAgain(transcript, AGAIN);
  conversations.receive(refusal(id, { code: "response_not_found" }));
  await flushed();
  conversations.resume();
  assert.equal(asked(socket).length, 1);
});

test("a message that is written behind it follows it", async () => {
  const { conversations, socket, transcript } = await talking();
  const id = conversations.askAgain(transcript, AGAIN);
  const messageId = conversations.send(transcript, "and then?", null);
  assert.deepEqual(
    asked(socket).map((frame) => frame.id),
    [id],
  );
  conversations.receive(created(id));
  assert.deepEqual(
    asked(socket).map((frame) => frame.id),
    [id, messageId],
  );
});

test("while an answer is asked for, nothing else is asked for there", () => {
  const answer = { role: "assistant", itemId: "m", status: "completed", model: "x" };
  const state = { entries: [answer], isAsking: true, isConnected: true, cannotContinue: () => false };
  assert.equal(hindrance("regenerate", answer, state), "turn.notNow");
  assert.equal(hindrance("copy", answer, state), null);
});
