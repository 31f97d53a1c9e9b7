import assert from "node:assert/strict";
import test from "node:test";
import { actOf, ariaOf, labelsOf, SHORTCUTS } from "../../../static/model/shortcuts.js";

const NOTHING = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, code: "" };
const press = (key, held = {}) => ({ ...NOTHING, key, ...held });
const PC = { isMac: false, field: "none" };
const MAC = { isMac: true, field: "none" };
const WORDS = { Mod: "Strg", Shift: "Umschalt", Enter: "Eingabe", Escape: "Esc" };

test("a key does one thing", () => {
  const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
  assert.equal(new Set(keys).size, keys.length);
});

test("Ctrl is Cmd on a Mac, and only there", () => {
  assert.equal(actOf(press("k", { ctrlKey: true }), PC), "search");
  assert.equal(actOf(press("k", { metaKey: true }), PC), null);
  assert.equal(actOf(press("k", { metaKey: true }), MAC), "search");
  assert.equal(actOf(press("k", { ctrlKey: true }), MAC), null);
  assert.equal(actOf(press("K", { ctrlKey: true }), PC), "search"); // Caps Lock
});

test("one modifier more is another key", () => {
  assert.equal(actOf(press("k", { ctrlKey: true, shiftKey: true }), PC), null);
  assert.equal(actOf(press("k", { ctrlKey: true, altKey: true }), PC), null);
  assert.equal(actOf(press("N", { altKey: true }), PC), null);
});

test("with Option the place of the key says which one it is", () => {
  assert.equal(actOf(press("˜", { altKey: true, shiftKey: true, code: "KeyN" }), MAC), "new");
  assert.equal(actOf(press("N", { altKey: true, shiftKey: true, code: "KeyB" }), PC), "new"); // another layout
});

test("a sign may need Shift", () => {
  assert.equal(actOf(press("?", { shiftKey: true }), PC), "help");
  assert.equal(actOf(press("/", { shiftKey: true }), PC), "search");
  assert.equal(actOf(press(".", { ctrlKey: true }), PC), "stop");
});

test("what writes acts only outside of fields", () => {
  for (const field of ["empty", "filled"]) {
    assert.equal(actOf(press("?", { shiftKey: true }), { isMac: false, field }), null);
    assert.equal(actOf(press("/"), { isMac: false, field }), null);
  }
});

test("what edits acts where there is nothing to edit", () => {
  const up = press("ArrowUp", { altKey: true });
  const undo = press("z", { ctrlKey: true });
  assert.equal(actOf(up, { isMac: false, field: "empty" }), "previous");
  assert.equal(actOf(up, { isMac: false, field: "filled" }), null);
  assert.equal(actOf(undo, { isMac: false, field: "empty" }), "undo");
  assert.equal(actOf(undo, { isMac: false, field: "filled" }), null);
});

test("what is obeyed elsewhere is only listed", () => {
  assert.equal(actOf(press("Enter"), PC), null);
  assert.equal(actOf(press("Escape"), PC), null);
});

test("a key without a name does nothing", () => {
  assert.equal(actOf({ ...NOTHING, key: undefined, code: undefined }, PC), null); // a browser fills a field in by itself
});

test("keys are named as they are where they are", () => {
  assert.deepEqual(labelsOf("Mod+K", false, WORDS), ["Strg", "K"]);
  assert.deepEqual(labelsOf("Mod+K", true, WORDS), ["⌘", "K"]);
  assert.deepEqual(labelsOf("Alt+ArrowUp", false, WORDS), ["Alt", "↑"]);
  assert.deepEqual(labelsOf("Shift+Enter", false, WORDS), ["Umschalt", "Eingabe"]);
  assert.equal(ariaOf({ keys: ["Mod+K", "/"] }, false), "Control+K /");
  assert.equal(ariaOf({ keys: ["Mod+K", "/"] }, true), "Meta+K /");
});
