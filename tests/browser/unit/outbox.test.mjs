import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Outbox } from "../../../static/model/outbox.js";
import { FakeStorage } from "./fake_storage.mjs";

let storage;
const send = (messageId, text = messageId) => ({ messageId, text, model: null });
const texts = () => new Outbox().sends.map(({ text }) => text);

beforeEach(() => {
  storage = FakeStorage.install();
});

test("sends are kept in the order in which they were sent, whatever changes about them", () => {
  const outbox = new Outbox();
  for (const messageId of ["c", "a", "b"]) outbox.keepSend(null, send(messageId));
  outbox.keepSend("s", { ...send("a"), error: "refused" });
  assert.deepEqual(texts(), ["c", "a", "b"]);
  assert.deepEqual(
    outbox.sends.map(({ sessionId, error }) => [sessionId, error]),
    [
      [null, null],
      ["s", "refused"],
      [null, null],
    ],
  );
  outbox.dropSend("c");
  assert.deepEqual(texts(), ["a", "b"]);
});

test("each session has its draft, and an empty one is none", () => {
  const outbox = new Outbox();
  outbox.keepDraft("s", "half a");
  outbox.keepDraft(null, "new");
  assert.deepEqual([outbox.draftOf("s"), outbox.draftOf(null), outbox.draftOf("t")], ["half a", "new", ""]);
  outbox.keepDraft("s", "");
  outbox.keepDraft(null, "");
  assert.equal(storage.length, 0);
});

test("a session that is deleted takes its words along", () => {
  const outbox = new Outbox();
  outbox.keepDraft("s", "half a");
  outbox.keepSend("s", send("one"));
  outbox.keepSend("t", send("two"));
  outbox.dropSession("s");
  assert.equal(outbox.draftOf("s"), "");
  assert.deepEqual(texts(), ["two"]);
});

test("a message whose session was never made is a draft of the new chat again", () => {
  const outbox = new Outbox();
  outbox.keepDraft(null, "more");
  outbox.keepSend(null, send("one"));
  outbox.keepSend("s", send("two"));
  outbox.takeBackHomeless();
  assert.equal(outbox.draftOf(null), "more\n\none");
  assert.deepEqual(texts(), ["two"]);
});

test("one user does not see the words of another, and forgets only their own", () => {
  const [alice, bob] = [new Outbox(), new Outbox()];
  Object.assign(alice, { user: "alice" });
  Object.assign(bob, { user: "bob" });
  alice.keepDraft(null, "mine");
  alice.keepSend("s", send("one"));
  bob.keepDraft(null, "his");
  assert.deepEqual([bob.sends, bob.draftOf(null)], [[], "his"]);
  alice.clear();
  assert.deepEqual([alice.sends, alice.draftOf(null), bob.draftOf(null)], [[], "", "his"]);
});

test("there is an end to what is kept: the oldest goes first", () => {
  const outbox = new Outbox();
  for (let at = 0; at < 120; at += 1) {
    outbox.keepSend("s", send(`m${at}`));
    outbox.keepDraft(`s${at}`, "a draft");
  }
  assert.equal(outbox.sends.length, 100);
  assert.equal(outbox.sends[0].messageId, "m20");
  assert.equal(storage.length, 150);
});

test("what is broken, or not ours, is passed over", () => {
  const outbox = new Outbox();
  storage.setItem("verbatim.send..x", "{");
  outbox.keepSend("s", send("one"));
  assert.deepEqual(texts(), ["one"]);
  storage.isBroken = true;
  outbox.keepDraft("s", "half a");
  outbox.dropSession("s");
  outbox.clear();
  assert.deepEqual([outbox.sends, outbox.draftOf("s")], [[], ""]);
});
