// Rule: what is said here is spoken when the screen reader has a moment, each piece as a piece of its own: a text that
// took the place of another might never be heard.

import { h } from "./dom.js";

const KEPT = 4;

export class LiveRegion {
  constructor(element) {
    this.element = element;
  }

  say(text) {
    if (text === "") return;
    this.element.append(h("p", { dir: "auto" }, text));
    while (this.element.childElementCount > KEPT) this.element.firstElementChild.remove();
  }

  clear() {
    this.element.replaceChildren();
  }
}
