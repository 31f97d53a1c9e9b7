// Rule: what the model thought is folded away above its answer, letter by letter; while it stays folded nothing of it is
// put on the page.

import { t } from "../text.js";
import { h } from "./dom.js";

export class ReasoningView {
  #text = "";
  #shown = h("div", { class: "thoughts" });

  constructor() {
    const summary = h("summary", {}, t("message.reasoning"));
    this.element = h("details", { class: "reasoning", hidden: true }, summary, this.#shown);
    this.element.addEventListener("toggle", () => this.#show());
  }

  update(text) {
    if (text === this.#text) return;
    this.#text = text;
    this.element.hidden = text === "";
    this.#show();
  }

  #show() {
    const text = this.element.open ? this.#text : "";
    const known = this.#shown.textContent;
    // What stands there stays, and with it a selection.
    if (known !== "" && text.startsWith(known)) this.#shown.append(text.slice(known.length));
    else this.#shown.textContent = text;
  }
}
