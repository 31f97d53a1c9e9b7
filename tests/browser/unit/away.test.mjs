import assert from "node:assert/strict";
import { test } from "node:test";
import { remarks, spanOf } from "../../../static/model/away.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test("a time is said in its largest unit, after an hour with the minutes", () => {
  const said = (milliseconds) => spanOf(milliseconds).flat().join(" ");
  assert.equal(said(0), "second 1");
  assert.equal(said(59 * SECOND + 999), "second 59");
  assert.equal(said(MINUTE), "minute 1");
  assert.equal(said(HOUR - 1), "minute 59");
  assert.equal(said(HOUR), "hour 1");
  assert.equal(said(HOUR + 5 * MINUTE + 30 * SECOND), "hour 1 minute 5");
  assert.equal(said(49 * HOUR), "hour 49");
});

test("how many messages wait is said where some do, and that they are not kept where they are not", () => {
  const keys = (outbox) => remarks(outbox).map(([key, { count }]) => [key, count]);
  assert.deepEqual(keys({ waiting: 0, isKept: true }), []);
  assert.deepEqual(keys({ waiting: 3, isKept: true }), [["connection.waiting", 3]]);
  assert.deepEqual(keys({ waiting: 1, isKept: false }), [
    ["connection.waiting", 1],
    ["connection.notKept", undefined],
  ]);
});
