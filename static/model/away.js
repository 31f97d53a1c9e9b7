// Rule: what is said while the connection is away: for how long, how many messages wait, and whether they would be lost
// with the page. As keys of texts with their values, so that the words are of whichever language is spoken.

const SECOND_MS = 1_000;
const UNITS = [
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", SECOND_MS],
];

/** @returns {[unit: string, count: number][]} a time as a person says it: its largest unit, after an hour the minutes too */
export function spanOf(milliseconds) {
  const whole = Math.max(milliseconds, SECOND_MS);
  const at = UNITS.findIndex(([, length]) => whole >= length);
  const [unit, length] = UNITS[at];
  const span = [[unit, Math.floor(whole / length)]];
  const minutes = Math.floor((whole % length) / 60_000);
  return unit === "hour" && minutes > 0 ? [...span, ["minute", minutes]] : span;
}

/** @returns {[key: string, values: object][]} what follows the time */
export function remarks({ waiting, isKept }) {
  const said = waiting > 0 ? [["connection.waiting", { count: waiting }]] : [];
  return isKept ? said : [...said, ["connection.notKept", {}]];
}
