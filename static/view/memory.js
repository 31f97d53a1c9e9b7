// Rule: shows what is remembered of the user, and lets them add to it and take away.

import { byId, h, iconButton } from "./dom.js";

export class MemoryDialog {
  #dialog = byId("memory");
  #list = byId("facts");
  #problem = byId("memory-problem");
  #input = byId("new-fact");

  /** @param {{api: object}} options */
  constructor({ api }) {
    this.api = api;
    byId("memory-form").addEventListener("submit", (event) => this.#add(event));
    byId("close-memory").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
  }

  async open() {
    this.#dialog.showModal();
    await this.#attempt(async () => {});
  }

  async #add(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (text === "") return;
    const isDone = await this.#attempt(() => this.api.remember(text));
    if (isDone) this.#input.value = "";
  }

  async #attempt(change) {
    try {
      await change();
      this.#show(await this.api.facts());
      this.#problem.textContent = "";
      return true;
    } catch (error) {
      this.#problem.textContent = error.message;
      return false;
    }
  }

  #show(facts) {
    const rows = facts.map((fact) => this.#row(fact));
    this.#list.replaceChildren(...(rows.length > 0 ? rows : [h("li", { class: "empty" }, "Nothing yet.")]));
  }

  #row(fact) {
    const day = new Date(fact.learned_at * 1000);
    const when = h("time", { datetime: day.toISOString() }, day.toLocaleDateString());
    const forget = iconButton("bin", `Forget ${fact.text}`, () => this.#forget(fact));
    return h("li", {}, h("span", { class: "fact" }, fact.text), when, forget);
  }

  async #forget(fact) {
    await this.#attempt(() => this.api.forget(fact.id));
    this.#input.focus();
  }
}
