// Rule: lets the user choose who answers, where there is a choice. The choice outlives the page.

import { read, write } from "../model/storage.js";
import { h } from "./dom.js";

const KEY = "verbatim.model";
const IMAGES_KEY = "verbatim.model.images";

export class ModelPicker {
  #models = null; // those on offer, once the server has said them

  /** @param {{select: HTMLSelectElement, onChange: () => void}} options */
  constructor({ select, onChange }) {
    this.select = select;
    this.onChange = onChange;
    select.addEventListener("change", () => {
      write(KEY, select.value);
      this.#changed();
    });
  }

  /** @param {object[]} models as the server lists them */
  offer(models) {
    this.#models = models;
    const ids = models.map(({ id }) => id);
    this.select.replaceChildren(...ids.map((id) => h("option", { value: id }, id)));
    const chosen = read(KEY);
    if (ids.includes(chosen)) this.select.value = chosen;
    this.select.hidden = models.length < 2;
    this.#changed();
  }

  /** Whether who answers takes images; until the server has said it, what it has said before stands. */
  get takesImages() {
    if (this.#models === null) return read(IMAGES_KEY) === "yes";
    const answering = this.#models?.find(({ id }) => id === this.select.value) ?? this.#models?.[0];
    return answering?.["verbatim:images"] ?? false;
  }

  #changed() {
    write(IMAGES_KEY, this.takesImages ? "yes" : "no");
    this.onChange();
  }

  /** @returns {string | null} null leaves the choice to the server; until it has said them, the last choice stands */
  get model() {
    if (this.#models === null) return read(KEY);
    return this.#models.length > 1 ? this.select.value : null;
  }
}
