// Rule: a time in the reader's words: how long ago it is, and exactly. What is more than a day ago is said by its date.

import { locale } from "../text.js";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "long" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });

/** @param {number} seconds since the epoch */
export function relativeTime(seconds, now = Date.now()) {
  const passed = Math.max(now / 1000 - seconds, 0); // the clocks of two machines
  if (passed < MINUTE_S) return ago.format(0, "second");
  if (passed < HOUR_S) return ago.format(-Math.floor(passed / MINUTE_S), "minute");
  if (passed < DAY_S) return ago.format(-Math.floor(passed / HOUR_S), "hour");
  const at = new Date(seconds * 1000);
  return (at.getFullYear() === new Date(now).getFullYear() ? day : dayOfYear).format(at);
}

export const exactTime = (seconds) => exact.format(new Date(seconds * 1000));

/** Whether the relative time of this moment changes yet. */
export const isRecent = (seconds, now = Date.now()) => now / 1000 - seconds < DAY_S + MINUTE_S;
