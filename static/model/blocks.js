// Rule: cuts growing Markdown where a cut changes nothing: parsed one by one, the blocks give what the whole
// gives. So only the last block has to be parsed again while an answer streams, and of a list or a table only the last
// item or row. Where in doubt it does not cut.
// Exceptions: a link by reference, [text][name], needs the definitions of all blocks (see parse.js); the items of a list
// with blank lines between them have no paragraphs of their own.

import { columnsOf, isDelimiter } from "./table_lines.js";

const LIST_ITEM = /^(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const RULE = /^([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const MARKERS_BEFORE_FENCE = /^(?:\s*(?:[-*+]|\d{1,9}[.)])\s+)*\s*/;
const FENCE = /^(`{3,}(?=[^`]*$)|~{3,})/;
// An unfinished line may become an item, a rule or a fence as long as it has nothing but such marks.
const UNDECIDED = /^[\s\d.)\-*+_=~`|>#:]*$/;

// A line that is indented further is code.
const MOST_INDENT = 3;

const indentOf = (line) => line.length - line.trimStart().length;

/** What comes before the space of an item: `-`, or the `.` of `12.`; null where the line begins none at the margin. */
function markOf(line) {
  if (RULE.test(line)) return null;
  return /^(?:([-*+])|\d{1,9}([.)]))[ \t]+\S/.exec(line)?.slice(1).find(Boolean) ?? null;
}

/**
 * @typedef {{markdown: string, head: string, joins: boolean}} Block a part of the text. `joins`: its items or rows go on
 *   with the list or table of the block before; `head`: what has to stand before its rows to make them a table.
 */
export class BlockSplitter {
  constructor() {
    this.#reset();
  }

  /**
   * Takes the whole text so far, which usually is the earlier one with something added.
   *
   * @returns {{closed: Block[], open: Block[], restarted: boolean}} `closed` never changes but at its end, unless
   *   `restarted` says that the text was another one; `open` is the block that may still grow, and behind it the one that
   *   an unfinished line begins.
   */
  update(text) {
    const restarted = !text.startsWith(this.text);
    if (restarted) this.#reset();
    this.text = text;
    for (let end = text.indexOf("\n", this.scanned); end >= 0; end = text.indexOf("\n", this.scanned)) {
      this.#line(text.slice(this.scanned, end), this.scanned, end + 1);
      this.scanned = end + 1;
    }
    return { closed: this.closed, open: this.#open(text.slice(this.scanned)), restarted };
  }

  #open(line) {
    const isDecided = !UNDECIDED.test(line) || (this.table && line.startsWith("|"));
    const cut = isDecided && !this.fence && !this.isUnclear ? this.#cutBefore(line) : null;
    if (cut === null || this.scanned === this.start) return [this.#block(this.text.length)];
    const begun = { markdown: line, joins: cut === "item" || cut === "row", head: cut === "row" ? this.table : "" };
    return [this.#block(this.scanned), begun];
  }

  #reset() {
    this.text = "";
    this.closed = [];
    this.start = 0; // where the open block begins
    this.scanned = 0; // where the first line begins that is not yet whole
    this.fence = null; // the marks that opened a fence, while inside it
    this.mayCut = false; // the last line ended a block, if the next one can begin another
    this.inList = false;
    this.isUnclear = false; // nothing is cut any more
    this.list = null; // the mark of the items that can be cut from each other
    this.table = ""; // the head of the table whose rows can be cut from each other
    this.joins = false; // whether the open block goes on with the one before
    this.head = ""; // what has to stand before the open block
  }

  #line(line, at, end) {
    if (this.isUnclear) return;
    if (this.fence) this.#lineInFence(line, end);
    else if (line.trim() === "") this.mayCut = true;
    else this.#lineOfText(line, at, end);
  }

  #lineInFence(line, end) {
    const marks = line.trim();
    const isMarks = marks.length >= this.fence.length && marks === this.fence[0].repeat(marks.length);
    const closes = isMarks && (this.inList || indentOf(line) <= MOST_INDENT);
    // A line at the margin ends an item and its fence, or belongs to a fence that had ended the list: it depends.
    if (!closes && this.inList && /^\S/.test(line)) this.isUnclear = true;
    if (!closes) return;
    this.fence = null;
    // Behind a fence inside a list the list may go on without a blank line.
    if (!this.inList) this.#cut(end);
  }

  #lineOfText(line, at, end) {
    const cut = this.#cutBefore(line);
    if (cut) this.#cut(at, cut);
    const isItem = LIST_ITEM.test(line.trimStart());
    const isIndented = /^\s/.test(line);
    if (this.start === at || isItem) this.inList = isItem;
    this.mayCut = false;
    this.fence = this.#fenceOpenedBy(line);
    if (this.fence && !isIndented && !isItem) this.inList = false;
    if (!cut || cut === "block") this.#trackParts(line, at, end);
  }

  // What the items or rows of the open block can be cut by.
  #trackParts(line, at, end) {
    if (this.start === at) this.list = markOf(line);
    else if (/^\S/.test(line) && (this.list === null || markOf(line) !== this.list)) this.list = null;
    if (this.start === at) this.table = "";
    else if (this.table) this.table = line.startsWith("|") ? this.table : "";
    else this.table = this.#headEndingIn(line, at, end);
  }

  #headEndingIn(line, at, end) {
    const head = this.text.slice(this.start, at);
    if (head.indexOf("\n") !== head.length - 1 || !head.startsWith("|") || !isDelimiter(line)) return "";
    return columnsOf(head) === columnsOf(line) ? this.text.slice(this.start, end) : "";
  }

  /** @returns {"block" | "item" | "row" | null} what a line begins that can be cut from what stands before it */
  #cutBefore(line) {
    const isItem = LIST_ITEM.test(line.trimStart());
    if (this.list && markOf(line) === this.list) return "item";
    if (this.mayCut && !/^\s/.test(line) && !(this.inList && isItem)) return "block";
    if (this.table && !this.mayCut && line.startsWith("|")) return "row";
    return !this.inList && !isItem && this.#fenceOpenedBy(line) ? "block" : null;
  }

  #block(end) {
    return { markdown: this.text.slice(this.start, end), joins: this.joins, head: this.head };
  }

  #cut(at, what = "block") {
    if (at > this.start) this.closed.push(this.#block(at));
    this.start = at;
    this.joins = what !== "block";
    this.head = what === "row" ? this.table : "";
    if (what === "block") {
      this.list = null;
      this.table = "";
      this.inList = false;
    }
  }

  #fenceOpenedBy(line) {
    if (!this.inList && indentOf(line) > MOST_INDENT) return null;
    return FENCE.exec(line.replace(MARKERS_BEFORE_FENCE, ""))?.[1] ?? null;
  }
}
