import assert from "node:assert/strict";
import { test } from "node:test";
import { gapBetween } from "../../../static/model/gaps.js";
import { alternativeTo, hindrance, isUnfinished, questionOf } from "../../../static/model/possible.js";
import { quotationOf } from "../../../static/model/quotation.js";

const question = { role: "user", itemId: "u", text: "hi", after: null, alternatives: ["u"] };
const answer = { role: "assistant", itemId: "m", status: "completed", model: "x", alternatives: ["l", "m", "n"] };
const state = (more = {}) => ({
  entries: [question, answer],
  isConnected: true,
  cannotContinue: () => false,
  ...more,
});
const every = ["copy", "quote", "edit", "regenerate", "continue", "previous", "next"];
const hindered = (entry, more) => every.filter((act) => hindrance(act, entry, state(more)));

test("everything is possible with an answer among others of its place, once what is before it is known", () => {
  const shown = { ...answer, after: "u" };
  assert.deepEqual(hindered(shown, { entries: [question, shown] }), []);
});

test("while an answer is written, or a message is on its way, nothing may change the path", () => {
  const running = { role: "assistant", itemId: null, status: "in_progress" };
  const changes = ["edit", "regenerate", "continue", "previous", "next"];
  assert.deepEqual(hindered(answer, { entries: [question, answer, running] }), changes);
  assert.deepEqual(hindered(answer, { entries: [question, answer, { role: "user", pending: true }] }), changes);
  const refused = { role: "user", pending: true, error: "no" };
  assert.equal(hindrance("regenerate", answer, state({ entries: [question, answer, refused] })), null);
});

test("without a connection words can still be written anew, since they wait; nothing else can be asked for", () => {
  assert.equal(hindrance("edit", question, state({ isConnected: false })), null);
  assert.equal(hindrance("regenerate", answer, state({ isConnected: false })), "turn.away");
  assert.equal(hindrance("copy", answer, state({ isConnected: false })), null);
});

test("a message whose place is not known yet is not edited, and an answer without its question not given again", () => {
  assert.equal(hindrance("edit", { ...question, after: undefined }, state()), "turn.notLoaded");
  const entries = [question, gapBetween("u", "m"), answer];
  assert.equal(questionOf(entries, answer), null);
  assert.equal(hindrance("regenerate", answer, state({ entries })), "turn.notLoaded");
  assert.equal(questionOf([question, answer], answer), question);
});

test("a model that cannot continue an answer is known by its name", () => {
  const cannotContinue = (model) => model === "x";
  assert.equal(hindrance("continue", answer, state({ cannotContinue })), "turn.cannotContinue");
  assert.equal(hindrance("continue", { ...answer, model: "y" }, state({ cannotContinue })), null);
  assert.equal(isUnfinished({ ...answer, status: "incomplete" }), true);
  assert.equal(isUnfinished({ ...answer, status: "cancelled" }), true, "as its events say it");
  assert.equal(isUnfinished(answer), false);
});

test("the versions of a place end on both sides", () => {
  assert.deepEqual([alternativeTo(answer, -1), alternativeTo(answer, 1)], ["l", "n"]);
  const last = { ...answer, itemId: "n" };
  assert.equal(hindrance("next", last, state({ entries: [question, last] })), "turn.last");
  const first = { ...answer, itemId: "l" };
  assert.equal(hindrance("previous", first, state({ entries: [question, first] })), "turn.first");
  assert.equal(alternativeTo({ itemId: "m" }, 1), null);
});

test("a quotation has a mark before each line, and room behind it", () => {
  assert.equal(quotationOf("one\n\ntwo\r\nthree\n"), "> one\n>\n> two\n> three\n\n");
});
