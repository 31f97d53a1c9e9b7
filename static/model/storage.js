// Rule: the browser's storage as something that may fail (full, forbidden, gone) and then only forgets: whoever
// writes to it goes on as if it were not there.

const TAB = "sessionStorage";

/** @returns {string | null} */
export const read = (key) => attempt((storage) => storage.getItem(key)) ?? null;

/** @returns {boolean} whether the value is kept */
export const write = (key, value) => attempt((storage) => storage.setItem(key, value) ?? true) ?? false;

export const erase = (key) => attempt((storage) => storage.removeItem(key));

/** The same for what belongs to one tab, and outlives its page only. */
export const readInTab = (key) => attempt((storage) => storage.getItem(key), TAB) ?? null;
export const writeInTab = (key, value) => attempt((storage) => storage.setItem(key, value) ?? true, TAB) ?? false;
export const eraseInTab = (key) => attempt((storage) => storage.removeItem(key), TAB);

/** @returns {string[]} the keys that begin so */
export function keysOf(prefix) {
  return attempt((storage) => keysIn(storage).filter((key) => key.startsWith(prefix))) ?? [];
}

const keysIn = (storage) => Array.from({ length: storage.length }, (_, at) => storage.key(at));

function attempt(act, kind = "localStorage") {
  try {
    return act(globalThis[kind]);
  } catch {
    return null;
  }
}
