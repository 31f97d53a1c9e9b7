// Rule: how long to wait before the next try, as a function of the tries so far. The jitter keeps the tabs of
// many readers from coming back in the same instant after a restart.

const FIRST_CEILING_MS = 400;
const LAST_CEILING_MS = 10_000;

/** @returns {number} milliseconds, between half the ceiling of this attempt (0, 1, …) and the ceiling */
export function retryDelay(attempt, random = Math.random) {
  const ceiling = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** Math.min(attempt, 16));
  return ceiling / 2 + (random() * ceiling) / 2;
}
