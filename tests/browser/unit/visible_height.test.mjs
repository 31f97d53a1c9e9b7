import assert from "node:assert/strict";
import test from "node:test";
import { fitAboveKeyboard } from "../../../static/view/visible_height.js";

function phone() {
  const set = new Map();
  const viewport = Object.assign(new EventTarget(), { height: 800, scale: 1 });
  const moved = [];
  const page = { innerHeight: 800, scrollTo: (...to) => moved.push(to) };
  const style = { setProperty: (name, value) => set.set(name, value), removeProperty: (name) => set.delete(name) };
  fitAboveKeyboard({ viewport, page, style });
  const resize = (height, scale = 1) => {
    Object.assign(viewport, { height, scale });
    viewport.dispatchEvent(new Event("resize"));
  };
  return { resize, moved, height: () => set.get("--seen-height") };
}

test("the page ends above a keyboard, and is whole again without it", () => {
  const { resize, moved, height } = phone();
  resize(460.4);
  assert.equal(height(), "460px");
  assert.deepEqual(moved, [[0, 0]]);
  resize(800);
  assert.equal(height(), undefined);
});

test("a bar of the browser and a zoom are no keyboard", () => {
  const { resize, height } = phone();
  resize(740);
  assert.equal(height(), undefined);
  resize(400, 2);
  assert.equal(height(), undefined);
});
