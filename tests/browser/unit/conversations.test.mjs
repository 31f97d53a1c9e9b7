import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { begin, flushed, kept, R, response, types } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";

beforeEach(() => FakeStorage.install());

async function answering(conversations, socket) {
  const transcript = conversations.open("s");
  await flushed();
  const messageId = conversations.send(transcript, "hi", null);
  const stream = { stream_id: messageId };
  conversations.receive({ type: "response.created", sequence_number: 0, response, ...stream });
  conversations.receive({ type: "response.output_item.added", sequence_number: 2, item: { id: "m" }, ...stream });
  conversations.receive({
    type: "response.output_text.delta",
    sequence_number: 7,
    item_id: "m",
    delta: "Hel",
    ...stream,
  });
  socket.sent.length = 0;
  return transcript;
}

test("a send names its conversation and carries its id", async () => {
  const { conversations, socket } = begin();
  const transcript = conversations.open("s");
  const messageId = conversations.send(transcript, "hi", "m");
  assert.deepEqual(types(socket), ["verbatim:conversation.attach", "response.create"]);
  const { conversation, input, model, metadata } = socket.sent[1];
  assert.deepEqual({ conversation, input, model }, { conversation: "s", input: "hi", model: "m" });
  assert.equal(metadata.client_message_id, messageId);
});

test("a new connection names the cursor of the running response before it attaches the conversation", async () => {
  const { conversations, socket } = begin();
  await answering(conversations, socket);
  conversations.resume();
  assert.deepEqual(types(socket), ["verbatim:response.attach", "verbatim:conversation.attach"]);
  assert.equal(socket.sent[0].response_id, R);
  assert.equal(socket.sent[0].starting_after, 7);
});

test("what goes on after the cursor is added to the text, though the item has no name on the new connection", async () => {
  const { conversations, socket } = begin();
  const transcript = await answering(conversations, socket);
  conversations.resume();
  const { stream_id } = socket.sent[0];
  conversations.receive({
    type: "response.output_text.delta",
    sequence_number: 9,
    item_id: "other",
    delta: "lo",
    stream_id,
  });
  assert.equal(transcript.entries.at(-1).text, "Hello");
});

test("sends without an acknowledgement go out again, with the same id; refused ones do not", async () => {
  const { conversations, socket } = begin();
  const transcript = conversations.open("s");
  const first = conversations.send(transcript, "one", null);
  const second = conversations.send(transcript, "two", null);
  const error = { code: "storage_full", message: "The disk is full." };
  conversations.receive({ type: "error", status: 507, stream_id: second, error });
  socket.sent.length = 0;
  conversations.resume();
  const again = socket.sent.filter((frame) => frame.type === "response.create");
  assert.deepEqual(
    again.map((frame) => frame.metadata.client_message_id),
    [first],
  );
});

test("a refusal is said and can be tried again with the same id", async () => {
  const { conversations, socket, problems } = begin();
  const transcript = conversations.open("s");
  const messageId = conversations.send(transcript, "one", null);
  const error = { code: "storage_full", message: "The disk is full." };
  conversations.receive({ type: "error", status: 507, stream_id: messageId, error });
  assert.deepEqual(problems, ["The disk is full."]);
  assert.equal(transcript.entries[0].error, "The disk is full.");
  conversations.sendAgain(transcript, messageId);
  assert.equal(socket.sent.at(-1).metadata.client_message_id, messageId);
});

test("a server that shuts down refuses nothing for good", async () => {
  const { conversations, problems } = begin();
  const transcript = conversations.open("s");
  const messageId = conversations.send(transcript, "one", null);
  const error = { code: "shutting_down", message: "The server restarts." };
  conversations.receive({ type: "error", status: 503, stream_id: messageId, error });
  assert.deepEqual(problems, []);
  assert.equal(transcript.unacknowledged.length, 1);
});

