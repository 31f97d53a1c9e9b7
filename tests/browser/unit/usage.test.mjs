import assert from "node:assert/strict";
import { test } from "node:test";
import { foldEvent, openResponse } from "../../../static/model/response.js";
import { Transcript } from "../../../static/model/transcript.js";
import { spentOf, usageInWords, usageOfItem, usageOfResponse } from "../../../static/model/usage.js";

const AT = new Date(2026, 0, 31, 14, 5).getTime() / 1000;
const dollars = (micros) => ({ micros, currency: "USD" });
const plain = (text) => text.replaceAll(/[\u00a0\u202f]/g, " ");
const usage = (more = {}) => ({
  input: 1000,
  output: 234,
  cached: 0,
  reasoning: 0,
  isEstimated: false,
  costs: [],
  ...more,
});
const textOf = (entry) => plain(usageInWords(entry.usage).text);
const item = {
  id: "m1",
  type: "message",
  role: "assistant",
  status: "completed",
  content: [],
  "verbatim:model": "m",
  "verbatim:created_at": AT,
  "verbatim:response_id": "resp_s_1",
};

test("an answer says what it took and what that cost", () => {
  assert.equal(textOf({ usage: usage({ costs: [dollars(4200)] }) }), "1,234 tokens · $0.0042");
  assert.equal(textOf({ usage: usage({ input: 0, output: 1 }) }), "1 token");
});

test("what is estimated is marked, its cost too", () => {
  const estimated = usage({ isEstimated: true, costs: [dollars(4200)] });
  assert.equal(textOf({ usage: estimated }), "≈ 1,234 tokens · ≈ $0.0042");
});

test("the details part what went in from what came out", () => {
  const { details } = usageInWords(usage({ cached: 400, reasoning: 100 }));
  assert.equal(details, "1,000 tokens in (400 cached), 234 out (100 reasoning)");
  assert.equal(usageInWords(usage()).details, "1,000 tokens in, 234 out");
});

test("a small cost keeps its digits, a large one does not need them", () => {
  const costs = { 0: "$0.00", 1: "$0.000001", 42: "$0.000042", 9876: "$0.0099", 123456: "$0.1235", 12345678: "$12.35" };
  for (const [micros, text] of Object.entries(costs)) {
    assert.equal(textOf({ usage: usage({ costs: [dollars(Number(micros))] }) }), `1,234 tokens · ${text}`);
  }
});

test("a currency that is none does not keep the answer from being shown", () => {
  assert.equal(
    textOf({ usage: usage({ costs: [{ micros: 1_500_000, currency: "gold" }] }) }),
    "1,234 tokens · 1.50 gold",
  );
});

test("a response and its item say the same", () => {
  const said = { input_tokens: 10, output_tokens: 5, cached_tokens: 4, reasoning_tokens: 3 };
  const response = {
    usage: {
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 15,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens_details: { reasoning_tokens: 3 },
    },
  };
  const plainly = { input: 10, output: 5, cached: 4, reasoning: 3, isEstimated: false, costs: [] };
  assert.deepEqual(usageOfItem({ "verbatim:usage": { ...said, estimated: false } }), plainly);
  assert.deepEqual(usageOfResponse(response), plainly);
  const marked = { ...plainly, isEstimated: true, costs: [dollars(7)] };
  assert.deepEqual(usageOfItem({ "verbatim:usage": { ...said, estimated: true, cost: dollars(7) } }), marked);
  const more = { "verbatim:usage_estimated": true, "verbatim:cost": dollars(7) };
  assert.deepEqual(usageOfResponse({ ...response, ...more }), marked);
  assert.equal(usageOfItem({}), null);
  assert.equal(usageOfResponse({ usage: null }), null);
});

test("an answer has its facts from its events, and the same ones from its item", () => {
  const response = { id: "resp_s_1", model: "m", created_at: AT, status: "completed", output: [] };
  const used = { input_tokens: 3, output_tokens: 2 };
  let entry = openResponse("resp_s_1");
  entry = foldEvent(entry, { type: "response.created", sequence_number: 0, response: { ...response, usage: null } });
  assert.deepEqual([entry.model, entry.at, entry.usage], ["m", AT, null]);
  const ended = { type: "response.completed", sequence_number: 9, response: { ...response, usage: used } };
  const transcript = new Transcript("s");
  transcript.load([{ ...item, "verbatim:usage": { ...used, estimated: false } }]);
  for (const one of [foldEvent(entry, ended), transcript.entries[0]]) {
    assert.deepEqual([one.model, one.at, plain(usageInWords(one.usage).text)], ["m", AT, "5 tokens"]);
  }
});

test("a snapshot says when the answer began, too", () => {
  const snapshot = { type: "verbatim:response.snapshot", sequence_number: 7, text: "a", response: { created_at: AT } };
  assert.equal(foldEvent(openResponse("resp_s_1"), snapshot).at, AT);
});

test("a chat says what all of its answers have used", () => {
  const spent = {
    input_tokens: 12000,
    output_tokens: 345,
    cached_tokens: 10,
    reasoning_tokens: 0,
    responses: 12,
    estimated_responses: 3,
    costs: [dollars(120_000), { micros: 5_000_000, currency: "EUR" }],
  };
  const { text, details } = spentOf({ "verbatim:usage": spent });
  assert.equal(plain(text), "≈ 12,345 tokens · ≈ $0.12 · ≈ €5.00");
  assert.equal(details, "12,000 tokens in (10 cached), 345 out, in 12 answers, 3 of them estimated");
  const one = { ...spent, responses: 1, estimated_responses: 0, costs: [] };
  assert.equal(spentOf({ "verbatim:usage": one }).text, "12,345 tokens");
  assert.match(spentOf({ "verbatim:usage": one }).details, /in 1 answer$/);
  assert.equal(spentOf({ id: "s" }), null);
  assert.equal(spentOf(null), null);
});
