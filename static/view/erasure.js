// Rule: everything is deleted only by whoever has written the word for it.

import { t } from "../text.js";
import { byId } from "./dom.js";

const plain = (word) => word.trim().toLowerCase();

export class EraseDialog {
  #dialog = byId("erasure");
  #word = byId("erase-word");
  #surely = byId("erase-surely");
  #problem = byId("erase-problem");

  /** @param {{onErase: () => Promise<void>}} options */
  constructor({ onErase }) {
    this.onErase = onErase;
    byId("erase-ask").textContent = t("erase.ask", { word: t("erase.word") });
    this.#word.addEventListener("input", () => this.#look());
    byId("erase-cancel").addEventListener("click", () => this.#dialog.close());
    this.#dialog.querySelector("form").addEventListener("submit", (event) => this.#erase(event));
  }

  open() {
    this.#word.value = "";
    this.#problem.textContent = "";
    this.#look();
    this.#dialog.showModal();
    this.#word.focus();
  }

  #look() {
    this.#surely.disabled = plain(this.#word.value) !== plain(t("erase.word"));
  }

  async #erase(event) {
    event.preventDefault();
    if (this.#surely.disabled) return;
    this.#surely.disabled = true;
    try {
      await this.onErase();
    } catch (error) {
      this.#problem.textContent = error.message;
      this.#look();
      this.#word.focus();
    }
  }
}
