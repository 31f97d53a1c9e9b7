import assert from "node:assert/strict";
import { test } from "node:test";
import { awayWords, timeOf } from "../../../static/model/away.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test("a time is said in its largest unit, after an hour with the minutes", () => {
  assert.equal(timeOf(0), "1 sec");
  assert.equal(timeOf(59 * SECOND + 999), "59 sec");
  assert.equal(timeOf(MINUTE), "1 min");
  assert.equal(timeOf(HOUR - 1), "59 min");
  assert.equal(timeOf(HOUR), "1 hr");
  assert.equal(timeOf(HOUR + 5 * MINUTE + 30 * SECOND), "1 hr 5 min");
  assert.equal(timeOf(49 * HOUR + 59 * SECOND), "49 hr");
});

test("how many messages wait is said where some do; the time is not told to who listens", () => {
  const away = "The connection is away; your messages go out when it is back.";
  assert.deepEqual(awayWords(2 * MINUTE, { waiting: 0, isKept: true }), {
    said: away,
    shown: "Away for 2 min; your messages go out when it is back.",
  });
  assert.equal(awayWords(0, { waiting: 3, isKept: true }).said, `${away} 3 messages wait.`);
});

test("that the words would go with the page is said only where it is so", () => {
  const words = awayWords(0, { waiting: 1, isKept: false });
  for (const text of [words.said, words.shown]) assert.match(text, /1 message waits\. This browser keeps nothing/);
});
