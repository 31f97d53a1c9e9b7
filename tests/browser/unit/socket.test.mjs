import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Socket } from "../../../static/socket.js";

let connections;
let listeners;
let now;
const passed = {};

class FakeWebSocket {
  static OPEN = 1;
  readyState = 0;
  isClosed = false;

  constructor() {
    connections.push(this);
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  send() {}

  close() {
    this.isClosed = true;
  }
}

function pass(milliseconds) {
  now += milliseconds;
  mock.timers.tick(milliseconds);
}

beforeEach(() => {
  connections = [];
  listeners = {};
  now = 0;
  for (const name of ["opened", "away"]) passed[name] = 0;
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(performance, "now", () => now);
  const target = { addEventListener: (type, listener) => (listeners[type] = listener), visibilityState: "visible" };
  Object.assign(globalThis, { WebSocket: FakeWebSocket, document: target, window: target });
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

function started() {
  const socket = new Socket({
    url: "ws://here/",
    onOpen: () => (passed.opened += 1),
    onAway: (code) => {
      passed.away += 1;
      passed.code = code;
    },
    onFrame() {},
  });
  socket.start();
  return socket;
}

test("a lost connection comes back, later each time", () => {
  started();
  connections[0].open();
  connections[0].onclose();
  assert.equal(passed.away, 1);
  pass(400);
  assert.equal(connections.length, 2);
  connections[1].onclose();
  pass(399);
  assert.equal(connections.length, 2);
  pass(401);
  assert.equal(connections.length, 3);
});

test("some seconds of frames, and not merely a first one, end the waiting for longer and longer", () => {
  started();
  for (const at of [0, 1, 2, 3]) {
    connections[at].open();
    connections[at].onclose();
    pass(10_000);
  }
  connections[4].open();
  connections[4].onmessage({ data: "{}" });
  pass(4_000);
  connections[4].onclose({ code: 1009 });
  pass(400);
  assert.equal(connections.length, 5);
  assert.equal(passed.code, 1009);
  pass(10_000);
  connections[5].open();
  connections[5].onmessage({ data: "{}" });
  pass(5_000);
  connections[5].onclose();
  pass(400);
  assert.equal(connections.length, 7);
});

test("silence beyond the limit is taken for a half-open connection", () => {
  started();
  connections[0].open();
  pass(40_000);
  connections[0].onmessage({ data: "{}" });
  pass(40_000);
  assert.equal(passed.away, 0);
  pass(10_000);
  assert.equal(passed.away, 1);
  assert.ok(connections[0].isClosed);
  pass(400);
  assert.equal(connections.length, 2);
});

test("what a connection says after it was given up is not heard", () => {
  started();
  connections[0].open();
  pass(60_000);
  connections[0].onclose();
  assert.equal(passed.away, 1);
});

test("a reader who comes back, or a network that does, is not kept waiting", () => {
  started();
  for (const [at, event] of ["visibilitychange", "online"].entries()) {
    connections[at].onclose();
    listeners[event]({});
    assert.equal(connections.length, at + 2);
  }
});

test("a connection that stands is left alone when the reader comes back, unless it was silent too long", () => {
  started();
  connections[0].open();
  listeners.visibilitychange({});
  assert.equal(connections.length, 1);
  now += 60_000; // the timers of a frozen tab do not run
  listeners.visibilitychange({});
  assert.equal(connections.length, 2);
});

test("starting twice makes one connection", () => {
  const socket = started();
  socket.start();
  assert.equal(connections.length, 1);
});
