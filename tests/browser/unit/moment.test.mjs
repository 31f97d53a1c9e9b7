import assert from "node:assert/strict";
import { test } from "node:test";
import { exactTime, isRecent, relativeTime } from "../../../static/model/moment.js";

const NOW = new Date(2026, 5, 30, 15, 0).getTime();
const ago = (seconds) => relativeTime(NOW / 1000 - seconds, NOW);

test("a time is said as how long ago it is, a day and more as the date", () => {
  assert.deepEqual([ago(-5), ago(0), ago(59)], ["now", "now", "now"]);
  assert.deepEqual([ago(60), ago(3599)], ["1 minute ago", "59 minutes ago"]);
  assert.deepEqual([ago(3600), ago(86_399)], ["1 hour ago", "23 hours ago"]);
  assert.deepEqual([ago(86_400), ago(400 * 86_400)], ["Jun 29", "May 26, 2025"]);
});

test("the exact time says the day and the minute", () => {
  assert.match(exactTime(NOW / 1000), /^June 30, 2026.* 3:00\sPM$/);
});

test("only what is said as a span changes with time", () => {
  assert.equal(isRecent(NOW / 1000 - 3600, NOW), true);
  assert.equal(isRecent(NOW / 1000 - 2 * 86_400, NOW), false);
});
