// Rule: says whether what was chosen is kept, or why not; never both.

import { t } from "../text.js";

export class KeptLine {
  /** @param {HTMLElement} state @param {HTMLElement} problem */
  constructor(state, problem) {
    this.state = state;
    this.problem = problem;
  }

  clear() {
    this.#say("", "");
  }

  refuse(message) {
    this.#say("", message);
  }

  /** @returns {Promise<boolean>} whether it is kept */
  async attempt(act) {
    try {
      await act();
      this.#say(t("settings.kept"), "");
      return true;
    } catch (error) {
      this.#say("", error.message);
      return false;
    }
  }

  #say(state, problem) {
    this.state.textContent = state;
    this.problem.textContent = problem;
  }
}
