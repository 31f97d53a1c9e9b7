// Rule: lets the user choose who answers, where there is a choice. The choice outlives the page.

import { h } from "./dom.js";

const KEY = "verbatim.model";

export class ModelPicker {
  #models = [];

  /** @param {HTMLSelectElement} select */
  constructor(select) {
    this.select = select;
    select.addEventListener("change", () => localStorage.setItem(KEY, select.value));
  }

  offer(models) {
    this.#models = models;
    this.select.replaceChildren(...models.map((model) => h("option", { value: model }, model)));
    const chosen = localStorage.getItem(KEY);
    if (models.includes(chosen)) this.select.value = chosen;
    this.select.hidden = models.length < 2;
  }

  /** @returns {string | null} null leaves the choice to the server */
  get model() {
    return this.#models.length > 1 ? this.select.value : null;
  }
}
