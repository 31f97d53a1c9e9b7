// Rule: a chat that is in the archive says so beside its name, with the way back.

import { isArchived } from "../model/sessions.js";
import { byId } from "./dom.js";

export class ArchivedMark {
  #mark = byId("archived");
  #session = null;

  /** @param {{onBringBack: (sessionId: string) => void, onFocusLost: () => void}} options */
  constructor({ onBringBack, onFocusLost }) {
    this.onFocusLost = onFocusLost;
    byId("bring-back").addEventListener("click", () => onBringBack(this.#session.id));
  }

  /** @param {object | null} session the one that is shown */
  show(session) {
    this.#session = session;
    const hadFocus = this.#mark.contains(document.activeElement);
    this.#mark.hidden = session === null || !isArchived(session);
    if (hadFocus && this.#mark.hidden) this.onFocusLost();
  }
}
