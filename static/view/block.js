// Rule: shows one block of Markdown. Where it goes on with the list or the table of the block before, its items or
// rows are put there; all else stands in an element of its own.

import { readFence } from "../model/fence.js";
import { showable } from "../model/unfinished.js";
import { CodeBlock } from "./code_block.js";
import { h } from "./dom.js";
import { grow } from "./growth.js";
import { render } from "./render.js";

export class BlockView {
  #container;
  #previous;
  #own = null; // its own element, if it has one
  #part = null; // the list or the rows that a block behind it may go on with
  #items = []; // those of its nodes that stand in there
  #code = null; // where it is nothing but code
  #shownAs = ""; // what is shown
  #hasFollower = false; // whether the block behind it stands in the same list or table

  /** @param {BlockView | null} previous */
  constructor(container, previous) {
    this.#container = container;
    this.#previous = previous;
  }

  /** @param {{markdown: string, head: string, joins: boolean}} block */
  update(block, isGrowing, definitions) {
    const shownAs = `${isGrowing} ${block.markdown}`;
    if (shownAs === this.#shownAs) return;
    this.#shownAs = shownAs;
    this.block = block;
    this.#show(isGrowing, definitions);
  }

  /** The names of links stand for something else than they did. */
  redefine(definitions) {
    if (this.block?.markdown.includes("[") && !this.#code) this.#show(false, definitions);
  }

  remove() {
    if (this.block?.joins) this.#previous.#hasFollower = false;
    for (const item of this.#items) item.remove();
    this.#own?.remove();
  }

  #show(isGrowing, definitions) {
    const { markdown, head, joins } = this.block;
    if (markdown.trim() === "") return;
    const fence = joins ? null : readFence(markdown);
    if (fence) return this.#showCode(fence, isGrowing && !fence.isClosed);
    this.#code = null;
    const text = isGrowing ? showable(markdown) : markdown;
    const fresh = text.trim() === "" ? [] : [...render(head + text, definitions, isGrowing).children];
    const part = joins ? this.#previous.#part : this.#hasFollower && this.#part;
    const items = part && fresh.length > 0 ? itemsOf(fresh[0], part) : null;
    if (items) this.#join(part, items, fresh[0]);
    else if (joins) for (const item of this.#items) item.remove();
    this.#showOwn(items ? fresh.slice(1) : fresh);
    if (!items) this.#findPart();
  }

  #showCode({ code, language }, isGrowing) {
    if (!this.#code) {
      this.#code = new CodeBlock();
      this.#ownElement().replaceChildren(this.#code.element);
    }
    this.#code.update(code, language, isGrowing);
  }

  #join(part, items, list) {
    this.#part = part;
    if (this.block.joins) this.#previous.#hasFollower = true;
    const last = this.#items.at(-1) ?? (this.block.joins ? this.#previous.#items.at(-1) : null);
    this.#items = grow(part, this.#items, items, last?.nextSibling ?? null);
    // With a blank line between two of its items the whole list is a loose one.
    const isApart = this.block.joins && /\n[ \t]*\n$/.test(this.#previous.block.markdown);
    if (isApart || list.classList.contains("loose")) part.classList.add("loose");
  }

  // Where its items stand in a list that others go on with, its own element is that list's.
  #showOwn(nodes) {
    if (this.#hasFollower && !this.block.joins) return;
    if (nodes.length === 0 && !this.#own) return;
    const own = this.#ownElement();
    grow(own, [...own.childNodes], nodes);
  }

  #ownElement() {
    if (this.#own) return this.#own;
    this.#own = h("div", { class: "block", dir: "auto" });
    let before = this.#previous;
    while (before && !before.#own) before = before.#previous;
    if (before) before.#own.after(this.#own);
    else this.#container.prepend(this.#own);
    return this.#own;
  }

  #findPart() {
    const last = this.#own?.lastElementChild;
    this.#part = last?.matches("ul, ol") ? last : (last?.matches(".table-frame") && rowsIn(last)) || null;
    this.#items = this.#part ? [...this.#part.children] : [];
  }
}

const rowsIn = (frame) => {
  const table = frame.querySelector("table");
  return table.tBodies[0] ?? table.createTBody();
};

function itemsOf(element, part) {
  if (element.tagName === part.tagName) return [...element.children];
  if (part.tagName === "TBODY" && element.matches(".table-frame")) return [...element.querySelectorAll("tbody > tr")];
  return null;
}