test("conversations that nobody looks at and nobody waits for are let go with the connection", async () => {
  const { conversations, socket } = begin();
  conversations.open("a");
  conversations.open("b");
  await flushed();
  socket.sent.length = 0;
  conversations.resume();
  assert.deepEqual(
    socket.sent.map((frame) => frame.conversation),
    ["b"],
  );
});

test("a conversation that is opened again is not attached again", async () => {
  const { conversations, socket } = begin();
  conversations.open("a");
  conversations.open("b");
  conversations.open("a");
  assert.deepEqual(
    socket.sent.map((frame) => frame.conversation),
    ["a", "b"],
  );
});

test("a response that is not found any more brings the items back", async () => {
  const cut = {
    id: "m",
    type: "message",
    role: "assistant",
    status: "incomplete",
    content: [{ type: "output_text", text: "Hel" }],
    "verbatim:response_id": R,
    "verbatim:reason": "interrupted",
  };
  const items = [];
  const { conversations, socket } = begin({ items });
  const transcript = await answering(conversations, socket);
  items.push(cut);
  conversations.resume();
  conversations.receive({ type: "error", status: 404, error: { code: "response_not_found", message: "" } });
  await flushed();
  assert.equal(transcript.entries.at(-1).reason, "interrupted");
  assert.equal(transcript.running, null);
});

test("a conversation that is not found any more is told as deleted", async () => {
  const { conversations, news } = begin();
  const transcript = conversations.open("s");
  await flushed();
  conversations.api.items = async () => {
    throw Object.assign(new Error("no such conversation"), { status: 404 });
  };
  conversations.resume();
  const messageId = conversations.send(transcript, "hello?", null);
  const error = { code: "conversation_not_found", message: "" };
  conversations.receive({ type: "error", status: 404, stream_id: messageId, error });
  await flushed();
  assert.deepEqual(news, [{ type: "verbatim:conversation.deleted", conversation: "s" }]);
});

test("stop goes over the socket, or over HTTP while it is away", async () => {
  const { conversations, socket } = begin();
  const transcript = await answering(conversations, socket);
  await conversations.stop(transcript);
  assert.deepEqual(socket.sent, [{ type: "response.cancel", response_id: R }]);
  const cancelled = [];
  conversations.api.cancel = async (responseId) => cancelled.push(responseId);
  socket.isOpen = false;
  await conversations.stop(transcript);
  assert.deepEqual(cancelled, [R]);
});

test("a close over the size of a frame refuses the largest message, and the others go out again", async () => {
  const { conversations, socket, problems } = begin();
  const transcript = conversations.open("s");
  conversations.send(transcript, "small", null);
  const large = conversations.send(transcript, "é".repeat(900), null);
  conversations.send(transcript, "small too".repeat(100), null);
  conversations.refuseLargest();
  assert.match(problems[0], /takes no message of [12],\d\d\d bytes/);
  assert.equal(transcript.entries[1].error, problems[0]);
  assert.equal(transcript.entries[1].text, "é".repeat(900));
  socket.sent.length = 0;
  conversations.resume();
  const again = () => socket.sent.filter((frame) => frame.type === "response.create");
  assert.equal(again().length, 1);
  conversations.receive({ type: "response.created", sequence_number: 0, response, stream_id: again()[0].stream_id });
  assert.equal(again().length, 2);
  assert.ok(again().every((frame) => frame.stream_id !== large));
});

test("what is larger than the server takes is refused before it is sent, counted in bytes", async () => {
  const { conversations, socket } = begin();
  conversations.maxFrameBytes = 1_000;
  const transcript = conversations.open("s");
  assert.equal(conversations.problemWith(transcript, "e".repeat(600), null), null);
  assert.match(conversations.problemWith(transcript, "é".repeat(600), null), /at most 1,000 bytes/);
  const messageId = conversations.send(transcript, "é".repeat(600), null);
  conversations.refuseLargest();
  socket.sent.length = 0;
  conversations.sendAgain(transcript, messageId);
  assert.deepEqual(socket.sent, []);
  assert.match(transcript.entries[0].error, /at most 1,000 bytes/);
});

