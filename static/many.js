// Rule: a change of many sessions is a request for each, a few at a time. What was done is counted as it is done; what
// was not is named with the server's reason, and nothing stops at the first that fails but a server that is away.

const AT_ONCE = 6; // a browser has no more connections to one host

/**
 * @param {string[]} ids
 * @param {(id: string) => Promise<unknown>} change
 * @param {(done: number) => void} onProgress
 * @returns {Promise<{done: string[], problem: string | null}>} which were changed, and why some were not
 */
export async function changeMany(ids, change, onProgress = () => {}) {
  const waiting = [...ids];
  const done = [];
  let problem = null;
  const work = async () => {
    while (waiting.length > 0) {
      const id = waiting.shift();
      try {
        await change(id);
        done.push(id);
        onProgress(done.length);
      } catch (error) {
        if (error.status === undefined) throw error;
        problem ??= error.message;
        if (error.status === 0 || error.status === 401) waiting.length = 0;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, work));
  return { done, problem };
}
