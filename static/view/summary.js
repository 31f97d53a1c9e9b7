// Rule: a quiet line behind the last message that the model knows in short only; what it knows is folded away.

import { t } from "../text.js";
import { h } from "./dom.js";

export class SummaryView {
  #text = h("div", { class: "summarised" });

  constructor() {
    const line = h("summary", { title: t("message.summarisedWhy") }, t("message.summarised"));
    this.element = h("details", { class: "summary-line" }, line, this.#text);
  }

  update(text) {
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }
}
