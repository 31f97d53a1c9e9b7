import assert from "node:assert/strict";
import { test } from "node:test";
import { Departure } from "../../../static/departure.js";

class FakeChannel {
  static open = [];

  constructor() {
    FakeChannel.open.push(this);
  }

  postMessage(data) {
    for (const other of FakeChannel.open) if (other !== this) other.onmessage({ data });
  }
}

function begin() {
  const seen = { went: [], reloads: 0, listeners: {} };
  globalThis.BroadcastChannel = FakeChannel;
  globalThis.document = { body: { hidden: false } };
  globalThis.location = { assign: (path) => seen.went.push(path), reload: () => (seen.reloads += 1) };
  globalThis.addEventListener = (name, act) => (seen.listeners[name] = act);
  return seen;
}

test("who leaves is told of in the other tabs, and not in their own", () => {
  begin();
  const left = [];
  const [one] = ["one", "two"].map((name) => new Departure(() => left.push(name)));
  one.tell();
  assert.deepEqual(left, ["two"]);
});

test("a page that is left shows nothing, and begins anew where the browser brings it back", () => {
  const seen = begin();
  new Departure(() => {}).go();
  assert.deepEqual([document.body.hidden, seen.went], [true, ["/"]]);
  seen.listeners.pageshow({ persisted: false });
  assert.equal(seen.reloads, 0);
  seen.listeners.pageshow({ persisted: true });
  assert.equal(seen.reloads, 1);
});
