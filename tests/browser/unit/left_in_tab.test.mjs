import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { leaveInTab, leaveNothing, takeFromTab } from "../../../static/left_in_tab.js";
import { FakeStorage } from "./fake_storage.mjs";

const LEFT = { user: "ann", sessionId: "s", typed: "half a thought", edits: ["and another"] };
let storage;

beforeEach(() => {
  storage = new FakeStorage();
  globalThis.sessionStorage = storage;
});

test("what a page leaves half written is taken once, by a page of the same user", () => {
  leaveInTab({ ...LEFT, typed: "half a" });
  leaveInTab(LEFT);
  assert.deepEqual(takeFromTab("ann"), LEFT);
  assert.equal(takeFromTab("ann"), null);
  leaveInTab(LEFT);
  assert.equal(takeFromTab("bob"), null);
  assert.equal(storage.length, 0);
});

test("where nothing is half written any more nothing is left", () => {
  leaveInTab(LEFT);
  leaveInTab({ ...LEFT, typed: "", edits: [] });
  assert.equal(storage.length, 0);
  leaveInTab(LEFT);
  leaveNothing();
  assert.equal(takeFromTab("ann"), null);
});

test("what is not ours, or a storage that is broken, stops nobody", () => {
  storage.setItem("verbatim.left", "{");
  assert.equal(takeFromTab("ann"), null);
  storage.isBroken = true;
  leaveInTab(LEFT);
  assert.equal(takeFromTab("ann"), null);
});
