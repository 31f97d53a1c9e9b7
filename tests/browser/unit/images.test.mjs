import assert from "node:assert/strict";
import { test } from "node:test";
import { createFrame } from "../../../static/model/frame.js";
import { imagesOf } from "../../../static/model/images.js";
import { Outbox } from "../../../static/model/outbox.js";
import { Transcript } from "../../../static/model/transcript.js";
import { FakeStorage } from "./fake_storage.mjs";

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
  transcript.addPending("c1", "look", null, [PIXEL]);
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

test("images outlive the page with their message; where there is no room for them, the words do", () => {
  const storage = FakeStorage.install();
  const outbox = new Outbox();
  const entry = { messageId: "c1", text: "look", images: [PIXEL], model: null };
  outbox.keepSend("s", entry);
  assert.deepEqual(outbox.sends[0].images, [PIXEL]);
  assert.equal(outbox.sends[0].error, null);
  const { setItem } = storage;
  storage.setItem = (key, value) => {
    if (value.includes(PIXEL)) throw new Error("QuotaExceededError");
    setItem(key, value);
  };
  outbox.keepSend("s", { ...entry, messageId: "c2" });
  const kept = outbox.sends.find(({ messageId }) => messageId === "c2");
  assert.equal(kept.text, "look");
  assert.match(kept.error, /added again/);
});
