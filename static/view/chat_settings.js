// Rule: what is chosen for the chat that is shown, and a way to take it away. What is left open here is as it is chosen
// for all chats, which stands in the empty field.

import { AnswerForm } from "./answer_form.js";
import { byId } from "./dom.js";
import { KeptLine } from "./kept_line.js";

export class ChatSettingsDialog {
  #dialog = byId("chat-settings");
  #line = new KeptLine(byId("chat-settings-state"), byId("chat-settings-problem"));

  /** @param {{onChange: (change: object) => Promise<void>}} options */
  constructor({ onChange }) {
    this.form = new AnswerForm(byId("chat-answers"), {
      onChange: (change) => this.#line.attempt(() => onChange(change)),
      onProblem: (message) => this.#line.refuse(message),
    });
    byId("close-chat-settings").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  open() {
    this.#line.clear();
    this.form.begin();
    this.#dialog.showModal();
  }

  /** What is written is kept first: the event of the dialog comes later, when another chat may be shown. */
  close() {
    this.form.flush();
    this.#dialog.close();
  }

  /** @param {string | null} sessionId a chat that is still to be made has nothing to take away */
  show(sessionId, chosen, from) {
    this.form.show(chosen, from);
    byId("chat-export").hidden = sessionId === null;
    if (sessionId === null) return;
    const path = `/v1/conversations/${encodeURIComponent(sessionId)}/export?format=`;
    byId("export-markdown").href = `${path}markdown`;
    byId("export-json").href = `${path}json`;
  }
}
