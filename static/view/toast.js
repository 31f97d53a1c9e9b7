// Rule: what has just been done is said for some seconds, with the way to take it back: a button, and Ctrl+Z where no
// text is being written. It stays while the pointer or the focus is on it, and says one thing at a time.

import { byId } from "./dom.js";

const SHOWN_MS = 8_000;

export class Toast {
  #element = byId("toast");
  #undo = byId("undo");
  #said = null; // {key, onUndo, onHold, isLasting}
  #timer;
  #before = null; // what had the focus

  constructor() {
    this.#undo.addEventListener("click", () => this.#takeBack());
    byId("close-toast").addEventListener("click", () => this.hide());
    for (const name of ["pointerenter", "focusin"]) this.#element.addEventListener(name, () => this.#hold(true));
    for (const name of ["pointerleave", "focusout"]) this.#element.addEventListener(name, () => this.#hold(false));
    this.#element.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget && !this.#element.contains(relatedTarget)) this.#before = relatedTarget;
    });
    this.#element.addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
  }

  /**
   * @param {string} text
   * @param {{key?: string, onUndo?: () => void, onHold?: (isHeld: boolean) => void, isLasting?: boolean}} options
   *   `isLasting`: until `hide` is called; `key`: what to hide it by
   */
  show(text, { key = null, onUndo = null, onHold = null, isLasting = false } = {}) {
    this.#said = { key, onUndo, onHold, isLasting };
    byId("toast-text").textContent = text;
    byId("toast-live").textContent = text;
    this.#undo.hidden = onUndo === null;
    this.#element.hidden = false;
    this.#wait();
  }

  /** How far a long piece of work is. It is not read out at each step. */
  progress(text) {
    this.#said = { key: null, onUndo: null, onHold: null, isLasting: true };
    byId("toast-text").textContent = text;
    this.#undo.hidden = true;
    this.#element.hidden = false;
    clearTimeout(this.#timer);
  }

  /** @param {string | null} key only what was said under this name is to go; null: whatever is said */
  hide(key = null) {
    if (!this.#said || (key !== null && this.#said.key !== key)) return;
    clearTimeout(this.#timer);
    this.#said = null;
    const hadFocus = this.#element.contains(document.activeElement);
    this.#element.hidden = true;
    byId("toast-live").textContent = "";
    if (hadFocus) (this.#before?.isConnected ? this.#before : byId("message")).focus({ preventScroll: true });
  }

  #takeBack() {
    const onUndo = this.#said?.onUndo;
    if (!onUndo) return;
    this.hide();
    onUndo();
  }

  #hold(isHeld) {
    if (!isHeld && this.#element.matches(":hover, :focus-within")) return;
    this.#said?.onHold?.(isHeld);
    clearTimeout(this.#timer);
    if (!isHeld) this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    if (this.#said && !this.#said.isLasting) this.#timer = setTimeout(() => this.hide(), SHOWN_MS);
  }
}
