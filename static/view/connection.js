// Rule: one quiet line that says when the server is away, and nothing while it is there. The time that passes is for the
// eyes only: who listens hears what has happened, once.

import { remarks, spanOf } from "../model/away.js";
import { h } from "./dom.js";

// A reconnect that takes less than this is nobody's business.
const QUIET_MS = 400;
const TICK_MS = 1_000;

const WORDS = {
  "connection.away": () => "The connection is away; your messages go out when it is back.",
  "connection.awayFor": ({ time }) => `Away for ${time}; your messages go out when it is back.`,
  "connection.waiting": ({ count }) => (count === 1 ? "1 message waits." : `${count} messages wait.`),
  "connection.notKept": () => "This browser keeps nothing: leave the page open until they are sent.",
};
const t = (key, values = {}) => WORDS[key](values);
const locale = "en";

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
    const follows = remarks(this.outbox).map(([key, values]) => t(key, values));
    say(this.#said, [t("connection.away"), ...follows]);
    say(this.#shown, [t("connection.awayFor", { time: timeOf(Date.now() - this.#since) }), ...follows]);
    if (!this.#said.isConnected) this.element.replaceChildren(this.#said, this.#shown);
    this.#timer = setTimeout(() => this.#show(), TICK_MS);
  }
}

// An element whose text is set anew is read aloud anew.
function say(element, sentences) {
  const text = sentences.join(" ");
  if (element.textContent !== text) element.textContent = text;
}

const timeOf = (milliseconds) =>
  spanOf(milliseconds)
    .map(([unit, count]) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(count))
    .join(" ");
