// Rule: where messages are not loaded yet stands one quiet line, which asks for them when it comes near the view. The
// reader can ask too: who uses neither wheel nor finger, or whom a fault has kept waiting.

import { t } from "../text.js";
import { h } from "./dom.js";

export class GapView {
  #isAsked = false;

  /** @param {(key: string, isNewer: boolean) => Promise<void>} onAsk */
  constructor(entry, onAsk) {
    this.entry = entry;
    this.onAsk = onAsk;
    const label = entry.after === null ? t("conversation.earlier") : t("conversation.between");
    const button = h("button", { type: "button", class: "link", click: () => this.ask() }, label);
    this.element = h("div", { class: "gap" }, button);
  }

  update() {}

  tick() {}

  /** Asks for the messages on the side that the reader comes from: those after the gap, unless it is still ahead. */
  ask = async () => {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const { top, height } = this.element.getBoundingClientRect();
    const frame = this.element.closest(".scroll").getBoundingClientRect();
    const isBelow = top + height / 2 > frame.top + frame.height / 2;
    await this.onAsk(this.entry.key, this.entry.after !== null && isBelow);
    this.#isAsked = false;
  };
}
