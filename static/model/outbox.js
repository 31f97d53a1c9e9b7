// Rule: words that have reached nobody outlive the page. Each message under way and each draft is one entry in the
// browser's storage, under the user's name, so that tabs do not overwrite each other. An entry goes when the server
// has the words, when the user takes them back, or when their session is deleted.

import { t } from "../text.js";
import { erase, keysOf, read, write } from "./storage.js";

const MOST_SENDS = 100;
const MOST_DRAFTS = 50;

export class Outbox {
  user = ""; // set when the server has said who this is
  #latest = 0; // so that entries of the same millisecond keep their order

  /**
   * Keeps a message, or what has changed about it. `sessionId` is null while the session is still to be made. Where
   * there is no room for its images, the words are kept as a message that is not sent by itself.
   */
  keepSend(sessionId, { messageId, text, images = [], model, error = null }) {
    const entry = { messageId, sessionId, text, model, error };
    if (this.#keep("send", messageId, MOST_SENDS, { ...entry, images }) || images.length === 0) return;
    this.#keep("send", messageId, MOST_SENDS, { ...entry, error: error ?? t("composer.imagesNotKept") });
  }

  dropSend(messageId) {
    if (messageId) erase(this.#prefix("send") + messageId);
  }

  /** @returns {{messageId, sessionId, text, images, model, error}[]} oldest first */
  get sends() {
    return this.#entries("send");
  }

  /** @param {string | null} sessionId null is the new chat */
  keepDraft(sessionId, text) {
    if (text === "") erase(this.#prefix("draft") + (sessionId ?? ""));
    else this.#keep("draft", sessionId ?? "", MOST_DRAFTS, { text, sessionId });
  }

  draftOf(sessionId) {
    return this.#read(this.#prefix("draft") + (sessionId ?? ""))?.text ?? "";
  }

  dropSession(sessionId) {
    this.keepDraft(sessionId, "");
    for (const send of this.sends) if (send.sessionId === sessionId) this.dropSend(send.messageId);
  }

  /** A message whose session was never made becomes a draft of the new chat again. */
  takeBackHomeless() {
    for (const { sessionId, messageId, text } of this.sends) {
      if (sessionId !== null) continue;
      this.dropSend(messageId);
      this.keepDraft(null, joined(this.draftOf(null), text));
    }
  }

  /** Forgets all that is kept for this user. */
  clear() {
    for (const key of [...keysOf(this.#prefix("send")), ...keysOf(this.#prefix("draft"))]) erase(key);
  }

  #prefix(kind) {
    return `verbatim.${kind}.${this.user}.`;
  }

  #keep(kind, name, most, entry) {
    const key = this.#prefix(kind) + name;
    this.#latest = Math.max(Date.now(), this.#latest + 1);
    const at = this.#read(key)?.at;
    if (at === undefined) this.#makeRoom(kind, most);
    return write(key, JSON.stringify({ ...entry, at: at ?? this.#latest }));
  }

  #makeRoom(kind, most) {
    const prefix = this.#prefix(kind);
    if (keysOf(prefix).length < most) return;
    const [oldest] = this.#entries(kind);
    if (oldest) erase(prefix + (oldest.messageId ?? oldest.sessionId ?? ""));
  }

  #entries(kind) {
    const entries = keysOf(this.#prefix(kind)).map((key) => this.#read(key));
    return entries.filter((entry) => entry !== null).sort((a, b) => a.at - b.at);
  }

  #read(key) {
    try {
      return JSON.parse(read(key));
    } catch {
      return null; // not ours
    }
  }
}

/** Several pieces of writing as one. */
export const joined = (...pieces) =>
  pieces
    .filter((piece) => piece !== "")
    .join("\n\n")
    .trim();
