// Rule: one quiet line that says when the server is away, and nothing while it is there.

import { t } from "../text.js";

// A reconnect that takes less than this is nobody's business.
const QUIET_MS = 400;

export class ConnectionLine {
  #timer = null;

  constructor(element) {
    this.element = element;
  }

  away() {
    this.#timer ??= setTimeout(() => {
      this.element.textContent = t("connection.away");
    }, QUIET_MS);
  }

  back() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.element.textContent = "";
  }
}
