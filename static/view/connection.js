// Rule: one quiet line that says when the server is away, and nothing while it is there. The time that passes is for the
// eyes only: who listens hears what has happened, once.

import { awayWords } from "../model/away.js";
import { h } from "./dom.js";

// A reconnect that takes less than this is nobody's business.
const QUIET_MS = 400;
const TICK_MS = 1_000;

export class ConnectionLine {
  #since = null;
  #timer = null;
  #said = h("span", { class: "unseen" });
  #shown = h("span", { "aria-hidden": "true" });

  /** @param {{element: HTMLElement, outbox: {waiting: number, isKept: boolean}}} options */
  constructor({ element, outbox }) {
    this.element = element;
    this.outbox = outbox;
  }

  away() {
    if (this.#since !== null) return;
    this.#since = Date.now();
    this.#timer = setTimeout(() => this.#show(), QUIET_MS);
  }

  back() {
    clearTimeout(this.#timer);
    this.#since = null;
    this.element.replaceChildren();
  }

  #show() {
    const { said, shown } = awayWords(Date.now() - this.#since, this.outbox);
    // An element whose text is set anew is read aloud anew.
    if (this.#said.textContent !== said) this.#said.textContent = said;
    this.#shown.textContent = shown;
    if (!this.#said.isConnected) this.element.replaceChildren(this.#said, this.#shown);
    this.#timer = setTimeout(() => this.#show(), TICK_MS);
  }
}
