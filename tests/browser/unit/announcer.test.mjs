import assert from "node:assert/strict";
import test from "node:test";
import { Announcer, spoken } from "../../../static/model/announcer.js";

const running = (text) => ({ key: "a", role: "assistant", text, status: "in_progress" });
const ended = (text, status = "completed", reason = null) => ({ ...running(text), status, reason });

test("not each word is said, but whole sentences some seconds apart", () => {
  const announcer = new Announcer();
  const said = [];
  let before = running("");
  const text = "One is first. Two comes next! Three is not done";
  for (let length = 1; length <= text.length; length += 1) {
    const entry = running(text.slice(0, length));
    said.push(announcer.hear(before, entry, length * 400));
    before = entry;
  }
  assert.deepEqual(said.filter(Boolean), ["The assistant is answering.", "One is first.", "Two comes next!"]);
  assert.equal(announcer.hear(before, ended(`${text}.`), 10_000), "Answer complete. Three is not done.");
});

test("a short answer is said at its end, whole", () => {
  const announcer = new Announcer();
  assert.equal(announcer.hear(running(""), running("Yes"), 0), "The assistant is answering.");
  assert.equal(announcer.hear(running("Yes"), ended("Yes. Surely."), 10), "Answer complete. Yes. Surely.");
  assert.equal(announcer.hear(ended("Yes. Surely."), ended("Yes. Surely."), 20), "");
});

test("an answer that comes whole is said, once; one that was read from the items is not", () => {
  const announcer = new Announcer();
  const whole = { ...ended("Yes. Surely."), heard: true };
  assert.equal(announcer.hear(undefined, whole, 0), "Answer complete. Yes. Surely.");
  assert.equal(announcer.hear(whole, ended("Yes. Surely."), 10), "");
  assert.equal(announcer.hear(undefined, ended("Yes. Surely."), 20), "");
  assert.equal(announcer.hear(undefined, { ...running("Ye"), heard: true }, 30), "");
  assert.equal(announcer.hear(undefined, { key: "b", role: "user", text: "Well?", heard: true }, 40), "");
});

test("what came too fast is cut, and never said again", () => {
  const announcer = new Announcer();
  const long = "All of this was written at once. ".repeat(100);
  announcer.hear(running(""), running("A"), 0);
  const said = announcer.hear(running("A"), running(long), 6_000);
  assert.ok(said.length <= 402 && said.endsWith(" …"), said);
  assert.equal(announcer.hear(running(long), ended(`${long}End.`), 6_010), "Answer complete. End.");
});

test("what stood there before the page came is not read out", () => {
  const announcer = new Announcer();
  const there = "A long beginning. ".repeat(20);
  const short = "And so";
  announcer.hear(running(there), running(`${there}And`), 0);
  assert.equal(announcer.hear(running(`${there}And`), ended(`${there}And on.`), 10), "Answer complete. And on.");
  announcer.hear(running(short), running(`${short} it`), 0);
  assert.equal(announcer.hear(running(`${short} it`), ended(`${short} it is.`), 10), "Answer complete. And so it is.");
});

test("marks of Markdown are not spoken", () => {
  assert.equal(spoken("# A **bold** [link](https://example.org)\n\n- [x] `done`\n"), "A bold link done");
  assert.equal(spoken("_so_ it is: `snake_case`"), "so it is: snake_case");
  assert.equal(spoken("```python\nx = 1\n```\n"), "x = 1");
  assert.equal(spoken("| a | b |\n|---|---|\n| c | d |"), "a, b c, d");
});
