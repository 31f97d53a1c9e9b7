import assert from "node:assert/strict";
import { test } from "node:test";
import { Selection } from "../../../static/model/selection.js";

const LISTED = ["a", "b", "c", "d", "e"];

function begin(id = "b") {
  const selection = new Selection();
  selection.begin(id);
  return { selection, chosen: () => selection.among(LISTED).join("") };
}

test("one after the other is chosen and let go of again", () => {
  const { selection, chosen } = begin();
  selection.toggle("d");
  selection.toggle("b");
  selection.toggle("a");
  assert.equal(chosen(), "ad");
  selection.end();
  assert.deepEqual([chosen(), selection.isOn, selection.size], ["", false, 0]);
});

test("a range goes from what was touched last, either way, and becomes what its end becomes", () => {
  const { selection, chosen } = begin();
  selection.reach("d", LISTED);
  assert.equal(chosen(), "bcd");
  selection.reach("a", LISTED);
  assert.equal(chosen(), "abcd");
  selection.toggle("e");
  selection.reach("c", LISTED);
  assert.equal(chosen(), "ab");
});

test("a range from what is not listed any more is its end alone", () => {
  const { selection, chosen } = begin("gone");
  selection.reach("c", LISTED);
  assert.equal(chosen(), "c");
});

test("all are chosen, or none where all were", () => {
  const { selection, chosen } = begin();
  selection.toggleAll(LISTED);
  assert.equal(chosen(), "abcde");
  selection.toggleAll(LISTED);
  assert.equal(chosen(), "");
  assert.ok(selection.isOn);
});

test("what is not listed any more is not chosen any more", () => {
  const { selection } = begin();
  selection.toggle("d");
  selection.retain(["a", "d"]);
  assert.deepEqual([selection.has("b"), selection.has("d"), selection.size], [false, true, 1]);
});
