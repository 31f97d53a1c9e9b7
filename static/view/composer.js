// Rule: takes what the user writes. Enter sends, Shift+Enter breaks the line, and a key that only ends the choice
// of a character (an input method at work) does neither. Images that were attached go along, once they are ready.

import { Attachments } from "./attachments.js";

const MOST_LINES_PX = 240;

export class Composer {
  /**
   * @param {{form: HTMLFormElement, attachments: object, onSend: (text: string, images: string[]) => boolean,
   *   onEdit: (text: string) => void, onAttach: Function, onLate: Function, onStop: () => void,
   *   onProblem: (message: string) => void}} options
   *   `attachments` says where images are shown, chosen and dropped
   */
  constructor({ form, attachments, onSend, onEdit, onAttach, onLate, onStop, onProblem }) {
    this.form = form;
    this.onSend = onSend;
    this.onEdit = onEdit;
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

  /** Offers to stop while an answer comes. The focus never falls back to the page when the button goes. */
  setRunning(isRunning) {
    if (this.stopButton.hidden === !isRunning) return;
    if (!isRunning && document.activeElement === this.stopButton) this.focus();
    this.stopButton.hidden = !isRunning;
  }

  #key(event) {
    const isComposing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || isComposing) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const { ready, place } = this.attachments;
    if (ready !== null) {
      ready.then((isWhole) => isWhole && this.attachments.place === place && this.form.requestSubmit());
      return;
    }
    const text = this.text.trim();
    if (this.#isEmpty || !this.onSend(text, this.images)) return;
    this.text = "";
    this.attachments.change([]);
  }

  get #isEmpty() {
    return this.text.trim() === "" && this.images.length === 0;
  }

  #edited() {
    this.#fit();
    this.onEdit(this.text);
  }

  #fit() {
    this.sendButton.disabled = this.#isEmpty;
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, MOST_LINES_PX)}px`;
  }
}
