// Rule: the fields of what is chosen for answers. What is written is kept a moment after the last key, and at once where
// the field or the form is left; a field that is being written in is not overwritten by news.

import { choiceOf, LIMITS } from "../model/choices.js";
import { t } from "../text.js";
import { h } from "./dom.js";

const PAUSE_MS = 500;

const OPEN = {
  instructions: () => t("answers.noInstructions"),
  temperature: () => t("answers.ownTemperature"),
  max_output_tokens: () => t("answers.ownLength"),
};
const HINTS = {
  instructions: () => t("answers.instructionsHint"),
  temperature: () => t("answers.temperatureHint"),
  max_output_tokens: () => t("answers.lengthHint"),
};
const PROBLEMS = {
  instructions: () => t("answers.instructionsProblem", { limit: LIMITS.instructions }),
  temperature: () => t("answers.temperatureProblem"),
  max_output_tokens: () => t("answers.lengthProblem"),
};

export class AnswerForm {
  #fields = {};
  #hints = {};
  #waiting = new Map(); // what is written and not sent yet: its timer by name
  #sending = new Set();
  #begun = 0; // how often the form was shown anew

  /**
   * @param {HTMLElement} element
   * @param {{onChange: (change: object) => Promise<boolean>, onProblem: (message: string) => void}} options
   */
  constructor(element, { onChange, onProblem }) {
    this.onChange = onChange;
    this.onProblem = onProblem;
    const id = element.id;
    const instructions = h("textarea", { rows: "4", maxlength: String(LIMITS.instructions), dir: "auto" });
    const temperature = h("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
    const length = h("input", { type: "text", inputmode: "numeric", autocomplete: "off" });
    element.replaceChildren(
      this.#field(`${id}-instructions`, "instructions", t("answers.instructions"), instructions),
      this.#field(`${id}-temperature`, "temperature", t("answers.temperature"), temperature),
      this.#field(`${id}-length`, "max_output_tokens", t("answers.length"), length),
    );
    element.closest("dialog").addEventListener("close", () => this.flush());
  }

  /**
   * @param {object} chosen
   * @param {{above: object, takes: (name: string) => boolean, model: string}} from what is chosen for all, and what the model takes
   */
  show(chosen, { above, takes, model }) {
    for (const [name, field] of Object.entries(this.#fields)) {
      const isSame = choiceOf(name, field.value)?.value === (chosen[name] ?? null); // the space before the next word stays
      if (!isSame && !this.#waiting.has(name) && !this.#sending.has(name)) field.value = chosen[name] ?? "";
      field.placeholder = String(above[name] ?? OPEN[name]());
      const isTaken = takes(name);
      this.#hints[name].textContent = isTaken ? HINTS[name]() : t("answers.notTaken", { model });
      this.#hints[name].classList.toggle("off", !isTaken);
    }
  }

  /** Forgets what could not be kept: the form is shown anew. */
  begin() {
    this.#begun += 1;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    for (const field of Object.values(this.#fields)) field.setAttribute("aria-invalid", "false");
  }

  /** Keeps what is written. */
  flush() {
    return Promise.all([...this.#waiting.keys()].map((name) => this.#keep(name)));
  }

  #field(id, name, label, input) {
    const hint = h("p", { class: "hint", id: `${id}-hint` });
    input.id = id;
    input.setAttribute("aria-describedby", hint.id);
    input.addEventListener("input", () => this.#wait(name));
    input.addEventListener("change", () => this.#keep(name));
    this.#fields[name] = input;
    this.#hints[name] = hint;
    return h("div", { class: `field ${name}` }, h("label", { for: id }, label), input, hint);
  }

  #wait(name) {
    clearTimeout(this.#waiting.get(name));
    this.#waiting.set(
      name,
      setTimeout(() => this.#keep(name), PAUSE_MS),
    );
  }

  async #keep(name) {
    if (!this.#waiting.has(name)) return;
    clearTimeout(this.#waiting.get(name));
    const field = this.#fields[name];
    const choice = choiceOf(name, field.value);
    field.setAttribute("aria-invalid", String(choice === null));
    if (choice === null) return this.onProblem(PROBLEMS[name]());
    const begun = this.#begun;
    this.#waiting.delete(name);
    this.#sending.add(name);
    const isKept = await this.onChange({ [name]: choice.value });
    this.#sending.delete(name);
    // What was refused goes out again with the next key, or when the form is left.
    if (!isKept && begun === this.#begun && !this.#waiting.has(name)) this.#waiting.set(name, null);
  }
}
