import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockSplitter } from "../../../static/model/blocks.js";
import { parseMarkdown } from "../../../static/model/parse.js";

const PIECES = [
  "Plain words\nover two lines\n\n",
  "# A heading\nwith text right under it\n\n",
  "- one\n- two\n\n  still two\n\n- three\n",
  "1. first\n\n   ```js\n   let a;\n\n   let b;\n   ```\n2. second\n\n",
  "```python\nx = 1\n\n\ny = 2\n```\n",
  "````\n```\nnot the end\n\n````\n",
  "~~~\n\n```\n\n~~~\n\n",
  "    indented code\n\n    ``` is no fence here\n\nafter\n\n",
  "> quoted\n> ```\n> code\n\nnot quoted\n\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
  "<div>\n\nshown as written\n\n</div>\n\n",
  "* a\n\n\n* b\n\ntext\n\n---\n\n",
  "A setext heading\n===\n\n",
  "- item\n\nnot in the item\n\n- a new list\n\n",
  "- item\n```\ncode\n\nmore\n```\n\n",
  "10. item\n  ```\ncode\n\n  ```\nbehind\n\n",
  "- item\n  ```\n  unclosed\n\nbehind\n\n",
  " - indented item\n\n - another\n\n",
  "text\n- item right after text\n\n- second\n\n",
  "```\nfour spaces close nothing\n    ```\n\nstill code\n```\n",
  "1) a\n\n2. another list\n\n+ and another\n\n",
  "&nbsp;\n\n\tindented by a tab\n\n",
  "- \n\n  after an empty item\n\n",
  "> - a list in a quote\n>\n> - more\n\n- a list outside\n\n",
  "``` not a fence ` here\n\nnext\n\n",
];

const wholeHtml = (blocks) => blocks.map((block) => parseMarkdown(block)).join("");

function randomness(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const pick = (random, list) => list[Math.floor(random() * list.length)];

test("block by block gives the HTML of the whole, for any mixture of pieces", () => {
  const random = randomness(7);
  for (let round = 0; round < 2_000; round += 1) {
    const text = Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(random, PIECES)).join("");
    const { closed, open } = new BlockSplitter().update(text);
    assert.equal(closed.join("") + open, text);
    assert.equal(wholeHtml([...closed, open]), parseMarkdown(text), text);
  }
});

test("text that grows by any steps is cut as if it had come at once", () => {
  const random = randomness(11);
  for (let round = 0; round < 300; round += 1) {
    const text = Array.from({ length: 5 }, () => pick(random, PIECES)).join("");
    const splitter = new BlockSplitter();
    let end = 0;
    while (end < text.length) {
      end = Math.min(text.length, end + 1 + Math.floor(random() * 9));
      assert.equal(splitter.update(text.slice(0, end)).restarted, false);
    }
    const { closed, open } = new BlockSplitter().update(text);
    assert.deepEqual(splitter.closed, closed);
    assert.equal(splitter.update(text).open, open);
  }
});

test("paragraphs are closed as soon as the next one begins", () => {
  const { closed, open } = new BlockSplitter().update("one\n\ntwo\n\nthree\nand mo");
  assert.deepEqual(closed, ["one\n\n", "two\n\n"]);
  assert.equal(open, "three\nand mo");
});

test("another text begins anew", () => {
  const splitter = new BlockSplitter();
  splitter.update("one\n\ntwo\n\n");
  const { closed, open, restarted } = splitter.update("other");
  assert.deepEqual({ closed, open, restarted }, { closed: [], open: "other", restarted: true });
});
