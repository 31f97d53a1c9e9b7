import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Search } from "../../../static/search.js";

function begin() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  const problems = [];
  const api = {
    search: (words, after) => new Promise((resolve, reject) => asked.push({ words, after, resolve, reject })),
  };
  const search = new Search({ api, onChange() {}, onProblem: (message) => problems.push(message) });
  return { asked, problems, search };
}

const page = (ids, more = false) => ({ data: ids.map((id) => ({ id })), has_more: more, "verbatim:complete": true });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("what is typed fast is asked for once, a moment later", async () => {
  const { asked, search } = begin();
  for (const text of ["t", "te", "tea "]) search.type(text);
  assert.equal(asked.length, 0);
  mock.timers.tick(150);
  assert.deepEqual(
    asked.map(({ words, after }) => [words, after]),
    [["tea", null]],
  );
  asked[0].resolve(page(["a", "b"]));
  await settled();
  assert.equal(search.words, "tea");
  assert.deepEqual(
    search.hits.map((hit) => hit.id),
    ["a", "b"],
  );
});

test("an answer to what is not typed any more is dropped, and so is its error", async () => {
  const { asked, problems, search } = begin();
  search.now("tea");
  search.now("milk");
  search.now("sugar");
  asked[2].resolve(page(["s"]));
  await settled();
  asked[0].resolve(page(["t"]));
  asked[1].reject(new Error("too late"));
  await settled();
  assert.deepEqual(
    search.hits.map((hit) => hit.id),
    ["s"],
  );
  assert.ok(!problems.includes("too late"));
});

test("without a word nothing is asked, and nothing stays of what was found", async () => {
  const { asked, search } = begin();
  search.now("tea");
  asked[0].resolve(page(["t"]));
  await settled();
  search.type(' "" - ');
  mock.timers.tick(1000);
  assert.equal(asked.length, 1);
  assert.deepEqual(search.hits, []);
  assert.equal(search.words, "");
});

test("pages follow each other, once at a time, and end", async () => {
  const { asked, search } = begin();
  search.now("tea");
  asked[0].resolve(page(["a", "b"], true));
  await settled();
  const both = [search.more(), search.more()];
  assert.deepEqual([asked.length, asked[1].after], [2, "b"]);
  asked[1].resolve(page(["c"]));
  await Promise.all(both);
  await search.more();
  assert.equal(asked.length, 2);
  assert.deepEqual(
    search.hits.map((hit) => hit.id),
    ["a", "b", "c"],
  );
});

test("a refusal is told in the server's words, until something is found", async () => {
  const { asked, problems, search } = begin();
  search.now("tea");
  asked[0].reject(new Error("nothing can be searched here"));
  await settled();
  assert.equal(problems.at(-1), "nothing can be searched here");
  search.now("milk");
  asked[1].resolve({ ...page([]), "verbatim:complete": false });
  await settled();
  assert.equal(problems.at(-1), "");
  assert.equal(search.isComplete, false);
});
