import assert from "node:assert/strict";
import { test } from "node:test";
import { showable } from "../../../static/model/unfinished.js";

const SHOWN = {
  "a line of nothing but marks waits": [
    ["Here:\n-", "Here:\n"],
    ["Text\n==", "Text\n"],
    ["1. one\n2", "1. one\n"],
    ["| a | b |\n|--", ""],
  ],
  "emphasis, code and strokes are closed": [
    ["a **bo", "a **bo**"],
    ["a **bold*", "a **bold**"],
    ["**a** and *b", "**a** and *b*"],
    ["**a *b", "**a *b***"],
    ["`co", "`co`"],
    ["~~ol", "~~ol~~"],
    ["- x\n- **y", "- x\n- **y**"],
  ],
  "what only looks like a mark is left": [
    ["2 * 3 apples", "2 * 3 apples"],
    ["a 5*3", "a 5*3"],
    ["snake_case_x", "snake_case_x"],
    ["`a*b` c", "`a*b` c"],
    ["\\*a", "\\*a"],
    ["**done** text", "**done** text"],
  ],
  "the address of a link or an image is not seen": [
    ["[text](http://x.y", "text"],
    ['[text](http://x.y "ti', "text"],
    ["![alt](data:im", ""],
    ["so ![al", "so "],
    ["[a](b) c", "[a](b) c"],
  ],
  "maths waits for its end, money does not": [
    ["then $x^", "then "],
    ["then \\(x", "then "],
    ["$$\n\\frac", ""],
    ["`$x` and $y$ is", "`$x` and $y$ is"],
    ["It is $5", "It is $5"],
    ["It is $5 and ten", "It is $5 and ten"],
  ],
  "code in an item is left, but for what may close it": [
    ["- x\n  ```py\n  a*b\n  ``", "- x\n  ```py\n  a*b\n"],
    ["- x\n  ```py\n  a*b", "- x\n  ```py\n  a*b"],
  ],
  "what stands before the last paragraph is left": [["*a\n\n*b", "*a\n\n*b*"]],
};

for (const [name, cases] of Object.entries(SHOWN)) {
  test(name, () => {
    for (const [markdown, shown] of cases) assert.equal(showable(markdown), shown);
  });
}

test("maths that does not end is shown after a while", () => {
  assert.match(showable(`$$\n${"x".repeat(2_500)}`), /^\$\$/);
});
