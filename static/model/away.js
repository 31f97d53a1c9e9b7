// Rule: what is said while the connection is away: for how long, how many messages wait, and whether they would be lost
// with the page.

import { locale, t } from "../text.js";

const UNITS = [
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];
const [[, HOUR_MS], [, MINUTE_MS], [, SECOND_MS]] = UNITS;

/** @returns {string} a time in its largest unit; after an hour with the minutes */
export function timeOf(milliseconds) {
  const whole = Math.max(milliseconds, SECOND_MS);
  const [unit, length] = UNITS.find(([, shortest]) => whole >= shortest);
  const minutes = whole >= HOUR_MS ? Math.floor((whole % HOUR_MS) / MINUTE_MS) : 0;
  const span = [unitOf(unit, Math.floor(whole / length)), minutes > 0 ? unitOf("minute", minutes) : ""];
  return span.join(" ").trim();
}

/** @returns {{said: string, shown: string}} without the time that passes, for who listens; and with it */
export function awayWords(milliseconds, { waiting, isKept }) {
  const follows = [];
  if (waiting > 0) follows.push(t("connection.waiting", { count: waiting }));
  if (!isKept) follows.push(t("connection.notKept"));
  const shown = t("connection.awayFor", { time: timeOf(milliseconds) });
  return { said: [t("connection.away"), ...follows].join(" "), shown: [shown, ...follows].join(" ") };
}

const unitOf = (unit, count) =>
  new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(count);
