import assert from "node:assert/strict";
import { test } from "node:test";
import { EventRouter, sessionOf } from "../../../static/model/router.js";

const created = (id, stream_id) => ({
  type: "response.created",
  response: { id },
  ...(stream_id ? { stream_id } : {}),
});
const added = (item, stream_id) => ({
  type: "response.output_item.added",
  item: { id: item },
  ...(stream_id ? { stream_id } : {}),
});
const delta = (item_id) => ({ type: "response.output_text.delta", item_id });

test("deltas of two interleaved responses are told apart by their items", () => {
  const router = new EventRouter();
  for (const event of [created("A"), added("a"), created("B"), added("b")]) router.responseOf(event);
  assert.equal(router.responseOf(delta("a")), "A");
  assert.equal(router.responseOf(delta("b")), "B");
});

test("a stream names the response before its item is known", () => {
  const router = new EventRouter();
  for (const event of [created("A", "s1"), created("B", "s2")]) router.responseOf(event);
  assert.equal(router.responseOf(added("a", "s1")), "A");
  assert.equal(router.responseOf(added("b", "s2")), "B");
});

test("events of a stream that was opened for a known response belong to it", () => {
  const router = new EventRouter();
  const first = router.streamFor("R");
  const second = router.streamFor("S");
  assert.equal(router.responseOf({ ...delta("unknown"), stream_id: first }), "R");
  assert.equal(router.responseOf({ ...delta("other"), stream_id: second }), "S");
});

test("without any name an event belongs to what the connection began last", () => {
  const router = new EventRouter();
  router.responseOf(created("A"));
  assert.equal(router.responseOf(added("a")), "A");
});

test("an item that is opened again belongs to the response that goes on with it", () => {
  const router = new EventRouter();
  for (const event of [created("A"), added("a"), created("B"), added("a")]) router.responseOf(event);
  assert.equal(router.responseOf(delta("a")), "B");
});

test("an event that names its response needs no other name", () => {
  const router = new EventRouter();
  for (const event of [created("A"), added("a"), created("B")]) router.responseOf(event);
  assert.equal(router.responseOf({ ...delta("a"), "verbatim:response_id": "C" }), "C");
});

test("a new connection forgets what the old one began last", () => {
  const router = new EventRouter();
  router.responseOf(created("A"));
  router.reset();
  assert.equal(router.responseOf(delta("unknown")), null);
});

test("the session is named by the response, or by its id", () => {
  assert.equal(sessionOf("x", { conversation: { id: "s" } }), "s");
  assert.equal(sessionOf("x", { conversation: "s" }), "s");
  assert.equal(sessionOf("resp_a_b-c_0123456789abcdef"), "a_b-c");
  assert.equal(sessionOf("resp_other"), null);
});
