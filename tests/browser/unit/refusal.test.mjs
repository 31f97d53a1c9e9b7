import assert from "node:assert/strict";
import { test } from "node:test";
import { inTheseWords, refusalOf } from "../../../static/model/refusal.js";

test("where the code says all of it the reader's language says it too", () => {
  assert.equal(
    refusalOf({ code: "storage_full", message: "the disk is full; nothing was changed" }),
    "The disk is full.",
  );
});

test("what names a limit or a field stays in the server's words", () => {
  const message = "expected at most 8 images in a message";
  assert.equal(refusalOf({ code: "invalid_value", message }), message);
  assert.equal(refusalOf({ code: "constructor", message }), message);
  assert.equal(refusalOf({ message }), message);
});

test("an error on the socket says it too, and keeps what else it says; other frames are what they were", () => {
  const error = { code: "storage_full", message: "the disk is full; nothing was changed", param: null };
  const said = inTheseWords({ type: "error", status: 507, stream_id: "m", error });
  assert.deepEqual(said, {
    type: "error",
    status: 507,
    stream_id: "m",
    error: { ...error, message: "The disk is full." },
  });
  const frame = { type: "response.failed", response: { error } };
  assert.equal(inTheseWords(frame), frame);
});
