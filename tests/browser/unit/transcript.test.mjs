import assert from "node:assert/strict";
import { test } from "node:test";
import { Transcript } from "../../../static/model/transcript.js";

const R1 = "resp_s_0000000000000001";
const R2 = "resp_s_0000000000000002";
const user = (id, text) => ({
  id,
  type: "message",
  role: "user",
  status: "completed",
  content: [{ type: "input_text", text }],
});
const assistant = (id, text, responseId, more = {}) => ({
  id,
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text }],
  "verbatim:response_id": responseId,
  ...more,
});
const created = { type: "response.created", sequence_number: 0, response: { status: "in_progress" } };
const added = (id) => ({ type: "response.output_item.added", sequence_number: 2, item: { id } });
const delta = (sequence_number, text) => ({ type: "response.output_text.delta", sequence_number, delta: text });
const completed = (text) => ({
  type: "response.completed",
  sequence_number: 99,
  response: { status: "completed", output: [{ type: "message", content: [{ text }] }] },
});
const texts = (transcript) => transcript.entries.map((entry) => `${entry.role}:${entry.text}`);

function begun() {
  const transcript = new Transcript("s");
  transcript.load([]);
  transcript.addPending("c1", "hi", null);
  transcript.acknowledge("c1", R1);
  for (const event of [created, added("m1"), delta(4, "He")]) transcript.apply(R1, event);
  return transcript;
}

test("a send is pending until its response is named", () => {
  const transcript = new Transcript("s");
  transcript.addPending("c1", "hi", null);
  assert.equal(transcript.unacknowledged.length, 1);
  transcript.acknowledge("c1", R1);
  assert.equal(transcript.unacknowledged.length, 0);
});

test("an answer stands right after its question, before those that still wait", () => {
  const transcript = begun();
  transcript.addPending("c2", "and then?", null);
  transcript.apply(R1, delta(5, "y"));
  assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey", "user:and then?"]);
  transcript.acknowledge("c2", R2);
  transcript.apply(R2, created);
  assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey", "user:and then?", "assistant:"]);
});

test("a message that both an item and an acknowledgement announce is shown once", () => {
  const transcript = new Transcript("s");
  transcript.addPending("c1", "hi", null);
  transcript.addItem(user("u1", "hi"), R1);
  transcript.acknowledge("c1", R1);
  assert.deepEqual(texts(transcript), ["user:hi"]);
  const other = new Transcript("s");
  other.addPending("c1", "hi", null);
  other.acknowledge("c1", R1);
  other.addItem(user("u1", "hi"), R1);
  assert.deepEqual(texts(other), ["user:hi"]);
});

test("stored items take the place of what was shown, which keeps its key", () => {
  const transcript = begun();
  const keys = transcript.entries.map((entry) => entry.key);
  transcript.apply(R1, completed("Hey"));
  transcript.beginAgain();
  transcript.load([user("u1", "hi"), assistant("m1", "Hey", R1)]);
  assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey"]);
  assert.deepEqual(
    transcript.entries.map((entry) => entry.key),
    keys,
  );
});

test("an answer that a crash cut short comes back from the items as interrupted", () => {
  const transcript = begun();
  transcript.beginAgain();
  const cut = assistant("m1", "He", R1, { status: "incomplete", "verbatim:reason": "interrupted" });
  transcript.load([user("u1", "hi"), cut]);
  assert.equal(transcript.running, null);
  assert.equal(transcript.entries.at(-1).reason, "interrupted");
});

test("an answer that is neither stored nor running any more counts as interrupted and keeps its text", () => {
  const transcript = begun();
  transcript.beginAgain();
  transcript.load([user("u1", "hi")], null);
  assert.equal(transcript.entries.at(-1).reason, "interrupted");
  assert.equal(transcript.entries.at(-1).text, "He");
});

test("a running answer survives a load that came before its end", () => {
  const transcript = begun();
  transcript.beginAgain();
  transcript.apply(R1, delta(5, "y"));
  transcript.load([user("u1", "hi")], R1);
  assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey"]);
  assert.equal(transcript.running.responseId, R1);
});

test("an answer that ended while the items were on their way stays", () => {
  const transcript = begun();
  transcript.apply(R1, completed("Hey"));
  transcript.load([user("u1", "hi")], R1);
  assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey"]);
  assert.equal(transcript.running, null);
});

test("items from a known one on leave the earlier ones in place", () => {
  const transcript = new Transcript("s");
  transcript.load([user("u1", "a"), assistant("m1", "b", R1), user("u2", "c")]);
  transcript.load([user("u2", "c"), assistant("m2", "d", R2)]);
  assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:c", "assistant:d"]);
});

test("a refused message stays, and can go out once more", () => {
  const transcript = new Transcript("s");
  transcript.addPending("c1", "hi", null);
  transcript.setRefusal("c1", "The queue is full.");
  assert.equal(transcript.unacknowledged.length, 0);
  assert.equal(transcript.entries[0].error, "The queue is full.");
  transcript.setRefusal("c1", null);
  assert.equal(transcript.unacknowledged.length, 1);
});

test("a pending send outlives any load", () => {
  const transcript = new Transcript("s");
  transcript.load([user("u1", "a")]);
  transcript.addPending("c1", "b", null);
  transcript.beginAgain();
  transcript.load([user("u1", "a"), assistant("m1", "x", R1)]);
  assert.deepEqual(texts(transcript), ["user:a", "assistant:x", "user:b"]);
});
