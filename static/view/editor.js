// Rule: a message of one's own, to be written anew in its place. Enter sends and Escape leaves all as it was, by the same
// rules as in the composer.

import { t } from "../text.js";
import { fit, sendsWith } from "./composer.js";
import { h } from "./dom.js";

const MOST_LINES_PX = 400;

export class Editor {
  #isSending = false; // what goes along is fetched

  /** @param {{text: string, onSend: (text: string) => boolean | Promise<boolean>, onClose: (isSent: boolean) => void}} options
   *   onSend: whether it was taken */
  constructor({ text, onSend, onClose }) {
    Object.assign(this, { before: text, onSend, onClose });
    this.input = h("textarea", { "aria-label": t("turn.editor"), rows: "1", dir: "auto" });
    this.input.value = text;
    const cancel = h("button", { type: "button", class: "plain", click: () => onClose(false) }, t("turn.cancel"));
    const send = h("button", { type: "submit", class: "filled" }, t("turn.sendEdited"));
    const choices = h("div", { class: "choices" }, cancel, send);
    this.element = h("form", { class: "editor" }, this.input, choices);
    this.element.addEventListener("submit", (event) => this.#submit(event));
    this.input.addEventListener("input", () => fit(this.input, MOST_LINES_PX));
    this.input.addEventListener("keydown", (event) => this.#key(event));
  }

  /** What was written and not sent; empty where nothing was changed. */
  get words() {
    return this.input.value === this.before ? "" : this.input.value;
  }

  focus() {
    fit(this.input, MOST_LINES_PX);
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  #key(event) {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      this.onClose(false);
    } else if (sendsWith(event)) {
      event.preventDefault();
      this.element.requestSubmit();
    }
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (text === "" || this.#isSending) return;
    this.#isSending = true;
    const taken = this.onSend(text);
    const isTaken = taken instanceof Promise ? await taken : taken;
    this.#isSending = false;
    if (isTaken && this.element.isConnected) this.onClose(true);
  }
}
