// What the acts on messages say to the server, and what follows from its news.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Acts } from "../../../static/acts.js";
import { begin, flushed, R } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";

const R2 = "resp_s_0000000000000002";
const message = (id, role, text, responseId, more = {}) => ({
  id,
  type: "message",
  role,
  status: "completed",
  content: [{ text }],
  "verbatim:response_id": responseId,
  "verbatim:model": "m",
  ...more,
});

beforeEach(() => FakeStorage.install());

async function talking(items, offered = []) {
  const { conversations, socket, problems } = begin({ items });
  const transcript = conversations.open("s");
  await flushed();
  socket.sent.length = 0;
  const said = [];
  const view = {
    scroller: { follow() {}, letGo() {} },
    sought: null,
    seek(...sought) {
      this.sought = sought;
    },
  };
  const page = {
    transcript,
    preferences: { model: "chosen", offered: (id) => offered.find((model) => model.id === id) },
    problem: (text) => said.push(text),
    send: (text, after, images) => Boolean(conversations.send(transcript, text, "chosen", after, images)),
  };
  const acts = new Acts();
  acts.connect({ api: conversations.api, socket, conversations, page, conversation: view, composer: { rest() {} } });
  return { acts, conversations, socket, transcript, said, problems, view };
}

const talk = () => [message("u", "user", "hi", R), message("m", "assistant", "Hello", R)];

test("another answer is asked for behind the question, by the model that is chosen now", async () => {
  const { acts, socket, transcript } = await talking(talk());
  acts.do("regenerate", transcript.entries[1]);
  const { conversation, input, model, "verbatim:after": after } = socket.sent[0];
  assert.deepEqual(
    { conversation, input, model, after },
    { conversation: "s", input: "", model: "chosen", after: "u" },
  );
});

test("an answer is continued by its response, and a model that cannot is known from then on", async () => {
  const items = talk();
  items[1] = { ...items[1], status: "incomplete", "verbatim:reason": "cancelled" };
  const { acts, conversations, socket, transcript } = await talking(items);
  acts.do("continue", transcript.entries[1]);
  const [frame] = socket.sent;
  assert.deepEqual([frame["verbatim:continue"], frame.input, frame.model], [R, "", undefined]);
  const refusal = { code: "unsupported_parameter", param: "verbatim:continue", messageId: frame.stream_id };
  assert.equal(acts.refused({ ...refusal, messageId: "another" }), null);
  assert.match(acts.refused(refusal), /cannot continue/);
  conversations.receive({ type: "error", status: 400, stream_id: frame.stream_id, error: { ...refusal, message: "" } });
  assert.match(acts.reasonFor("continue", transcript.entries[1]), /cannot continue/);
});

test("what the server says of its models says which can continue an answer", async () => {
  const reasonWith = async (...parameters) => {
    const { acts, transcript } = await talking(talk(), [{ id: "m", "verbatim:parameters": parameters }]);
    return acts.reasonFor("continue", transcript.entries[1]);
  };
  assert.equal(await reasonWith("tools", "verbatim:continue"), null);
  assert.match(await reasonWith("tools"), /cannot continue/);
});

test("an edited message goes out with the place of the one that it replaces, also a second time", async () => {
  const { acts, conversations, socket, transcript } = await talking(talk());
  assert.equal(acts.sendEdited(transcript.entries[0], "ho"), true);
  assert.deepEqual(
    transcript.entries.map(({ text }) => text),
    ["ho"],
  );
  assert.deepEqual([socket.sent[0].input, socket.sent[0]["verbatim:after"]], ["ho", null]);
  socket.sent.length = 0;
  conversations.resume();
  const again = socket.sent.find(({ type }) => type === "response.create");
  assert.deepEqual([again.input, again["verbatim:after"]], ["ho", null]);
});

test("an edited message that is taken back brings back what it stood in the place of", async () => {
  const { acts, conversations, transcript } = await talking(talk());
  acts.sendEdited(transcript.entries[0], "ho");
  conversations.withdraw(transcript, transcript.entries[0].messageId);
  await flushed();
  assert.deepEqual(
    transcript.entries.map(({ text }) => text),
    ["hi", "Hello"],
  );
});

test("an edited message is a version of the one whose place it took, once it is answered", async () => {
  const items = talk();
  const { acts, conversations, socket, transcript } = await talking(items);
  acts.sendEdited(transcript.entries[0], "ho");
  const stream_id = socket.sent[0].stream_id;
  const response = { id: R2, status: "completed", output: [{ id: "n", type: "message", content: [{ text: "Hey" }] }] };
  conversations.receive({ type: "response.created", sequence_number: 0, stream_id, response });
  items[0] = message("v", "user", "ho", R2, { "verbatim:alternatives": ["u", "v"] });
  items[1] = message("n", "assistant", "Hey", R2);
  conversations.receive({ type: "response.completed", sequence_number: 9, stream_id, response });
  await flushed();
  await flushed();
  assert.deepEqual(transcript.entries[0].alternatives, ["u", "v"]);
});

test("once an answer at the place of another has ended, the items say which versions there are", async () => {
  const items = talk();
  const { conversations, transcript } = await talking(items);
  const item = items[0];
  conversations.receive({
    type: "verbatim:conversation.item",
    conversation: "s",
    item,
    response_id: R2,
    "verbatim:after": null,
  });
  const response = { id: R2, status: "completed", output: [{ id: "n", type: "message", content: [{ text: "Hey" }] }] };
  conversations.receive({ type: "response.created", sequence_number: 0, response: { ...response, output: [] } });
  conversations.receive({ type: "response.output_item.added", sequence_number: 2, item: { id: "n" } });
  items[1] = message("n", "assistant", "Hey", R2, { "verbatim:alternatives": ["m", "n"] });
  conversations.receive({ type: "response.completed", sequence_number: 9, response });
  await flushed();
  await flushed();
  assert.deepEqual(transcript.entries.at(-1).alternatives, ["m", "n"]);
});

test("what is not possible is said, and the words stay", async () => {
  const { acts, socket, transcript, said } = await talking(talk());
  conversationsAnswering(transcript);
  assert.equal(acts.sendEdited(transcript.entries[0], "ho"), false);
  assert.match(said.at(-1), /once the answer is complete/);
  assert.equal(socket.sent.length, 0);
});

test("a step to another version seeks it, and its button has the focus then", async () => {
  const items = talk();
  items[1]["verbatim:alternatives"] = ["l", "m"];
  const { acts, transcript, view } = await talking(items);
  acts.do("previous", transcript.entries[1]);
  assert.deepEqual(view.sought, ["l", "previous"]);
});

function conversationsAnswering(transcript) {
  transcript.apply(R2, { type: "response.created", sequence_number: 0, response: { id: R2, status: "in_progress" } });
}
