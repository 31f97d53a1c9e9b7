import assert from "node:assert/strict";
import { test } from "node:test";
import { plainSnippet } from "../../../static/model/snippet.js";

/** A snippet in which what stands between « and » is marked, as plain words in one line, marked alike. */
function plain(marked, role = "assistant") {
  const pieces = marked
    .split(/[«»]/)
    .map((text, at) => ({ text, match: at % 2 === 1 }))
    .filter(({ text }) => text !== "");
  const shown = plainSnippet(pieces, role);
  for (const [at, piece] of shown.entries()) assert.notEqual(piece.match, shown[at + 1]?.match, "pieces alternate");
  return shown
    .map(({ text, match }) => (match ? `«${text}»` : text))
    .join("")
    .replace(/\s+/g, " ")
    .trim();
}

test("marks go, words stay, and what was found is marked", () => {
  assert.equal(plain("A **«bold»** word, *one* ***more***, ~~gone~~"), "A «bold» word, one more, gone");
  assert.equal(plain("**bold with *«italic»* in it**"), "bold with «italic» in it");
  assert.equal(plain("say `«pier» 3` and ``a ` b``"), "say «pier» 3 and a ` b");
  assert.equal(plain('[«tides»](https://example.org/tides "All") and ![a boat](/boat.png)'), "«tides» and a boat");
  assert.equal(plain("see <https://example.org/«tides»>"), "see https://example.org/«tides»");
  assert.equal(plain("# Title\n\n> - [x] «tickets»\n- hats\n\n---\n1. shoes"), "Title «tickets» · hats 1. shoes");
  assert.equal(plain("\\*not «bold»\\* and a \\| bar"), "*not «bold»* and a | bar");
});

test("the marks within what was found go too", () => {
  assert.equal(plain("it is **«very** good» indeed"), "it is «very good» indeed");
  assert.equal(plain("| a | «b |\n| c» | d |"), "a · «b · c» · d");
});

test("what was found in an address is shown with the address", () => {
  const link = "[the plan](https://example.org/«tides»)";
  assert.equal(plain(`see ${link} now`), `see ${link} now`);
  assert.equal(plain("```«python»\nx = 1\n```"), "```«python» x = 1");
});

test("a dot stands between the items of a list", () => {
  assert.equal(plain("- [ ] «tea»\n- milk\n  * oat\n\nThen"), "«tea» · milk · oat Then");
  assert.equal(plain("Buy:\n\n* «tea»\n* milk"), "Buy: «tea» · milk");
  assert.equal(plain("…tea - «milk»\n- oat\n- rice…"), "…tea - «milk» oat · rice…");
});

test("in code nothing is a mark", () => {
  assert.equal(plain("`f(**«kw»)` and `a | b`"), "f(**«kw») and a | b");
  assert.equal(plain("```python\n# «total»\nx = [a](b) ** 2 ** 3\n```\n**so**"), "# «total» x = [a](b) ** 2 ** 3 so");
  assert.equal(plain("…rest # «total»\n```\n**so**"), "…rest # «total» so");
});

test("of a table its cells are shown", () => {
  const table = "| Time | **Where** |\n|:---|---:|\n| 7:40 | «Pier» 3 |\n| 9:00 | a \\| b |\n\nThen";
  assert.equal(plain(table), "Time · Where · 7:40 · «Pier» 3 · 9:00 · a | b Then");
  assert.equal(plain("Time | Where\n--- | ---\n7:40 | «Pier»"), "Time · Where 7:40 · «Pier»");
  assert.equal(plain("…40 | «Pier» 3 |\n| 9:00 | Nor…"), "…40 · «Pier» 3 · 9:00 · Nor…");
  assert.equal(plain("cat a | «grep» b | wc"), "cat a | «grep» b | wc");
});

test("where a pair is cut its half is no word either", () => {
  assert.equal(plain("…bold «end»** and **new «bold…»"), "…bold «end» and new «bold…»");
  assert.equal(plain("…the «tides»](https://example.org) and [a «plan»](https://exam…"), "…the «tides» and a «plan»…");
  assert.equal(plain("…code` and `«more…»"), "…code and «more…»");
});

test("what only looks like a mark stays", () => {
  for (const text of [
    "2 * 3 * «4»",
    "«2»**3",
    "snake_«case»_name",
    "C# and «F#»",
    "a - «b»",
    "[1] «x» (y)",
    "5 «>» 3",
  ]) {
    assert.equal(plain(text), text);
  }
});

test("an underscore is a mark where it is shown as one", () => {
  assert.equal(plain("an _«odd»_ __word__"), "an «odd» word");
  assert.equal(plain("what is __«init»__?", "user"), "what is __«init»__?");
});

test("a snippet is never split within a letter", () => {
  assert.equal(plain("**🦜 «🦜»** end"), "🦜 «🦜» end");
});
