import assert from "node:assert/strict";
import { test } from "node:test";
import { noteOf } from "../../../static/model/response.js";
import { Transcript } from "../../../static/model/transcript.js";

const R1 = "resp_s_0000000000000001";
const R2 = "resp_s_0000000000000002";
const R3 = "resp_s_0000000000000003";
const user = (id, text, responseId) => ({
  id,
  type: "message",
  role: "user",
  status: "completed",
  content: [{ type: "input_text", text }],
  ...(responseId ? { "verbatim:response_id": responseId } : {}),
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
const part = (text) => ({ type: "response.content_part.added", sequence_number: 3, part: { text } });
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
  transcript.addItem(user("u1", "hi", R1), R1, null);
  transcript.acknowledge("c1", R1);
  assert.deepEqual(texts(transcript), ["user:hi"]);
  const other = new Transcript("s");
  other.addPending("c1", "hi", null);
  other.acknowledge("c1", R1);
  other.addItem(user("u1", "hi", R1), R1, null);
  assert.deepEqual(texts(other), ["user:hi"]);
});

test("the acknowledgement, the item and the stored items say the same message, in whatever order they come", () => {
  const told = {
    event: (transcript) => {
      transcript.acknowledge("c1", R1);
      for (const event of [created, added("m1"), delta(4, "He")]) transcript.apply(R1, event);
    },
    item: (transcript) => transcript.addItem(user("u1", "hi", R1), R1, null),
    asked: (transcript) => transcript.load([user("u1", "hi", R1)]),
    empty: (transcript) => transcript.load([]),
  };
  for (const order of orders(Object.keys(told))) {
    const transcript = new Transcript("s");
    transcript.addPending("c1", "hi", null);
    for (const name of order) told[name](transcript);
    transcript.load([user("u1", "hi", R1)], R1);
    assert.deepEqual(texts(transcript), ["user:hi", "assistant:He"], order.join());
    transcript.apply(R1, completed("Hey"));
    transcript.load([user("u1", "hi", R1), assistant("m1", "Hey", R1)]);
    assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey"], order.join());
  }
});

test("a message that has no name yet gets it from its item, though the stored one names no response", () => {
  const transcript = new Transcript("s");
  transcript.addPending("c1", "hi", null);
  transcript.acknowledge("c1", R1);
  transcript.load([user("u1", "hi")]);
  transcript.addItem(user("u1", "hi"), R1, null);
  assert.deepEqual(texts(transcript), ["user:hi"]);
});

test("the question of the response that runs by now is not taken for that of the one that ran before", () => {
  const transcript = begun();
  transcript.addPending("c2", "and?", null);
  transcript.load([user("u1", "hi", R1), assistant("m1", "Hey", R1), user("u2", "and?", R2)], R1);
  transcript.acknowledge("c2", R2);
  assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey", "user:and?"]);
});

test("stored items take the place of what was shown, which keeps its key", () => {
  const transcript = begun();
  const keys = transcript.entries.map((entry) => entry.key);
  transcript.apply(R1, completed("Hey"));
  transcript.beginAgain();
  transcript.load([user("u1", "hi", R1), assistant("m1", "Hey", R1)]);
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
  transcript.load([user("u1", "hi", R1), cut]);
  assert.equal(transcript.running, null);
  assert.equal(transcript.entries.at(-1).reason, "interrupted");
});

test("an answer that is neither stored nor running any more counts as interrupted and keeps its text", () => {
  const transcript = begun();
  transcript.beginAgain();
  transcript.load([user("u1", "hi", R1)], null);
  assert.equal(transcript.entries.at(-1).reason, "interrupted");
  assert.equal(transcript.entries.at(-1).text, "He");
});

test("a running answer survives a load that came before its end", () => {
  const transcript = begun();
  transcript.beginAgain();
  transcript.apply(R1, delta(5, "y"));
  transcript.load([user("u1", "hi", R1)], R1);
  assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey"]);
  assert.equal(transcript.running.responseId, R1);
});

test("an answer that ended while the items were on their way stays", () => {
  const transcript = begun();
  transcript.apply(R1, completed("Hey"));
  transcript.load([user("u1", "hi", R1)], R1);
  assert.deepEqual(texts(transcript), ["user:hi", "assistant:Hey"]);
  assert.equal(transcript.running, null);
});

