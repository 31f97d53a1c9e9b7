// Rule: takes what the user writes. Enter sends, Shift+Enter breaks the line, and a key that only ends the choice
// of a character (an input method at work) does neither.

const MOST_LINES_PX = 240;

export class Composer {
  /**
   * @param {{form: HTMLFormElement, onSend: (text: string) => boolean, onEdit: (text: string) => void,
   *   onStop: () => void}} options
   */
  constructor({ form, onSend, onEdit, onStop }) {
    this.form = form;
    this.onSend = onSend;
    this.onEdit = onEdit;
    this.input = form.querySelector("textarea");
    this.sendButton = form.querySelector("#send");
    this.stopButton = form.querySelector("#stop");
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
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, MOST_LINES_PX)}px`;
  }
}