const accepted = (stream_id) => ({ type: "response.created", sequence_number: 0, response, stream_id });

test("sends that an earlier page could not deliver go out with their id, until one tab hears of them", async () => {
  const before = begin();
  before.socket.isOpen = false;
  const transcript = before.conversations.open("s");
  const messageId = before.conversations.send(transcript, "into the dark", "m");
  const after = begin();
  await after.outbox.open("");
  after.conversations.restore();
  after.conversations.restore(); // as after a login: nothing twice
  const { entries } = after.conversations.open("s");
  assert.deepEqual(
    entries.map((entry) => [entry.text, entry.pending]),
    [["into the dark", true]],
  );
  after.conversations.resume();
  const created = after.socket.sent.filter((frame) => frame.type === "response.create");
  assert.deepEqual(
    created.map(({ stream_id, input, model, conversation }) => [stream_id, input, model, conversation]),
    [[messageId, "into the dark", "m", "s"]],
  );
  before.conversations.receive(accepted(messageId));
  assert.deepEqual(await kept(), []);
});

test("a refused message is there after a reload as refused, and goes when it is taken back", async () => {
  const before = begin();
  const messageId = before.conversations.send(before.conversations.open("s"), "one", null);
  const error = { code: "storage_full", message: "The disk is full." };
  before.conversations.receive({ type: "error", status: 507, stream_id: messageId, error });
  const after = begin();
  await after.outbox.open("");
  after.conversations.restore();
  const transcript = after.conversations.open("s");
  assert.equal(transcript.entries[0].error, "The disk is full.");
  after.conversations.resume();
  assert.ok(!types(after.socket).includes("response.create"));
  after.conversations.withdraw(transcript, messageId);
  assert.deepEqual([transcript.entries, await kept()], [[], []]);
});

test("what waited to be said in a session goes with it", async () => {
  const { conversations } = begin();
  conversations.send(conversations.open("s"), "one", null);
  conversations.send(conversations.open("t"), "two", null);
  conversations.receive({ type: "verbatim:conversation.deleted", conversation: "s" });
  assert.deepEqual(
    (await kept()).map((send) => send.text),
    ["two"],
  );
});

test("a message whose answer was deleted is not asked again", async () => {
  const { conversations, socket } = begin();
  const transcript = conversations.open("s");
  const messageId = conversations.send(transcript, "one", null);
  const error = { code: "response_not_found", message: "" };
  conversations.receive({ type: "error", status: 404, stream_id: messageId, error });
  await flushed();
  socket.sent.length = 0;
  conversations.resume();
  assert.deepEqual(types(socket), ["verbatim:conversation.attach"]);
  assert.deepEqual(await kept(), []);
});

test("storage that throws keeps nothing and stops nothing", () => {
  FakeStorage.install().isBroken = true;
  const { conversations, socket } = begin();
  const messageId = conversations.send(conversations.open("s"), "one", null);
  conversations.receive(accepted(messageId));
  assert.equal(socket.sent.at(-1).stream_id, messageId);
});

test("what a program ran is not shown as a message; the answer to it is", async () => {
  const part = { content: [{ type: "output_text", text: "It rains." }] };
  const items = [
    { id: "m", type: "message", role: "assistant", status: "completed", "verbatim:response_id": R, ...part },
  ];
  const { conversations } = begin({ items: [] });
  const transcript = conversations.open("s");
  await flushed();
  const given = { id: "msg_t", type: "function_call_output", call_id: "c1", output: "rain" };
  items.unshift(given);
  const told = { conversation: "s", item: given, response_id: R, "verbatim:after": null };
  conversations.api.items = async () => ({ items });
  conversations.receive({ type: "verbatim:conversation.item", sequence_number: 1, ...told });
  await flushed();
  assert.deepEqual(
    transcript.entries.map(({ role, text }) => [role, text]),
    [["assistant", "It rains."]],
  );
});
