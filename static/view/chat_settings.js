// Rule: what is chosen for the chat that is shown, and a way to take it away. What is left open here is as it is chosen
// for all chats, which stands in the empty field.

import { AnswersDialog } from "./answers_dialog.js";
import { byId } from "./dom.js";

export class ChatSettingsDialog extends AnswersDialog {
  constructor(options) {
    super("chat-settings", options);
  }

  /** What is written is kept first: the event of the dialog comes later, when another chat may be shown. */
  close() {
    this.form.flush();
    this.dialog.close();
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
