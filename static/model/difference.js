// Rule: what is the same at the beginning and at the end of two lists, by identity; between lies what has changed.

/** @returns {[number, number]} how many are the same at the beginning, and how many at the end */
export function difference(before, after) {
  const least = Math.min(before.length, after.length);
  let from = 0;
  while (from < least && before[from] === after[from]) from += 1;
  let behind = 0;
  while (behind < least - from && before.at(-1 - behind) === after.at(-1 - behind)) behind += 1;
  return [from, behind];
}
