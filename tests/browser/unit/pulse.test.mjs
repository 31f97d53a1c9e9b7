import assert from "node:assert/strict";
import { test } from "node:test";
import { Pulse } from "../../../static/model/pulse.js";

function standing() {
  const pulse = new Pulse();
  pulse.begin(0);
  pulse.open(0);
  return pulse;
}

test("a connection that does not open within ten seconds is gone", () => {
  const pulse = new Pulse();
  pulse.begin(1_000);
  assert.equal(pulse.verdict(10_999), "fine");
  assert.equal(pulse.verdict(11_000), "gone");
});

test("silence that is longer than the keepalives' is asked about, and gone without an answer", () => {
  const pulse = standing();
  assert.equal(pulse.verdict(24_999), "fine");
  assert.equal(pulse.verdict(25_000), "ask");
  pulse.ask(25_000);
  assert.equal(pulse.verdict(32_999), "fine");
  assert.equal(pulse.verdict(33_000), "gone");
});

test("any frame is an answer", () => {
  const pulse = standing();
  pulse.ask(25_000);
  pulse.hear(32_000);
  assert.equal(pulse.verdict(40_000), "fine");
  assert.equal(pulse.verdict(57_000), "ask");
});

test("the server says how long it is silent", () => {
  const pulse = standing();
  pulse.keepaliveMs = 1_000;
  assert.equal(pulse.verdict(1_249), "fine");
  assert.equal(pulse.verdict(1_250), "ask");
});

test("what is said and finds no echo in three seconds is asked about; what was said before that counts", () => {
  const pulse = standing();
  pulse.say(5_000);
  pulse.say(7_900);
  assert.equal(pulse.verdict(7_999), "fine");
  assert.equal(pulse.verdict(8_000), "ask");
  pulse.hear(8_100);
  assert.equal(pulse.verdict(20_000), "fine");
});

test("after a time in which nothing ran, it is asked before it is given up", () => {
  const pulse = standing();
  pulse.say(1_000);
  assert.equal(pulse.verdict(3_600_000), "ask");
});

test("a question that is asked twice is as old as the first", () => {
  const pulse = standing();
  pulse.ask(1_000);
  pulse.ask(8_000);
  assert.equal(pulse.verdict(9_000), "gone");
});

test("another connection begins with nothing of the one before", () => {
  const pulse = standing();
  pulse.say(1_000);
  pulse.ask(4_000);
  pulse.begin(12_000);
  assert.equal(pulse.verdict(21_999), "fine");
  pulse.open(21_999);
  assert.equal(pulse.verdict(30_000), "fine");
});
