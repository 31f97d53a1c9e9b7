import assert from "node:assert/strict";
import { test } from "node:test";
import { readColours } from "../../../static/model/colours.js";
import { highlight } from "../../../static/view/highlight.js";

const textOf = (part) => (typeof part === "string" ? part : part.parts.map(textOf).join(""));

test("colours change no letter of the code", () => {
  const code = 'const a = `<b class="x">{f("&amp;", \'q\')}</b>`; // <!-- &lt; -->\nif (a < 1 && b > 2) {}\n';
  for (const language of ["javascript", "html", "python", "diff"]) {
    assert.equal(readColours(highlight(code, language)).map(textOf).join(""), code);
  }
});

test("spans stand within spans", () => {
  const [string] = readColours('<span class="a">x<span class="b">y</span></span>');
  assert.equal(string.name, "a");
  assert.deepEqual(string.parts[1].parts, ["y"]);
});
