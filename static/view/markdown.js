// Rule: shows growing Markdown in an element. Blocks that are complete are made once and stay; only the last one
// is parsed again. What has come at once while more may come is shown in portions, so that no frame is late.

import { BlockSplitter } from "../model/blocks.js";
import { definitionsIn } from "../model/parse.js";
import { BlockView } from "./block.js";

const PORTION_MS = 8;

export class MarkdownView {
  #splitter = new BlockSplitter();
  #views = []; // one for each block
  #settled = 0; // so many of them are shown as they stay
  #definitions = {}; // what the names of links stand for

  constructor(element) {
    this.element = element;
  }

  /**
   * @param {boolean} isGrowing whether more of the text may come
   * @returns {boolean} whether all of it is shown; where not, it is to be called again
   */
  update(text, isGrowing) {
    const { closed, open, restarted } = this.#splitter.update(text);
    if (restarted) this.#clear();
    const until = isGrowing ? performance.now() + PORTION_MS : Number.POSITIVE_INFINITY;
    for (; this.#settled < closed.length; this.#settled += 1) {
      if (performance.now() > until) return false;
      this.#settle(this.#settled, closed[this.#settled]);
    }
    for (const [at, block] of open.entries()) {
      const view = this.#view(closed.length + at);
      view.update(block, isGrowing && at === open.length - 1, this.#definitions);
      if (!isGrowing) this.#define(block);
    }
    for (const view of this.#views.splice(closed.length + open.length).reverse()) view.remove();
    return true;
  }

  #settle(at, block) {
    this.#view(at).update(block, false, this.#definitions);
    this.#define(block);
  }

  // Links may be named before it is said where they lead.
  #define({ markdown }) {
    const found = definitionsIn(markdown);
    if (!found || Object.keys(found).every((name) => Object.hasOwn(this.#definitions, name))) return;
    this.#definitions = { ...found, ...this.#definitions };
    for (const view of this.#views) view.redefine(this.#definitions);
  }

  #view(at) {
    if (at === this.#views.length) this.#views.push(new BlockView(this.element, this.#views.at(-1) ?? null));
    return this.#views[at];
  }

  #clear() {
    for (const view of this.#views.splice(0).reverse()) view.remove();
    this.#settled = 0;
    this.#definitions = {};
  }
}
