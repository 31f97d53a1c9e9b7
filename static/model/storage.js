// Rule: the browser's storage as something that may fail (full, forbidden, gone) and then only forgets: whoever
// writes to it goes on as if it were not there.

/** @returns {string | null} */
export const read = (key) => attempt((storage) => storage.getItem(key)) ?? null;

/** @returns {boolean} whether the value is kept */
export const write = (key, value) => attempt((storage) => storage.setItem(key, value) ?? true) ?? false;

export const erase = (key) => attempt((storage) => storage.removeItem(key));

/** @returns {string[]} the keys that begin so */
export function keysOf(prefix) {
  return attempt((storage) => keysIn(storage).filter((key) => key.startsWith(prefix))) ?? [];
}

const keysIn = (storage) => Array.from({ length: storage.length }, (_, at) => storage.key(at));

function attempt(act) {
  try {
    return act(globalThis.localStorage);
  } catch {
    return null;
  }
}
