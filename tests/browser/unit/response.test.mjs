import assert from "node:assert/strict";
import { test } from "node:test";
import { foldEvent, isRunning, noteOf, openResponse } from "../../../static/model/response.js";

const ID = "resp_s_0000000000000001";
const response = (status, more = {}) => ({ id: ID, status, model: "m", output: [], error: null, ...more });
const head = [
  { type: "response.created", sequence_number: 0, response: response("in_progress") },
  { type: "response.in_progress", sequence_number: 1, response: response("in_progress") },
  { type: "response.output_item.added", sequence_number: 2, item: { id: "msg_1" } },
  { type: "response.content_part.added", sequence_number: 3, item_id: "msg_1" },
];
const delta = (sequence_number, text) => ({
  type: "response.output_text.delta",
  sequence_number,
  item_id: "msg_1",
  delta: text,
});
const fold = (events, state = openResponse(ID)) => events.reduce(foldEvent, state);

test("deltas add up to the text", () => {
  const state = fold([...head, delta(4, "Hel"), delta(5, "lo")]);
  assert.equal(state.text, "Hello");
  assert.equal(state.cursor, 5);
  assert.equal(state.itemId, "msg_1");
  assert.ok(isRunning(state));
});

test("an event that was heard before changes nothing", () => {
  const state = fold([...head, delta(4, "a"), delta(5, "b")]);
  assert.equal(foldEvent(state, delta(4, "a")), state);
});

test("a replay from the beginning replaces the text, though its deltas are merged otherwise", () => {
  const before = fold([...head, delta(4, "a"), delta(5, "b")]);
  const after = fold([...head, delta(6, "abc"), delta(7, "d")], before);
  assert.equal(after.text, "abcd");
});

test("one delta that stands for several is added once, and what it stood for not again", () => {
  const state = fold([...head, delta(4, "a"), delta(9, "bcdef"), delta(7, "d"), delta(10, "g")]);
  assert.equal(state.text, "abcdefg");
  assert.equal(state.cursor, 10);
});

test("a part that is gone on with begins with its text, heard once or again", () => {
  const part = { type: "response.content_part.added", sequence_number: 3, item_id: "msg_1", part: { text: "was " } };
  const goOn = [...head.slice(0, 3), part, delta(4, "here")];
  const state = fold(goOn);
  assert.equal(state.text, "was here");
  assert.equal(foldEvent(state, part), state);
  assert.equal(fold(goOn, state).text, "was here");
});

test("a snapshot says all there is of a response of which nothing was heard", () => {
  const text = { sequence_number: 40, text: "all", response: response("in_progress") };
  const state = fold([{ type: "verbatim:response.snapshot", ...text }, delta(41, "!")]);
  assert.equal(state.text, "all!");
  assert.equal(state.model, "m");
});

test("a snapshot replaces the text and moves the cursor", () => {
  const snapshot = { type: "verbatim:response.snapshot", response_id: ID, sequence_number: 40, text: "all of it" };
  const state = fold([...head, delta(4, "al"), snapshot, delta(40, "no"), delta(41, "!")]);
  assert.equal(state.text, "all of it!");
});

test("the last event brings the whole text and the way it ended", () => {
  const output = [{ type: "message", content: [{ type: "output_text", text: "whole" }] }];
  const end = { type: "response.completed", sequence_number: 9, response: response("completed", { output }) };
  const state = fold([...head, delta(4, "wh"), end]);
  assert.equal(state.text, "whole");
  assert.equal(isRunning(state), false);
  assert.equal(noteOf(state), null);
});

test("an end without output keeps the text so far", () => {
  const end = {
    type: "response.failed",
    sequence_number: 9,
    response: response("failed", { error: { message: "No model." } }),
  };
  const state = fold([...head, delta(4, "part"), end]);
  assert.equal(state.text, "part");
  assert.deepEqual(noteOf(state), { kind: "error", text: "No model." });
});

