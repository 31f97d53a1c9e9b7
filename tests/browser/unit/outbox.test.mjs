import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Outbox } from "../../../static/model/outbox.js";
import { FakeStorage } from "./fake_storage.mjs";
import { FakeStore } from "./fake_store.mjs";

let storage;
let store;
const send = (messageId, text = messageId) => ({ messageId, text, model: null });
const keys = () => Array.from({ length: storage.length }, (_, at) => storage.key(at));

async function opened(user = "") {
  const outbox = new Outbox(store);
  await outbox.open(user);
  return outbox;
}

const texts = async () => (await opened()).sends.map(({ text }) => text);

beforeEach(() => {
  storage = FakeStorage.install();
  store = new FakeStore();
});

test("sends are kept in the order in which they were sent, whatever changes about them", async () => {
  const outbox = await opened();
  for (const messageId of ["c", "a", "b"]) outbox.keepSend("t", send(messageId));
  outbox.keepSend("s", { ...send("a"), error: "refused" });
  await outbox.settled();
  assert.deepEqual(await texts(), ["c", "a", "b"]);
  const found = (await opened()).sends;
  assert.deepEqual(
    found.map(({ sessionId, error }) => [sessionId, error]),
    [
      ["t", null],
      ["s", "refused"],
      ["t", null],
    ],
  );
  assert.equal(outbox.waiting, 2);
  outbox.dropSend("c");
  await outbox.settled();
  assert.deepEqual(await texts(), ["a", "b"]);
});

test("a send stands in localStorage at once, and leaves it once it is in the database", async () => {
  const outbox = await opened();
  store.hold();
  outbox.keepSend("s", send("one"));
  assert.deepEqual(keys(), ["verbatim.send..one"]);
  assert.deepEqual([...store.sends.keys()], []);
  store.release();
  await outbox.settled();
  assert.deepEqual(keys(), []);
  assert.deepEqual([...store.sends.keys()], ["one"]);
});

test("what was changed while it was written is written again, and stands in localStorage until then", async () => {
  const outbox = await opened();
  store.hold();
  outbox.keepSend("s", send("one"));
  outbox.keepSend("s", { ...send("one"), error: "refused" });
  store.release(1);
  await new Promise(setImmediate);
  assert.equal(keys().length, 1);
  store.release();
  await outbox.settled();
  assert.deepEqual(keys(), []);
  assert.equal(store.sends.get("one").error, "refused");
});

test("what a page without a database, or a crash, has left in localStorage is taken over once", async () => {
  const former = { messageId: "old", sessionId: "s", text: "old words", model: "m", error: null, at: 5 };
  storage.setItem("verbatim.send.anna.old", JSON.stringify(former));
  const [one, two] = await Promise.all([opened("anna"), opened("anna")]);
  await Promise.all([one.settled(), two.settled()]);
  for (const outbox of [one, two, await opened("anna")]) {
    assert.deepEqual(
      outbox.sends.map(({ messageId, text, at }) => [messageId, text, at]),
      [["old", "old words", 5]],
    );
  }
  assert.deepEqual(keys(), []);
  assert.equal(store.sends.get("old").user, "anna");
});

test("without a database everything stands in localStorage, and without either it is said", async () => {
  store.isBroken = true;
  const outbox = await opened();
  outbox.keepSend("s", send("one"));
  await outbox.settled();
  assert.deepEqual([await texts(), outbox.isKept], [["one"], true]);
  storage.isBroken = true;
  outbox.keepSend("s", send("two"));
  outbox.keepDraft("s", "half a");
  await outbox.refresh();
  assert.equal(outbox.isKept, false);
  assert.deepEqual(
    outbox.sends.map(({ text }) => text),
    ["one", "two"],
  );
  outbox.dropSend("two");
  await outbox.settled();
  assert.equal(outbox.isKept, true);
});

test("a database alone is enough", async () => {
  storage.isBroken = true;
  const outbox = await opened();
  outbox.keepSend("s", send("one"));
  assert.equal(outbox.isKept, false);
  await outbox.settled();
  assert.deepEqual([await texts(), outbox.isKept], [["one"], true]);
});

test("two tabs see what the other has left and delivered, as soon as they look", async () => {
  const [one, two] = [await opened(), await opened()];
  one.keepSend("s", send("one"));
  await one.settled();
  await two.refresh();
  assert.ok(two.has("one"));
  two.dropSend("one");
  await two.settled();
  assert.ok(one.has("one"));
  await one.refresh();
  assert.ok(!one.has("one"));
});

test("a database that does not answer once is not an empty one", async () => {
  const outbox = await opened();
  outbox.keepSend("s", send("one"));
  await outbox.settled();
  store.isBroken = true;
  await outbox.refresh();
  assert.ok(outbox.has("one"));
  store.isBroken = false;
  await outbox.refresh();
  assert.ok(outbox.has("one"));
});

