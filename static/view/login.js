// Rule: the key of who is asking is asked for until one is accepted: a browser lets nobody keep a dialog open, so it is
// opened again.

import { t } from "../text.js";
import { byId } from "./dom.js";

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
