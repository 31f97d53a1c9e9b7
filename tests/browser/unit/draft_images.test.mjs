// Images that are attached and not sent: where they are kept, and in which chat they are seen.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Attached } from "../../../static/attached.js";
import { DraftImages } from "../../../static/model/draft_images.js";
import { Outbox } from "../../../static/model/outbox.js";
import { flushed } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";
import { FakeStore } from "./fake_store.mjs";

let store;
beforeEach(() => {
  FakeStorage.install();
  store = new FakeStore();
});

const later = () => new DraftImages(store);

test("images are kept by user and chat, for the next page, until there are none", async () => {
  const images = new DraftImages(store);
  await images.keep("anna", "s", ["a", "b"]);
  await images.keep("anna", null, ["c"]);
  assert.deepEqual(await later().of("anna", "s"), ["a", "b"]);
  assert.deepEqual([await later().of("anna", null), await later().of("bob", "s")], [["c"], []]);
  await images.keep("anna", "s", []);
  assert.deepEqual(await later().of("anna", "s"), []);
  await images.keep("bob", "t", ["d"]);
  await images.clear("anna");
  assert.deepEqual([...store.sends.keys()], ["bob.t"]);
});

test("without a database images live as long as the page", async () => {
  for (const none of [null, store]) {
    store.isBroken = true;
    const images = new DraftImages(none);
    await images.keep("anna", "s", ["a"]);
    assert.deepEqual([await images.of("anna", "s"), await images.of("anna", "t")], [["a"], []]);
    await images.keep("anna", "s", []);
    assert.deepEqual(await images.of("anna", "s"), []);
  }
});

test("images of many chats have an end, the oldest go first", async (context) => {
  context.mock.timers.enable({ apis: ["Date"] });
  const images = new DraftImages(store);
  for (let at = 0; at < 25; at += 1) {
    context.mock.timers.tick(1);
    await images.keep("anna", `s${at}`, ["a"]);
  }
  assert.equal(store.sends.size, 20);
  assert.deepEqual([await images.of("anna", "s4"), await images.of("anna", "s5")], [[], ["a"]]);
});

test("a deleted session, and a user who leaves, take their images along", async () => {
  const outbox = new Outbox(null, new DraftImages(store));
  outbox.user = "anna";
  for (const session of ["s", "t"]) await outbox.images.keep("anna", session, ["a"]);
  outbox.dropSession("s");
  assert.deepEqual([await outbox.images.of("anna", "s"), await outbox.images.of("anna", "t")], [[], ["a"]]);
  await outbox.clear();
  assert.equal(store.sends.size, 0);
});

/** What is attached in a page, and the composer that shows it. */
function page() {
  const composer = { images: [], attachments: { place: null, most: 2 } };
  const outbox = { user: "anna", images: new DraftImages(store) };
  const attached = new Attached({ outbox, composer });
  const attach = (images) => {
    composer.images = images; // as the composer does itself
    attached.changed(images);
  };
  return { composer, attached, attach, kept: (sessionId) => outbox.images.of("anna", sessionId) };
}

test("images are seen in their chat only, and again when it is opened again", async () => {
  const { composer, attached, attach } = page();
  await attached.show("s");
  attach(["a"]);
  await attached.show("t");
  assert.deepEqual(composer.images, []);
  await attached.show("s");
  assert.deepEqual(composer.images, ["a"]);
  attach([]);
  await attached.show("t");
  await attached.show("s");
  assert.deepEqual(composer.images, []);
});

test("what is attached before those of a former page are read stands behind them", async () => {
  await later().keep("anna", "s", ["a"]);
  const { composer, attached, attach, kept } = page();
  const read = attached.show("s");
  attach(["b"]);
  await read;
  assert.deepEqual(
    [composer.images, await kept("s")],
    [
      ["a", "b"],
      ["a", "b"],
    ],
  );
  const left = attached.show("s");
  attach(["c"]);
  await Promise.all([left, attached.show("t")]);
  assert.deepEqual([composer.images, await kept("s")], [[], ["a", "b", "c"]]);
});

test("what is shown is not kept again: where another tab, or who has left, has taken it off it stays off", async () => {
  await later().keep("anna", "s", ["a"]);
  const { composer, attached, kept } = page();
  const read = attached.show("s");
  await later().keep("anna", "s", []);
  await read;
  assert.deepEqual([composer.images, await kept("s")], [["a"], []]);
});

test("when who wrote has left, nothing is kept any more", async () => {
  const { attached, attach, kept } = page();
  await attached.show("s");
  attached.end();
  attach(["a"]);
  attached.late({ sessionId: "t" }, "b");
  assert.deepEqual([await kept("s"), await kept("t")], [[], []]);
});

test("a new chat that has begun leaves no images behind", async () => {
  const { composer, attached, attach, kept } = page();
  await attached.show(null);
  attach(["a"]);
  attached.begin("s");
  attach([]);
  await attached.show(null);
  assert.deepEqual([composer.images, await kept(null), await kept("s")], [[], [], []]);
});

test("a photo that is made small while its reader goes elsewhere is found where it was attached", async () => {
  const { composer, attached, attach, kept } = page();
  await attached.show(null);
  const { place } = composer.attachments;
  attached.begin("s");
  await attached.show("t");
  for (const image of ["a", "b", "c"]) attached.late(place, image);
  assert.deepEqual([await kept("s"), composer.images], [["a", "b"], []]); // as many as a message takes
  await attached.show("s");
  attach([]);
  attached.late(place, "d");
  await flushed();
  assert.deepEqual([composer.images, await kept("s")], [["d"], ["d"]]);
});

test("images that have reached nobody are given back, and taken off again", async () => {
  const { composer, attached, attach, kept } = page();
  await later().keep("anna", null, ["old"]);
  await attached.show(null);
  attach(["old", "mine"]);
  attached.giveBack(["a", "b"]);
  assert.deepEqual(composer.images, ["a", "b", "old", "mine"]);
  attached.takeOff(["a", "b"]);
  assert.deepEqual(
    [composer.images, await kept(null)],
    [
      ["old", "mine"],
      ["old", "mine"],
    ],
  );
});
