// Rule: takes what the user writes. Enter sends, Shift+Enter breaks the line, and a key that only ends the choice
// of a character (an input method at work) does neither. Where a finger writes, Enter breaks the line, unless Ctrl or Cmd
// is held: there may be a keyboard. Images that were attached go along, once they are ready.

import { quotationOf } from "../model/quotation.js";
import { Attachments } from "./attachments.js";

const MOST_LINES_PX = 240;

const TOUCH = "(hover: none) and (pointer: coarse)";

/** Whether this key sends what is written. */
export function sendsWith(event) {
  const isComposing = event.isComposing || event.keyCode === 229;
  const isMeant = event.ctrlKey || event.metaKey || !matchMedia(TOUCH).matches;
  return event.key === "Enter" && !event.shiftKey && !isComposing && isMeant;
}

/** Makes a field as high as what stands in it, up to a limit. */
export function fit(field, mostPx) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, mostPx)}px`;
}

export class Composer {
  /**
   * @param {{form: HTMLFormElement, reading: HTMLElement, attachments: object, onSend: (text: string, images: string[], imageNames: string[]) => boolean,
   *   onEdit: () => void, onAttach: Function, onLate: Function, onStop: () => void,
   *   onEditLast: () => boolean, onProblem: (message: string) => void}} options
   *   `reading` is where messages are read; `attachments` says where images are shown, chosen and dropped
   */
  constructor({ form, reading, attachments, onSend, onEdit, onAttach, onLate, onStop, onEditLast, onProblem }) {
    Object.assign(this, { form, reading, onSend, onEdit, onEditLast });
    this.input = form.querySelector("textarea");
    this.sendButton = form.querySelector("#send");
    this.stopButton = form.querySelector("#stop");
    this.attachments = new Attachments({
      ...attachments,
      input: this.input,
      onChange: () => this.#fit(),
      onAttach,
      onLate,
      onProblem,
    });
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

  get images() {
    return this.attachments.images;
  }

  set images(images) {
    this.attachments.images = images;
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  /**
   * Takes the focus that has lost its place. Where a finger writes, a keyboard on the screen would come with it, over what is
   * to be read: there the messages take it.
   */
  rest() {
    if (matchMedia(TOUCH).matches) this.reading.focus({ preventScroll: true });
    else this.focus();
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
    if (!isRunning && document.activeElement === this.stopButton) this.rest();
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
    const { ready, place } = this.attachments;
    if (ready !== null) {
      ready.then((isWhole) => isWhole && this.attachments.place === place && this.form.requestSubmit());
      return;
    }
    const text = this.text.trim();
    if (this.#isEmpty || !this.onSend(text, this.images, this.attachments.names)) return;
    if (document.activeElement === this.sendButton) this.rest(); // it is of no use without words
    this.text = "";
    this.attachments.change([]);
  }

  get #isEmpty() {
    return this.text.trim() === "" && this.images.length === 0;
  }

  #edited() {
    this.#fit();
    this.onEdit();
  }

  #fit() {
    this.sendButton.disabled = this.#isEmpty;
    fit(this.input, MOST_LINES_PX);
  }
}
