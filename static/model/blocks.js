// Rule: cuts growing Markdown where a cut changes nothing: parsed one by one, the blocks give what the whole
// gives. So only the last block has to be parsed again while an answer streams. Where in doubt it does not cut.
// The one exception is a link by reference, [text][name], whose definition stands in another block: it is shown as
// it was written.

const LIST_ITEM = /^(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const MARKERS_BEFORE_FENCE = /^(?:\s*(?:[-*+]|\d{1,9}[.)])\s+)*\s*/;
const FENCE = /^(`{3,}(?=[^`]*$)|~{3,})/;

// A line that is indented further is code.
const MOST_INDENT = 3;

const indentOf = (line) => line.length - line.trimStart().length;

export class BlockSplitter {
  constructor() {
    this.#reset();
  }

  /**
   * Takes the whole text so far, which usually is the earlier one with something added.
   *
   * @returns {{closed: string[], open: string, restarted: boolean}} `closed` never changes but at its end, unless
   *   `restarted` says that the text was another one.
   */
  update(text) {
    const restarted = !text.startsWith(this.text);
    if (restarted) this.#reset();
    this.text = text;
    for (let end = text.indexOf("\n", this.scanned); end >= 0; end = text.indexOf("\n", this.scanned)) {
      this.#line(text.slice(this.scanned, end), this.scanned);
      this.scanned = end + 1;
    }
    return { closed: this.closed, open: text.slice(this.start), restarted };
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
  }

  #line(line, at) {
    if (this.isUnclear) return;
    if (this.fence) this.#lineInFence(line);
    else if (line.trim() === "") this.mayCut = true;
    else this.#lineOfText(line, at);
  }

  #lineInFence(line) {
    const marks = line.trim();
    const isMarks = marks.length >= this.fence.length && marks === this.fence[0].repeat(marks.length);
    const closes = isMarks && (this.inList || indentOf(line) <= MOST_INDENT);
    // A line at the margin ends an item and its fence, or belongs to a fence that had ended the list: it depends.
    if (!closes && this.inList && /^\S/.test(line)) this.isUnclear = true;
    if (!closes) return;
    this.fence = null;
    // Behind a fence inside a list the list may go on without a blank line.
    this.mayCut = !this.inList;
  }

  #lineOfText(line, at) {
    const isItem = LIST_ITEM.test(line.trimStart());
    const isIndented = /^\s/.test(line);
    if (this.mayCut && !isIndented && !(this.inList && isItem)) this.#cut(at);
    if (this.start === at || isItem) this.inList = isItem;
    this.mayCut = false;
    this.fence = this.#fenceOpenedBy(line);
    if (this.fence && !isIndented && !isItem) this.inList = false;
  }

  #cut(at) {
    if (at > this.start) this.closed.push(this.text.slice(this.start, at));
    this.start = at;
  }

  #fenceOpenedBy(line) {
    if (!this.inList && indentOf(line) > MOST_INDENT) return null;
    return FENCE.exec(line.replace(MARKERS_BEFORE_FENCE, ""))?.[1] ?? null;
  }
}