test("what is written or dropped while the outbox is read stays as it is", async () => {
  const outbox = await opened();
  outbox.keepSend("s", send("dropped"));
  await outbox.settled();
  store.hold();
  const look = outbox.refresh();
  await new Promise(setImmediate); // it reads
  outbox.keepSend("s", send("written"));
  outbox.dropSend("dropped");
  store.release();
  await look;
  assert.deepEqual([outbox.has("written"), outbox.has("dropped")], [true, false]);
  await outbox.settled();
  assert.deepEqual(await texts(), ["written"]);
});

test("a session that is still to be made is known by its first message", async () => {
  const outbox = await opened();
  outbox.keepSend("s", { ...send("one"), begins: { title: "One" } });
  outbox.keepSend("s", { ...send("two"), begins: { title: "One" } });
  outbox.keepSend("t", send("three"));
  assert.deepEqual(
    outbox.unmade.map(({ id, metadata }) => [id, metadata]),
    [["s", { title: "One" }]],
  );
  for (const messageId of ["one", "two"]) outbox.keepSend("s", send(messageId));
  assert.deepEqual(outbox.unmade, []);
});

test("each session has its draft, and an empty one is none", async () => {
  const outbox = await opened();
  outbox.keepDraft("s", "half a");
  outbox.keepDraft(null, "new");
  assert.deepEqual([outbox.draftOf("s"), outbox.draftOf(null), outbox.draftOf("t")], ["half a", "new", ""]);
  outbox.keepDraft("s", "");
  outbox.keepDraft(null, "");
  assert.equal(storage.length, 0);
});

test("a session that is deleted takes its words along", async () => {
  const outbox = await opened();
  outbox.keepDraft("s", "half a");
  outbox.keepSend("s", send("one"));
  outbox.keepSend("t", send("two"));
  outbox.dropSession("s");
  await outbox.settled();
  assert.equal(outbox.draftOf("s"), "");
  assert.deepEqual(await texts(), ["two"]);
});

test("a message of a former page whose session was never made is a draft of the new chat again", async () => {
  const former = { messageId: "one", sessionId: null, text: "one", model: null, error: null, at: 5 };
  storage.setItem("verbatim.send..one", JSON.stringify(former));
  const outbox = await opened();
  outbox.keepDraft(null, "more");
  outbox.keepSend("s", send("two"));
  outbox.takeBackHomeless();
  await outbox.settled();
  assert.equal(outbox.draftOf(null), "more\n\none");
  assert.deepEqual(await texts(), ["two"]);
});

test("one user does not see the words of another, and forgets only their own", async () => {
  const [alice, bob] = [await opened("alice"), await opened("bob")];
  alice.keepDraft(null, "mine");
  alice.keepSend("s", send("one"));
  bob.keepDraft(null, "his");
  bob.keepSend("s", send("two"));
  await alice.settled();
  await bob.refresh();
  assert.deepEqual([bob.sends.map(({ text }) => text), bob.draftOf(null)], [["two"], "his"]);
  await alice.clear();
  assert.deepEqual([alice.sends, alice.draftOf(null), bob.draftOf(null)], [[], "", "his"]);
  await alice.open("bob");
  assert.deepEqual(
    alice.sends.map(({ text }) => text),
    ["two"],
  );
});

test("drafts have an end, the oldest goes first; messages that wait have none", async () => {
  const outbox = await opened();
  for (let at = 0; at < 120; at += 1) {
    outbox.keepSend("s", send(`m${at}`));
    outbox.keepDraft(`s${at}`, "a draft");
  }
  await outbox.settled();
  assert.equal((await opened()).sends.length, 120);
  assert.equal(storage.length, 50);
});

test("what is broken, or not ours, is passed over", async () => {
  for (const [at, text] of ["{", "1", "{}", "[]", '{"messageId":7}'].entries()) {
    storage.setItem(`verbatim.send..x${at}`, text);
  }
  const outbox = await opened();
  outbox.keepSend("s", send("one"));
  await outbox.settled();
  assert.deepEqual(await texts(), ["one"]);
  storage.isBroken = true;
  outbox.keepDraft("s", "half a");
  outbox.dropSession("s");
  await outbox.clear();
  assert.deepEqual([outbox.sends, outbox.draftOf("s")], [[], ""]);
});

test("what is chosen for the new chat is kept, by user, until nothing is chosen any more", async () => {
  const outbox = await opened("anna");
  outbox.chosen = { model: "m" };
  assert.deepEqual((await opened("anna")).chosen, { model: "m" });
  assert.deepEqual((await opened("bob")).chosen, {});
  outbox.chosen = {};
  assert.deepEqual([(await opened("anna")).chosen, keys()], [{}, []]);
  outbox.chosen = { model: "m" };
  await outbox.clear();
  assert.deepEqual([outbox.chosen, keys()], [{}, []]);
});

test("what is chosen lives as long as the page where it cannot be kept, and what is not ours is passed over", async () => {
  const outbox = await opened();
  for (const text of ["{", "null", "7", "[1]", '"x"']) {
    storage.setItem("verbatim.chosen..", text);
    assert.deepEqual(outbox.chosen, {}, text);
  }
  storage.isBroken = true;
  outbox.chosen = { model: "m" };
  assert.deepEqual(outbox.chosen, { model: "m" });
  await outbox.open("bob");
  assert.deepEqual(outbox.chosen, {});
});
