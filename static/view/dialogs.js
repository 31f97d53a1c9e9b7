// Rule: questions that wait for an answer: whether to delete, and the key of who is asking. Each is a native
// dialog, so focus and Escape behave as they should.

import { t } from "../text.js";
import { byId } from "./dom.js";

/** Asks for the key until one is accepted: a browser lets nobody keep a dialog open, so it is opened again. */
export class LoginDialog {
  #problem = byId("login-problem");
  #dialog = byId("login");
  #isAsked = false;

  /** @param {{logIn: (key: string) => Promise<void>, onDone: () => void}} options who logs in is let in before the dialog closes */
  constructor({ logIn, onDone }) {
    this.logIn = logIn;
    this.onDone = onDone;
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault());
    this.#dialog.addEventListener("close", () => this.#isAsked && this.ask());
    this.#dialog.querySelector("form").addEventListener("submit", (event) => this.#submit(event));
  }

  ask() {
    this.#isAsked = true;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  async #submit(event) {
    event.preventDefault();
    const key = byId("login-key");
    try {
      await this.logIn(key.value);
      key.value = "";
      this.#problem.textContent = "";
      this.#isAsked = false;
      this.#dialog.close();
      this.onDone();
    } catch (error) {
      this.#problem.textContent = error.status === 401 ? t("login.unknownKey") : error.message;
    }
  }
}
