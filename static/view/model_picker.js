// Rule: lets the user choose who answers, where there is a choice. The choice outlives the page.

import { read, write } from "../model/storage.js";
import { h } from "./dom.js";

const KEY = "verbatim.model";

export class ModelPicker {
  #models = null; // those on offer, once the server has said them

  /** @param {HTMLSelectElement} select */
  constructor(select) {
    this.select = select;
    select.addEventListener("change", () => write(KEY, select.value));
  }

  offer(models) {
    this.#models = models;
    this.select.replaceChildren(...models.map((model) => h("option", { value: model }, model)));
    const chosen = read(KEY);
    if (models.includes(chosen)) this.select.value = chosen;
    this.select.hidden = models.length < 2;
  }

  /** @returns {string | null} null leaves the choice to the server; until it has said them, the last choice stands */
  get model() {
    if (this.#models === null) return read(KEY);
    return this.#models.length > 1 ? this.select.value : null;
  }
}
