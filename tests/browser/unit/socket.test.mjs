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
  sent = [];

  constructor() {
    connections.push(this);
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  send(text) {
    this.sent.push(JSON.parse(text).type);
  }

  close() {
    this.isClosed = true;
  }
}

function pass(milliseconds) {
  for (let left = milliseconds; left > 0; left -= 100) {
    const step = Math.min(left, 100);
    now += step;
    mock.timers.tick(step);
  }
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

test("silence beyond the limit is asked about, and taken for a half-open connection where it does not answer", () => {
  started();
  connections[0].open();
  pass(24_900);
  assert.deepEqual(connections[0].sent, []);
  pass(200);
  assert.deepEqual(connections[0].sent, ["verbatim:ping"]);
  connections[0].onmessage({ data: "{}" });
  pass(26_000);
  assert.deepEqual(connections[0].sent, ["verbatim:ping", "verbatim:ping"]);
  assert.equal(passed.away, 0);
  pass(8_900);
  assert.equal(passed.away, 1);
  assert.ok(connections[0].isClosed);
  pass(400);
  assert.equal(connections.length, 2);
});

test("a message that nothing answers finds out that the connection is half-open", () => {
  const socket = started();
  connections[0].open();
  assert.ok(socket.send({ type: "response.create" }));
  pass(4_000);
  assert.deepEqual(connections[0].sent, ["response.create", "verbatim:ping"]);
  pass(9_000);
  assert.equal(passed.away, 1);
});

test("a handshake that goes nowhere is given up for another", () => {
  started();
  pass(11_500);
  assert.equal(connections.length, 2);
  assert.ok(connections[0].isClosed);
});

test("a connection that is dropped is made again after a while", () => {
  const socket = started();
  connections[0].open();
  socket.drop();
  socket.drop();
  assert.deepEqual([passed.away, connections.length], [1, 1]);
  pass(400);
  assert.equal(connections.length, 2);
});

test("what a connection says after it was given up is not heard", () => {
  started();
  connections[0].open();
  pass(34_100);
  connections[0].onclose();
  assert.equal(passed.away, 1);
});

test("a reader who comes back, or a network that does, is not kept waiting", () => {
  started();
  for (const [at, event] of ["visibilitychange", "online", "resume", "pageshow"].entries()) {
    connections[at].onclose();
    listeners[event]({ persisted: true });
    assert.equal(connections.length, at + 2);
  }
});

test("a connection that seems to stand is asked when the reader comes back, and left alone if it answers", () => {
  started();
  connections[0].open();
  now += 3_600_000; // the timers of a frozen tab do not run
  listeners.resume({});
  assert.deepEqual([connections.length, connections[0].sent], [1, ["verbatim:ping"]]);
  connections[0].onmessage({ data: "{}" });
  pass(20_000);
  assert.equal(connections.length, 1);
});

test("a connection that did not outlive the time away is replaced within seconds", () => {
  started();
  connections[0].open();
  now += 3_600_000;
  listeners.visibilitychange({});
  pass(9_000);
  assert.equal(connections.length, 2);
});

test("a network that goes does not end the connection to a server on this machine", () => {
  started();
  connections[0].open();
  listeners.offline({});
  connections[0].onmessage({ data: "{}" });
  pass(10_000);
  assert.equal(passed.away, 0);
});

test("starting twice makes one connection", () => {
  const socket = started();
  socket.start();
  assert.equal(connections.length, 1);
});
