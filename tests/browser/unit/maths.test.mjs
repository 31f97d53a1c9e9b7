import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMarkdown } from "../../../static/model/parse.js";

const mathsIn = (text) =>
  [...parseMarkdown(text).matchAll(/<code class="(maths[^"]*)">([^<]*)</g)].map(([, kind, source]) => [kind, source]);

test("all four ways to write maths are maths", () => {
  assert.deepEqual(mathsIn("a $x^2$ and \\(y\\)"), [
    ["maths", "$x^2$"],
    ["maths", "\\(y\\)"],
  ]);
  for (const text of [
    "$$x$$",
    "\\[x\\]",
    "$$\nx\n$$",
    "before:\n\\[\nx\n\\]\nbehind",
    "- item\n  $$\n  x\n  $$\n",
    "> $$x$$",
  ]) {
    assert.equal(mathsIn(text)[0]?.[0], "maths display", text);
  }
});

test("sums of money, code and what is not closed are no maths", () => {
  for (const text of [
    "It costs $5 and $10.",
    "$5-$10",
    "US$5 or CA$6$",
    "between $100,000 and 200,000$.",
    "$5 million, or rather 10$",
    "`$x$`",
    "$x",
    "\\(x",
    "\\$x$",
    "a $ b $ c",
    "$$\na\n\nb\n$$",
    "a \\\\(b\\\\) c",
    "$$$$",
  ]) {
    assert.deepEqual(mathsIn(text), [], text);
  }
});

test("what stands in maths is no Markdown and no HTML", () => {
  assert.deepEqual(mathsIn("$a*b$ and $c*d$"), [
    ["maths", "$a*b$"],
    ["maths", "$c*d$"],
  ]);
  assert.deepEqual(mathsIn("$<img src=x>$"), [["maths", "$&lt;img src=x&gt;$"]]);
});

test("openings without an end take no time", () => {
  const began = performance.now();
  for (const mark of ["\\[", "\\( ", "$a ", "$$a\n", "x\n$$", "a\n\\[x\n"])
    parseMarkdown(mark.repeat(50_000 / mark.length));
  assert.ok(performance.now() - began < 5_000);
});
