import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../../../static/model/difference.js";

test("what is the same at both ends is counted once", () => {
  assert.deepEqual(difference([1, 2, 3], [1, 2, 3]), [3, 0]);
  assert.deepEqual(difference([1, 2, 3], [1, 9, 3]), [1, 1]);
  assert.deepEqual(difference([], [1]), [0, 0]);
  assert.deepEqual(difference([1, 1], [1, 1, 1]), [2, 0]);
  assert.deepEqual(difference([1, 2], [2]), [0, 1]);
});
