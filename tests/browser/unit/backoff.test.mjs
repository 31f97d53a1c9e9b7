import assert from "node:assert/strict";
import { test } from "node:test";
import { retryDelay } from "../../../static/model/backoff.js";

test("the delay grows with each attempt and stops growing at ten seconds", () => {
  const longest = (attempt) => retryDelay(attempt, () => 1);
  assert.equal(longest(0), 400);
  assert.equal(longest(1), 800);
  assert.equal(longest(60), 10_000);
});

test("the jitter takes at most half of the delay away", () => {
  assert.equal(
    retryDelay(3, () => 0),
    retryDelay(3, () => 1) / 2,
  );
});
