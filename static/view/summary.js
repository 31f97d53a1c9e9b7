// Rule: a quiet line behind the last message that the model knows in short only; what it knows is folded away.

import { h } from "./dom.js";

export class SummaryView {
  #text = h("div", { class: "summarised" });

  constructor() {
    const title = "The model is told this instead of what stands above, once it cannot take in all of it";
    const line = h("summary", { title }, "Summarised up to here");
    this.element = h("details", { class: "summary-line" }, line, this.#text);
  }

  update(text) {
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }
}
