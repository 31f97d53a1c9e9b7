// The page's worker, asked as a browser would ask it.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

const HERE = "http://here";
const kept = { said: "what is kept" };
const listeners = {};
let network; // what is fetched

Object.assign(globalThis, {
  SHELL: [],
  VERSION: "1",
  caches: { match: async (key, { cacheName } = {}) => (key === "/" && cacheName === "verbatim-1" ? kept : undefined) },
  fetch: () => network(),
  self: {
    addEventListener: (name, listener) => {
      listeners[name] = listener;
    },
    location: { origin: HERE },
  },
});
await import("../../../static/worker.js");

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

/** The answer to a request; null where the worker leaves it to the browser. */
function answerTo(path, { mode = "navigate", method = "GET" } = {}) {
  let answer = null;
  const respondWith = (given) => {
    answer = given;
  };
  listeners.fetch({ request: { url: new URL(path, HERE).href, mode, method }, respondWith });
  return answer;
}

test("the document comes from the network, and the server's own faults with it", async () => {
  for (const status of [200, 404, 500]) {
    const page = { status };
    network = async () => page;
    assert.equal(await answerTo("/chat/s"), page);
  }
});

test("where nobody answers, or somebody else for the server, it is the one that is kept", async () => {
  network = async () => {
    throw new TypeError("Failed to fetch");
  };
  assert.equal(await answerTo("/"), kept);
  for (const status of [502, 503, 504]) {
    network = async () => ({ status });
    assert.equal(await answerTo("/chat/s"), kept);
  }
});

test("a network that carries nothing is waited for some seconds, and no longer", async () => {
  network = () => new Promise(() => {});
  const answer = answerTo("/");
  const first = Promise.race([answer, new Promise((resolve) => setImmediate(resolve, "waits"))]);
  mock.timers.tick(4_999);
  assert.equal(await first, "waits");
  mock.timers.tick(1);
  assert.equal(await answer, kept);
});

test("what is asked of the server, or of another, never passes here", () => {
  network = () => assert.fail("fetched");
  assert.equal(answerTo("/v1/conversations", { mode: "cors" }), null);
  assert.equal(answerTo("/v1/export"), null);
  assert.equal(answerTo("/", { method: "POST" }), null);
  assert.equal(answerTo("http://elsewhere/chat/s"), null);
});