test("each way to end early has its own note", () => {
  const note = (status, reason, text = "Hey") => noteOf({ role: "assistant", status, reason, text })?.text;
  assert.equal(note("cancelled", null), "stopped");
  assert.equal(note("incomplete", "cancelled"), "stopped");
  assert.equal(note("incomplete", "interrupted"), "interrupted");
  assert.equal(note("incomplete", "max_output_tokens"), "cut at the length limit");
  assert.equal(note("incomplete", "failed"), "The answer failed.");
  assert.equal(note("completed", null), undefined);
  assert.equal(note("completed", null, ""), "an empty answer");
});

test("events of unknown types only move the cursor", () => {
  const state = fold([...head, { type: "response.something_new", sequence_number: 8 }]);
  assert.equal(state.cursor, 8);
  assert.equal(state.text, "");
});

const thinks = [
  { type: "response.output_item.added", sequence_number: 4, item: { id: "rs_1", type: "reasoning" } },
  { type: "response.reasoning_summary_part.added", sequence_number: 5, item_id: "rs_1", part: { text: "" } },
];
const thought = (sequence_number, text) => ({
  type: "response.reasoning_summary_text.delta",
  sequence_number,
  item_id: "rs_1",
  delta: text,
});

test("what is thought grows beside the text, each of it once", () => {
  const state = fold([...head, ...thinks, thought(6, "Hm. "), delta(7, "Yes"), thought(7, "no"), thought(8, "Well.")]);
  assert.deepEqual([state.reasoning, state.text, state.itemId], ["Hm. Well.", "Yes", "msg_1"]);
});

test("a replay from the beginning begins what was thought anew", () => {
  const once = [...head, ...thinks, thought(6, "Hm. "), delta(7, "Yes")];
  const again = [...head, ...thinks, thought(6, "Hm. "), delta(8, "Yes!")];
  assert.deepEqual([fold([...once, ...again]).reasoning, fold([...once, ...again]).text], ["Hm. ", "Yes!"]);
});

test("an answer that is gone on with begins with what was thought before", () => {
  const state = fold([...head, thinks[0], { ...thinks[1], part: { text: "Hm. " } }, thought(6, "Well.")]);
  assert.equal(state.reasoning, "Hm. Well.");
});

test("the last event brings the whole of what was thought", () => {
  const output = [
    { type: "message", content: [{ type: "output_text", text: "whole" }] },
    { type: "reasoning", summary: [{ type: "summary_text", text: "all of it" }] },
  ];
  const end = { type: "response.completed", sequence_number: 9, response: response("completed", { output }) };
  assert.equal(fold([...head, end]).reasoning, "all of it");
});

test("a call of a function begins nothing anew, and the end says that there was one", () => {
  const call = { type: "function_call", id: "fc_1", call_id: "c1", name: "weather", arguments: "{}" };
  const output = [{ type: "message", content: [{ type: "output_text", text: "" }] }, call];
  const end = { type: "response.completed", sequence_number: 9, response: response("completed", { output }) };
  const asked = { type: "response.output_item.added", sequence_number: 5, item: call };
  assert.equal(fold([...head, delta(4, "Hm"), asked]).text, "Hm");
  assert.equal(fold([...head, delta(4, "Hm"), asked]).itemId, "msg_1");
  assert.equal(noteOf(fold([...head, asked, end])).text, "asked a program to run weather");
});

test("an answer names the facts that it had once it has ended", () => {
  const end = (more) => ({ type: "response.completed", sequence_number: 9, response: response("completed", more) });
  assert.deepEqual(fold(head).facts, []);
  assert.deepEqual(fold([...head, end({ "verbatim:facts": ["fact_1"] })]).facts, ["fact_1"]);
  assert.deepEqual(fold([...head, end({})]).facts, []);
});

test("an answer says once it has ended that the memory could not be read", () => {
  const end = (more) => ({ type: "response.completed", sequence_number: 9, response: response("completed", more) });
  assert.equal(fold([...head, end({ "verbatim:memory_unread": true })]).isMemoryUnread, true);
  assert.equal(fold([...head, end({})]).isMemoryUnread, false);
});
