// Rule: a block of code with its language, its colours and a button that copies it. While it grows, what is new is
// added behind what is there: it is coloured anew only now and then, and only what looks different then is replaced.

import { readColours } from "../model/colours.js";
import { t } from "../text.js";
import { copyText } from "./clipboard.js";
import { h, icon } from "./dom.js";
import { highlight, nameOfLanguage } from "./highlight.js";

const COPIED_FOR_MS = 1_500;
// Up to here each piece is coloured as it comes; beyond, when an eighth has been added.
const COLOURED_AT_ONCE = 2_000;
const UNCOLOURED_SHARE = 1 / 8;
// Beyond, colouring would be felt while one types: it waits for the end, and comes in portions.
const LONGEST_LIVE_CODE = 20_000;
const PARTS_IN_A_FRAME = 600;

export class CodeBlock {
  #language = h("span", { class: "language" });
  #code = h("code");
  #text = ""; // what is shown
  #parts = []; // what is coloured of it, as `readColours` gives it; the nodes of the code element begin with them
  #coloured = 0; // so many characters
  #inLanguage = "";
  #portions = 0; // the frame that brings more colours

  constructor() {
    const head = h("div", { class: "code-head" }, this.#language, copyButton());
    this.element = h("div", { class: "code-block", dir: "ltr" }, head, h("pre", { tabindex: "0" }, this.#code));
  }

  update(text, language, isGrowing) {
    cancelAnimationFrame(this.#portions);
    if (language !== this.#inLanguage) this.#begin(language);
    if (this.#isDue(text, isGrowing)) this.#colour(text);
    else this.#append(text);
    this.#text = text;
  }

  #begin(language) {
    this.#inLanguage = language;
    this.#language.textContent = nameOfLanguage(language);
    this.#code.replaceChildren();
    this.#text = "";
    this.#parts = [];
    this.#coloured = 0;
  }

  #isDue(text, isGrowing) {
    if (!isGrowing) return this.#coloured !== text.length || text !== this.#text;
    const added = text.length - this.#coloured;
    if (text.length <= COLOURED_AT_ONCE) return added !== 0;
    return text.length <= LONGEST_LIVE_CODE && added > text.length * UNCOLOURED_SHARE;
  }

  #append(text) {
    const last = this.#code.lastChild;
    if (!text.startsWith(this.#text)) {
      this.#code.replaceChildren(text);
      this.#parts = [];
      this.#coloured = 0;
    } else if (last instanceof Text && this.#code.childNodes.length > this.#parts.length) {
      last.appendData(text.slice(this.#text.length));
    } else this.#code.append(text.slice(this.#text.length));
  }

  #colour(text) {
    const html = this.#inLanguage && highlight(text, this.#inLanguage.toLowerCase());
    if (!html) return this.#append(text);
    const parts = readColours(html);
    let same = 0;
    while (same < this.#parts.length && isSame(parts[same], this.#parts[same])) same += 1;
    for (let last = this.#code.lastChild; this.#code.childNodes.length > same; last = this.#code.lastChild)
      last.remove();
    this.#coloured = text.length;
    this.#add(parts, same);
  }

  // What has no colours yet is there as plain text, so that nothing moves when they come.
  #add(parts, from) {
    const until = from + PARTS_IN_A_FRAME;
    this.#code.append(...parts.slice(from, until).map(nodeOf));
    this.#parts = parts.slice(0, until);
    if (until >= parts.length) return;
    const rest = document.createTextNode(parts.slice(until).map(textOf).join(""));
    this.#code.append(rest);
    this.#portions = requestAnimationFrame(() => {
      rest.remove();
      this.#add(parts, until);
    });
  }
}

/** Code that stands within other Markdown; what is very long of it stays plain. */
export function codeBlock(text, language, isGrowing) {
  const block = new CodeBlock();
  block.update(text, language, isGrowing || text.length > LONGEST_LIVE_CODE);
  return block.element;
}

const textOf = (part) => (typeof part === "string" ? part : part.parts.map(textOf).join(""));

const isSame = (one, other) => one === other || (one?.html !== undefined && one.html === other?.html);

const nodeOf = (part) => (typeof part === "string" ? part : h("span", { class: part.name }, ...part.parts.map(nodeOf)));

function copyButton() {
  const label = h("span", { "aria-live": "polite" }, t("code.copy"));
  const button = h("button", { type: "button", class: "copy" }, icon("copy"), label);
  button.addEventListener("click", async () => {
    const code = button.closest(".code-block").querySelector("pre").textContent;
    label.textContent = (await copyText(code.replace(/\n$/, ""))) ? t("code.copied") : t("code.notCopied");
    setTimeout(() => {
      label.textContent = t("code.copy");
    }, COPIED_FOR_MS);
  });
  return button;
}
