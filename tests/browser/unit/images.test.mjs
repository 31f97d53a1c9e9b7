import assert from "node:assert/strict";
import { test } from "node:test";
import { isInlineImage, isKeptImage } from "../../../static/model/images.js";

test("an image that stands in the text may be shown, if it cannot do anything", () => {
  assert.ok(isInlineImage("data:image/png;base64,AAAA"));
  for (const address of [
    "data:image/svg+xml;base64,AAAA",
    "data:text/html,x",
    "data:image/png,x",
    "data:image/png;base64,A<",
  ]) {
    assert.ok(!isInlineImage(address), address);
  }
});

test("an image that this server keeps may be shown, and nothing else of it", () => {
  assert.ok(isKeptImage("/v1/conversations/abc_1/images/img-1.png"));
  for (const address of [
    "/v1/conversations/abc/images/../../x",
    "//v1/conversations/abc/images/a",
    "https://h/v1/conversations/abc/images/a",
    "/v1/conversations/abc/images/a?x=1",
    "/v1/logout",
  ]) {
    assert.ok(!isKeptImage(address), address);
  }
});