test("items from a known one on leave the earlier ones in place", () => {
  const transcript = new Transcript("s");
  transcript.load([user("u1", "a"), assistant("m1", "b", R1), user("u2", "c")]);
  transcript.load([user("u2", "c"), assistant("m2", "d", R2)], null, true);
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

const talk = [user("u1", "a", R1), assistant("m1", "b", R1), user("u2", "c", R2), assistant("m2", "d", R2)];

function talked() {
  const transcript = new Transcript("s");
  transcript.load(talk);
  return transcript;
}

test("a question behind the last message changes nothing of what is shown", () => {
  const transcript = talked();
  assert.equal(transcript.addItem(user("u3", "e", R3), R3, "m2"), false);
  assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:c", "assistant:d", "user:e"]);
});

test("a question in the place of another takes what stood there off the path; what waits to be sent stays", () => {
  const transcript = talked();
  transcript.addPending("c9", "later", null);
  assert.equal(transcript.addItem(user("u3", "C", R3), R3, "m1"), true);
  transcript.apply(R3, created);
  assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:C", "assistant:", "user:later"]);
  transcript.load([talk[0], talk[1], user("u3", "C", R3)], R3);
  assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:C", "assistant:", "user:later"]);
});

test("another beginning takes all off the path", () => {
  const transcript = talked();
  assert.equal(transcript.addItem(user("u3", "A", R3), R3, null), true);
  assert.deepEqual(texts(transcript), ["user:A"]);
});

test("a question that is answered once more loses its former answer, and what stood behind that", () => {
  const transcript = talked();
  assert.equal(transcript.addItem(user("u1", "a", R3), R3, null), true);
  for (const event of [created, added("m3"), delta(4, "B")]) transcript.apply(R3, event);
  assert.deepEqual(texts(transcript), ["user:a", "assistant:B"]);
  transcript.load([user("u1", "a", R3), assistant("m3", "B", R3)]);
  assert.deepEqual(texts(transcript), ["user:a", "assistant:B"]);
});

test("a question behind a message that is not known is shown, and the items are asked for", () => {
  const transcript = talked();
  assert.equal(transcript.addItem(user("u9", "e", R3), R3, "m8"), true);
  assert.equal(transcript.entries.at(-1).text, "e");
});

test("news that come late take nothing away that is still being said", () => {
  const transcript = talked();
  transcript.addPending("c3", "e", null);
  transcript.acknowledge("c3", R3);
  transcript.apply(R3, created);
  transcript.addItem(talk[2], R2, "m1");
  assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:c", "assistant:d", "user:e", "assistant:"]);
});

test("another path is what the items say, though the one that was left was heard word by word", () => {
  const transcript = begun();
  transcript.addItem(user("u1", "hi", R1), R1, null);
  transcript.apply(R1, completed("Hey"));
  transcript.leavePath();
  transcript.load([user("u0", "before", R2), assistant("m0", "yes", R2)]);
  assert.deepEqual(texts(transcript), ["user:before", "assistant:yes"]);
});

test("an answer that is gone on with is one message: the text that was there, and what is new", () => {
  const cut = assistant("m2", "d", R2, { status: "incomplete", "verbatim:reason": "cancelled" });
  const goOn = [created, added("m2"), part("d"), delta(4, "e")];
  const tell = (transcript) => transcript.addItem(user("u2", "c", R3), R3, "m1");
  const begin = (transcript) => {
    for (const event of goOn) transcript.apply(R3, event);
  };
  for (const acts of [
    [tell, begin],
    [begin, tell],
  ]) {
    const transcript = new Transcript("s");
    transcript.load([...talk.slice(0, 3), cut]);
    for (const act of acts) act(transcript);
    assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:c", "assistant:de"]);
    transcript.load([...talk.slice(0, 3), cut]); // asked for before it went on
    assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:c", "assistant:de"]);
    transcript.load([...talk.slice(0, 2), user("u2", "c", R3)], R3);
    assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:c", "assistant:de"]);
    transcript.apply(R3, completed("def"));
    transcript.load([...talk.slice(0, 2), user("u2", "c", R3), assistant("m2", "def", R3)]);
    assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:c", "assistant:def"]);
  }
});

test("the former response gives its message up as soon as it is gone on with", () => {
  const transcript = talked();
  for (const event of [created, added("m2"), part("d")]) transcript.apply(R3, event);
  assert.deepEqual(texts(transcript), ["user:a", "assistant:b", "user:c", "assistant:d"]);
  assert.equal(transcript.running.responseId, R3);
});

function orders(names) {
  if (names.length === 0) return [[]];
  return names.flatMap((name) => orders(names.filter((other) => other !== name)).map((rest) => [name, ...rest]));
}

test("a stored answer that failed says why, also to who has not seen it fail", () => {
  const transcript = new Transcript("s");
  const why = {
    status: "incomplete",
    "verbatim:reason": "failed",
    "verbatim:error": { code: "c", message: "No model." },
  };
  transcript.load([user("u1", "hi", R1), assistant("m1", "He", R1, why)]);
  assert.equal(noteOf(transcript.entries[1]).text, "No model.");
});
