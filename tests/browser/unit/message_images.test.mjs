import assert from "node:assert/strict";
import { test } from "node:test";
import { createFrame } from "../../../static/model/frame.js";
import { imagesOf } from "../../../static/model/message_images.js";
import { Outbox } from "../../../static/model/outbox.js";
import { Transcript } from "../../../static/model/transcript.js";
import { begin, flushed } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";
import { FakeStore } from "./fake_store.mjs";

const PIXEL = "data:image/png;base64,iVBORw0KGgo=";
const STORED = "/v1/conversations/s/images/a.png";

test("a message with images is sent as parts, one without them as text", () => {
  const entry = { messageId: "c1", text: "look", model: null };
  assert.equal(createFrame("s", { ...entry, images: [] }).input, "look");
  const [{ role, content }] = createFrame("s", { ...entry, images: [PIXEL] }).input;
  assert.equal(role, "user");
  assert.deepEqual(content, [
    { type: "input_text", text: "look" },
    { type: "input_image", image_url: PIXEL },
  ]);
  assert.equal(createFrame("s", { ...entry, text: "", images: [PIXEL] }).input[0].content.length, 1);
});

test("images are shown from this server or from their bytes, and from nowhere else", () => {
  const elsewhere = ["https://example.org/a.png", "//example.org/a.png", "javascript:alert(1)", "data:text/html,x", 7];
  const content = [STORED, PIXEL, ...elsewhere].map((image_url) => ({ type: "input_image", image_url }));
  assert.deepEqual(imagesOf({ content }), [STORED, PIXEL]);
  assert.deepEqual(imagesOf({ content: "text" }), []);
});

test("a stored message takes the place of the one that was sent, with its images", () => {
  const transcript = new Transcript("s");
  transcript.addPending("c1", "look", null, undefined, [PIXEL]);
  assert.deepEqual(transcript.entries[0].images, [PIXEL]);
  transcript.acknowledge("c1", "r1");
  const content = [
    { type: "input_text", text: "look" },
    { type: "input_image", image_url: STORED },
  ];
  transcript.load([{ type: "message", role: "user", id: "m1", content, "verbatim:response_id": "r1" }], "r1");
  assert.deepEqual(
    transcript.entries.map(({ text, images }) => [text, images]),
    [["look", [STORED]]],
  );
});

test("images outlive the page with their message, and are written again only when something has changed", async () => {
  FakeStorage.install();
  const store = new FakeStore();
  const outbox = new Outbox(store);
  await outbox.open("anna");
  outbox.keepSend("s", { messageId: "c1", text: "look", images: [PIXEL], model: null });
  await outbox.settled();
  const later = new Outbox(store);
  await later.open("anna");
  assert.deepEqual(later.sends[0].images, [PIXEL]);
  const writes = [];
  store.put = async (send) => void writes.push(send.images.length);
  later.keepSend("s", { messageId: "c1", text: "look", images: [PIXEL], model: null });
  await later.settled();
  assert.deepEqual(writes, []);
  later.keepSend("s", { messageId: "c1", text: "look", images: [PIXEL, PIXEL], model: null });
  await later.settled();
  assert.deepEqual(writes, [2]);
});

test("a message waits with its images where localStorage has no room for them", async () => {
  const storage = FakeStorage.install();
  storage.isBroken = true;
  const store = new FakeStore();
  const outbox = new Outbox(store);
  await outbox.open("anna");
  outbox.keepSend("s", { messageId: "c1", text: "look", images: [PIXEL], model: null });
  await outbox.settled();
  assert.ok(outbox.isKept);
  assert.deepEqual(store.sends.get("c1").images, [PIXEL]);
});

test("a new chat that begins with an image and without a connection is made, and sent, by the next page", async () => {
  FakeStorage.install();
  const before = begin();
  before.socket.isOpen = false;
  const transcript = new Transcript();
  before.conversations.begin(transcript, "s", { title: "T", title_source: "words" });
  before.conversations.send(transcript, "", null, undefined, [PIXEL]);
  const after = begin();
  after.api.createSession = async (_, id) => ({ id });
  await after.outbox.open("");
  after.conversations.restore();
  assert.deepEqual(after.conversations.open("s").entries[0].images, [PIXEL]);
  after.conversations.resume();
  await flushed();
  const said = after.socket.sent.filter(({ type }) => type === "response.create");
  assert.deepEqual(
    said.map(({ conversation, input }) => [conversation, input[0].content]),
    [["s", [{ type: "input_image", image_url: PIXEL }]]],
  );
});
