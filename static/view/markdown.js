// Rule: shows growing Markdown in an element. Blocks that are complete are made once and stay; only the last one
// is parsed again.

import { BlockSplitter } from "../model/blocks.js";
import { parseMarkdown } from "../model/parse.js";
import { t } from "../text.js";
import { codeBlock } from "./code_block.js";
import { h } from "./dom.js";
import { sanitize } from "./sanitize.js";

// While it grows, a longer block of code stays plain: colouring it anew for each frame would cost more than it gives.
const LONGEST_LIVE_CODE = 2_000;

export class MarkdownView {
  #splitter = new BlockSplitter();
  #shown = 0; // closed blocks that stand in the element
  #open = null; // the element of the block that may still grow
  #openAs = ""; // what it shows, and whether coloured

  constructor(element) {
    this.element = element;
  }

  /** @param {boolean} isGrowing whether more of the text may come */
  update(text, isGrowing) {
    const { closed, open, restarted } = this.#splitter.update(text);
    if (restarted) this.#clear();
    for (; this.#shown < closed.length; this.#shown += 1) this.#show(closed[this.#shown], false);
    this.#show(open, isGrowing);
    if (open.trim() !== "") this.#open = this.element.lastElementChild;
  }

  #clear() {
    this.element.replaceChildren();
    this.#shown = 0;
    this.#open = null;
  }

  // The open element is taken for the next block, so that what was on the screen stays where it is.
  #show(markdown, isGrowing) {
    if (markdown.trim() === "") return;
    const isColoured = !isGrowing || markdown.length < LONGEST_LIVE_CODE;
    const shownAs = `${isColoured} ${markdown}`;
    const isShown = this.#open !== null && this.#openAs === shownAs;
    const block = this.#open ?? this.element.appendChild(h("div", { class: "block" }));
    this.#open = null;
    this.#openAs = shownAs;
    // Made again, it would lose a selection, the focus, and a click that is under way.
    if (!isShown) block.replaceChildren(render(markdown, isColoured));
  }
}

function render(markdown, isColoured) {
  const fragment = sanitize(parseMarkdown(markdown));
  for (const pre of fragment.querySelectorAll("pre")) pre.replaceWith(codeBlock(pre, isColoured));
  for (const table of fragment.querySelectorAll("table")) frame(table);
  for (const box of fragment.querySelectorAll("input")) box.disabled = true;
  return fragment;
}

// A wide table scrolls by itself and leaves the page in its place.
function frame(table) {
  const scroller = h("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": t("markdown.table") });
  table.replaceWith(scroller);
  scroller.append(table);
}
