// Rule: one conversation as its reader sees it. Three sources keep it true: the stored items, the events of
// running responses, and the sends that the server has not acknowledged yet. Entries are replaced, never changed,
// so that a view sees by identity what is new.

import { foldEvent, isRunning, openResponse, textOf } from "./response.js";

export class Transcript {
  constructor(sessionId = null) {
    this.sessionId = sessionId;
    this.entries = [];
    this.isLoaded = sessionId === null;
  }

  /** The response that is being written, if any. */
  get running() {
    return this.entries.findLast(isRunning) ?? null;
  }

  /** Sends without an acknowledgement, oldest first, those that were refused left out. */
  get unacknowledged() {
    return this.unsent.filter((entry) => !entry.error);
  }

  /** Messages that the server does not have, refused ones too. */
  get unsent() {
    return this.entries.filter((entry) => entry.pending);
  }

  has(responseId) {
    return this.entries.some((entry) => entry.responseId === responseId);
  }

  isWaitingFor(messageId) {
    return this.unsent.some((entry) => entry.messageId === messageId);
  }

  /** To be called when the conversation is attached again: what was heard before may be out of date. */
  beginAgain() {
    this.entries = this.entries.map((entry) => (entry.heard ? { ...entry, heard: false } : entry));
  }

  /**
   * Takes stored items, oldest first: all of them, or those from a known one on. What they cannot know yet (sends
   * under way, responses heard of since the conversation was attached) stays behind them.
   */
  load(items, runningId = null) {
    const stored = answered(items.filter(isShown).map(entryOf), runningId).map((entry) => this.#recognised(entry));
    const firstKnown = this.entries.findIndex((entry) => entry.itemId && entry.itemId === stored[0]?.itemId);
    const before = firstKnown > 0 ? this.entries.slice(0, firstKnown).filter((entry) => !entry.pending) : [];
    const shown = [...before, ...stored];
    const newer = this.entries.filter((entry) => isUnstored(entry) && !shown.some((other) => isSame(entry, other)));
    this.entries = [...shown, ...newer.map((entry) => (isGone(entry, runningId) ? interrupted(entry) : entry))];
    this.isLoaded = true;
  }

  /** Shows a message that is on its way to the server. */
  addPending(messageId, text, model) {
    this.entries = [...this.entries, { role: "user", key: messageId, messageId, text, model, pending: true }];
  }

  /** The server has the message and answers it with this response. */
  acknowledge(messageId, responseId) {
    const at = this.entries.findIndex((entry) => entry.pending && entry.messageId === messageId);
    if (at < 0) return;
    const isStored = this.entries.some((entry) => entry.role === "user" && entry.responseId === responseId);
    const entry = { ...this.entries[at], pending: false, error: null, responseId, heard: true };
    this.entries = isStored ? this.entries.toSpliced(at, 1) : this.entries.with(at, entry);
  }

  /** The server refused the message (`error`), or it is on its way once more (null). */
  setRefusal(messageId, error) {
    this.entries = this.entries.map((entry) =>
      entry.messageId === messageId && entry.pending ? { ...entry, error } : entry,
    );
  }

  withdraw(messageId) {
    this.entries = this.entries.filter((entry) => entry.messageId !== messageId);
  }

  /** A user's message was accepted, from whichever tab. */
  addItem(item, responseId) {
    if (!isShown(item)) return;
    const at = this.entries.findIndex(
      (entry) => entry.itemId === item.id || (entry.role === "user" && entry.responseId === responseId),
    );
    const entry = { ...entryOf(item), responseId, heard: true };
    if (at >= 0) this.entries = this.entries.with(at, { ...entry, key: this.entries[at].key });
    else this.entries = this.entries.toSpliced(this.#placeBefore(responseId), 0, entry);
  }

  /** Folds one event of a response of this conversation. */
  apply(responseId, event) {
    const at = this.entries.findIndex((entry) => entry.role === "assistant" && entry.responseId === responseId);
    if (at < 0) {
      const entry = { ...foldEvent(openResponse(responseId), event), heard: true };
      this.entries = this.entries.toSpliced(this.#placeAfter(responseId), 0, entry);
      return;
    }
    const entry = foldEvent(this.entries[at], event);
    if (entry !== this.entries[at]) this.entries = this.entries.with(at, { ...entry, heard: true });
  }

  #placeBefore(responseId) {
    const answer = this.entries.findIndex((entry) => entry.responseId === responseId);
    return answer >= 0 ? answer : this.#placeOfPending();
  }

  #placeAfter(responseId) {
    const question = this.entries.findIndex((entry) => entry.responseId === responseId);
    return question >= 0 ? question + 1 : this.#placeOfPending();
  }

  #placeOfPending() {
    const at = this.entries.findIndex((entry) => entry.pending);
    return at >= 0 ? at : this.entries.length;
  }

  // A stored entry takes the place of the one that is shown already, so its element stays where it is.
  #recognised(stored) {
    const shown = this.entries.find((entry) => isSame(entry, stored));
    if (!shown) return stored;
    if (isRunning(stored)) return shown;
    return { ...stored, key: shown.key, error: shown.error ?? null };
  }
}

const isShown = (item) => item.type === "message" && (item.role === "user" || item.role === "assistant");

const isUnstored = (entry) => entry.pending || entry.heard || isRunning(entry);

// Neither stored nor running nor heard of again: nobody writes it any more.
const isGone = (entry, runningId) => isRunning(entry) && !entry.heard && entry.responseId !== runningId;

const interrupted = (entry) => ({ ...entry, status: "incomplete", reason: "interrupted" });

function isSame(a, b) {
  if (a.role !== b.role) return false;
  if (a.itemId && a.itemId === b.itemId) return true;
  return Boolean(a.responseId) && a.responseId === b.responseId;
}

function entryOf(item) {
  const common = { role: item.role, key: item.id, itemId: item.id, text: textOf(item) };
  if (item.role === "user") return { ...common, responseId: null };
  return {
    ...common,
    responseId: item["verbatim:response_id"] ?? null,
    cursor: -1,
    status: item.status,
    reason: item["verbatim:reason"] ?? null,
    error: null,
    model: item["verbatim:model"] ?? null,
  };
}

// Stored messages of the user do not name the response that answers them: it is the one that follows.
function answered(entries, runningId) {
  return entries.map((entry, at) => {
    if (entry.role !== "user") return entry;
    const next = entries[at + 1];
    const following = next?.role === "assistant" ? next.responseId : null;
    return { ...entry, responseId: next ? following : runningId };
  });
}
