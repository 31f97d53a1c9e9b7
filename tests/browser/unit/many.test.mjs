import assert from "node:assert/strict";
import { test } from "node:test";
import { changeMany } from "../../../static/many.js";

const IDS = Array.from({ length: 20 }, (_, at) => `s${at}`);
const refusal = (status, message) => Object.assign(new Error(message), { status });

test("all are changed, a few at a time, and counted as they are", async () => {
  let [running, most] = [0, 0];
  const counts = [];
  const change = async () => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
  };
  const { done, problem } = await changeMany(IDS, change, (count) => counts.push(count));
  assert.deepEqual([[...done].sort(), problem], [[...IDS].sort(), null]);
  assert.equal(most, 6);
  assert.deepEqual(
    counts,
    IDS.map((_, at) => at + 1),
  );
});

test("one that is refused keeps none of the others", async () => {
  const change = async (id) => {
    if (id === "s3") throw refusal(404, "There is none.");
  };
  const { done, problem } = await changeMany(IDS, change);
  assert.deepEqual([done.length, done.includes("s3"), problem], [19, false, "There is none."]);
});

test("a server that is away is not asked for the rest", async () => {
  let asked = 0;
  const change = async () => {
    asked += 1;
    throw refusal(0, "Away.");
  };
  assert.deepEqual(await changeMany(IDS, change), { done: [], problem: "Away." });
  assert.equal(asked, 6);
});

test("a fault of the program is no refusal", async () => {
  await assert.rejects(
    changeMany(["a"], () => Promise.reject(new TypeError("x"))),
    TypeError,
  );
});
