// Rule: takes what the user writes. Enter sends, Shift+Enter breaks the line, and a key that only ends the choice
// of a character (an input method at work) does neither. Where a finger writes, Enter breaks the line.

import { quotationOf } from "../model/quotation.js";

const MOST_LINES_PX = 240;

const TOUCH = "(hover: none) and (pointer: coarse)";

/** Whether this key sends what is written. */
export function sendsWith(event) {
  const isComposing = event.isComposing || event.keyCode === 229;
  return event.key === "Enter" && !event.shiftKey && !isComposing && !matchMedia(TOUCH).matches;
}

/** Makes a field as high as what stands in it, up to a limit. */
export function fit(field, mostPx) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, mostPx)}px`;
}

export class Composer {
  /**
   * @param {{form: HTMLFormElement, onSend: (text: string) => boolean, onEdit: (text: string) => void,
   *   onStop: () => void, onEditLast: () => boolean}} options
   */
  constructor({ form, onSend, onEdit, onStop, onEditLast }) {
    Object.assign(this, { form, onSend, onEdit, onEditLast });
    this.input = form.querySelector("textarea");
    this.sendButton = form.querySelector("#send");
    this.stopButton = form.querySelector("#stop");
    form.addEventListener("submit", (event) => this.#submit(event));
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("input", () => this.#edited());
    this.stopButton.addEventListener("click", () => onStop());
    if (matchMedia(TOUCH).matches) this.input.enterKeyHint = "enter";
    this.#fit();
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.#edited();
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  /** Puts somebody's words ahead of what is written next, in a way that can be undone like typing. */
  quote(text) {
    this.focus();
    const { value } = this.input;
    this.input.setSelectionRange(value.length, value.length);
    const gap = value === "" || value.endsWith("\n\n") ? "" : value.endsWith("\n") ? "\n" : "\n\n";
    const quotation = gap + quotationOf(text);
    // Nothing else keeps what the browser can undo. Where it is refused, the words come all the same.
    if (!document.execCommand("insertText", false, quotation)) this.text = value + quotation;
    this.input.scrollTop = this.input.scrollHeight;
  }

  /** Offers to stop while an answer comes. The focus never falls back to the page when the button goes. */
  setRunning(isRunning) {
    if (this.stopButton.hidden === !isRunning) return;
    if (!isRunning && document.activeElement === this.stopButton) this.focus();
    this.stopButton.hidden = !isRunning;
  }

  #key(event) {
    if (sendsWith(event)) {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (
      event.key === "ArrowUp" &&
      !event.altKey &&
      this.text === "" &&
      !event.isComposing &&
      this.onEditLast()
    ) {
      event.preventDefault();
    }
  }

  #submit(event) {
    event.preventDefault();
    const text = this.text.trim();
    if (text === "") return;
    if (this.onSend(text)) this.text = "";
  }

  #edited() {
    this.#fit();
    this.onEdit(this.text);
  }

  #fit() {
    this.sendButton.disabled = this.text.trim() === "";
    fit(this.input, MOST_LINES_PX);
  }
}
