// Rule: what is half written outlives its page, letter by letter. The draft of a chat is one for all tabs, and the tab that
// is left last has it; what this tab has typed, and what is written in the place of messages, is left in it besides.

import { leaveInTab, leaveNothing, takeFromTab } from "./left_in_tab.js";
import { joined } from "./model/outbox.js";

export class HalfWritten {
  #found = ""; // what stood in the composer when its chat was opened
  #hasBegun = false; // until then nobody knows whose words these are

  /** @param {{outbox: object, composer: object, conversation: object, sessionId: () => string | null}} parts conversation: the view */
  constructor(parts) {
    Object.assign(this, parts);
    window.addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.#keepTyped());
  }

  /** It is known whose words these are. What a page of theirs has left in this tab goes into the draft of its chat. */
  begin() {
    this.#hasBegun = true;
    const left = takeFromTab(this.outbox.user);
    if (left === null) return;
    const { sessionId, typed, edits } = left;
    this.outbox.keepDraft(sessionId, joined(typed || this.outbox.draftOf(sessionId), ...edits));
  }

  /** Whose words these were has left: nothing is kept from here on. */
  end() {
    this.#hasBegun = false;
    leaveNothing();
  }

  /** @returns {string} the draft of a chat, which is shown from now on */
  opened(sessionId) {
    this.#found = this.outbox.draftOf(sessionId);
    return this.#found;
  }

  /** Something has been written, in the composer or in the place of a message. */
  keep() {
    if (!this.#hasBegun) return;
    const sessionId = this.sessionId();
    this.outbox.keepDraft(sessionId, this.composer.text);
    leaveInTab({ user: this.outbox.user, sessionId, typed: this.#typed, edits: this.conversation.words });
  }

  // What this tab only shows is another's to keep.
  get #typed() {
    return this.composer.text === this.#found ? "" : this.composer.text;
  }

  // Another tab may have written over it.
  #keepTyped() {
    if (this.#hasBegun && this.#typed !== "") this.outbox.keepDraft(this.sessionId(), this.#typed);
  }

  // A browser says that the page is hidden after it has said that it goes.
  #leave() {
    if (!this.#hasBegun) return;
    this.#keepTyped();
    leaveNothing();
  }
}
