import assert from "node:assert/strict";
import { test } from "node:test";
import { readFence } from "../../../static/model/fence.js";

test("code is read as it grows, and its end is never part of it", () => {
  const text = "```py\na\n\n``\n```\n";
  const seen = Array.from(text, (_, at) => readFence(text.slice(0, at + 1))).filter(Boolean);
  assert.deepEqual(seen.at(0), { code: "", language: "", isClosed: false });
  for (const [at, { code }] of seen.entries()) assert.ok(at === 0 || code.startsWith(seen[at - 1].code));
  assert.deepEqual(seen.at(-1), { code: "a\n\n``\n", language: "py", isClosed: true });
});

test("longer fences, tildes and indented ones are read", () => {
  assert.equal(readFence("````\n```\na\n````").code, "```\na\n");
  assert.equal(readFence("~~~\n```\n~~~\n").code, "```\n");
  assert.equal(readFence("  ```js\n  a\n    b\n  ```").code, "a\n  b\n");
});

test("what is not only code is not read", () => {
  for (const text of ["text", "```\na\n```\nb", "``` no ` fence\n", "    ```\n"])
    assert.equal(readFence(text), null, text);
});
