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
  "- one\n- two\n- three\n",
  "- one\n  - deeper\n  - deeper\n- two\n\n",
  "1. a\n2. b\n   more of b\n3. c\n\n",
  "- [ ] to do\n- [x] done\n",
  "- a\n- - -\n- b\n\n",
  "* a\n* * *\n* b\n",
  "- a\nlazily on\n- b\n\n",
  "- a\n# a heading\n- b\n\n",
  "- a\n  ```\n- in code\n  ```\n- b\n\n",
  "- a\n  | x |\n  |---|\n  | y |\n- b\n\n",
  "-\n- an empty one before\n-\n\n",
  "- a\n+ another list\n- a third\n\n",
  "-     code in an item\n- b\n\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n> a quote ends it\n\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\nno bar, a row\n| 3 | 4 |\n\n",
  "| a \\| b |\n|---|\n| 1 |\n| 2 | 3 |\n",
  "| a |\n|---|---|\n| not a table |\n\n",
  "| a | b |\n|---|---|\n\n",
  "before a table\n| a |\n|---|\n| 1 |\n\n",
  "right before\n```\ncode\n\n```\nright behind\n",
  "> quoted\n```\ncode\n```\n    indented\n\n",
];

const LIST_END = /<\/[uo]l>\n$/;
const TABLE_END = /(?:<\/tbody>)?<\/table>\n$/;

// Puts blocks together as the page does: items and rows go on with the list or table before them.
function wholeHtml(blocks) {
  let html = "";
  for (const { markdown, head, joins } of blocks) {
    const own = parseMarkdown(head + markdown);
    if (joins && head)
      html = html.replace(TABLE_END, html.endsWith("</tbody></table>\n") ? "" : "<tbody>") + rowsOf(own);
    else if (joins) html = html.replace(LIST_END, "") + own.replace(/^<[uo]l[^>]*>\n/, "");
    else html += own;
  }
  return withoutItemParagraphs(html);
}

const rowsOf = (html) => html.slice(html.indexOf("<tbody>") + "<tbody>".length);

function withoutItemParagraphs(html) {
  let depth = 0;
  return html.replace(/<(\/?)([a-z0-9]+)[^>]*>\n?|\n/g, (tag, slash, name) => {
    if (name === "ul" || name === "ol") depth += slash ? -1 : 1;
    return depth > 0 && (name === "p" || tag === "\n") ? "" : depth > 0 ? tag.trimEnd() : tag;
  });
}

const wholeText = (blocks) => blocks.map(({ markdown }) => markdown).join("");

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
  for (let round = 0; round < 6_000; round += 1) {
    const text = Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(random, PIECES)).join("");
    const { closed, open } = new BlockSplitter().update(text);
    assert.equal(wholeText([...closed, ...open]), text);
    assert.equal(wholeHtml([...closed, ...open]), withoutItemParagraphs(parseMarkdown(text)), text);
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
    assert.deepEqual(splitter.update(text).open, open);
  }
});

const whole = (markdown) => ({ markdown, head: "", joins: false });
const joined = (markdown, head = "") => ({ markdown, head, joins: true });

test("paragraphs are closed as soon as the next one begins", () => {
  const { closed, open } = new BlockSplitter().update("one\n\ntwo\n\nthree\nand mo");
  assert.deepEqual(closed, [whole("one\n\n"), whole("two\n\n")]);
  assert.deepEqual(open, [whole("three\nand mo")]);
});

test("an unfinished line begins its block as soon as it cannot be anything else", () => {
  const splitter = new BlockSplitter();
  assert.deepEqual(splitter.update("- one\n\n2").open, [whole("- one\n\n2")]);
  assert.deepEqual(splitter.update("- one\n\n2 men").open, [whole("- one\n\n"), whole("2 men")]);
});

test("items of a list are closed one by one, with what stands in them", () => {
  const { closed, open } = new BlockSplitter().update("- one\n  - in it\n- two\n\n  more\n\n- thr");
  assert.deepEqual(closed, [whole("- one\n  - in it\n")]);
  assert.deepEqual(open, [joined("- two\n\n  more\n\n"), joined("- thr")]);
});

test("rows of a table are closed one by one, and know their head", () => {
  const head = "| a | b |\n|:--|---|\n";
  const { closed, open } = new BlockSplitter().update(`${head}| 1 | 2 |\n| 3 | \\| |\n| 5`);
  assert.deepEqual(closed, [whole(head), joined("| 1 | 2 |\n", head)]);
  assert.deepEqual(open, [joined("| 3 | \\| |\n", head), joined("| 5", head)]);
});

test("code is a block of its own, whatever stands right before and behind it", () => {
  const { closed, open } = new BlockSplitter().update("Look:\n```js\na\n\nb\n```\nand mo");
  assert.deepEqual(closed, [whole("Look:\n"), whole("```js\na\n\nb\n```\n")]);
  assert.deepEqual(open, [whole("and mo")]);
});

test("a long list, table or block of code leaves little to be parsed again", () => {
  const longest = (line, first = "") => {
    const splitter = new BlockSplitter();
    let text = first;
    let most = 0;
    for (let number = 0; number < 500; number += 1) {
      text += line;
      const { open } = splitter.update(text);
      most = Math.max(most, ...open.map(({ markdown }) => markdown.length));
    }
    return most;
  };
  assert.ok(longest("- an item of the list\n") < 50);
  assert.ok(longest("1. loose\n\n") < 50);
  assert.ok(longest("| a | b |\n", "| a | b |\n|---|---|\n") < 50);
});

test("another text begins anew", () => {
  const splitter = new BlockSplitter();
  splitter.update("one\n\ntwo\n\n");
  const { closed, open, restarted } = splitter.update("other");
  assert.deepEqual({ closed, open, restarted }, { closed: [], open: [whole("other")], restarted: true });
});
