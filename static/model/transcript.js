// Rule: one conversation as its reader sees it. Three sources keep it true: the stored items, the events of
// running responses, and the sends that the server has not acknowledged yet. Entries are replaced, never changed,
// so that a view sees by identity what is new. What is asked without words is no entry, but waits like one.

import { ahead, filled, isGap, withStretch } from "./gaps.js";
import { foldEvent, isRunning, openResponse } from "./response.js";
import { answered, entriesOf, entryOf, isSame } from "./stored.js";

export class Transcript {
  constructor(sessionId = null) {
    this.sessionId = sessionId;
    this.entries = [];
    this.isLoaded = sessionId === null;
    this.asks = []; // for another answer, or more of one, that the server has not acknowledged yet, oldest first
    this.begins = null; // the metadata of a session that the server does not know yet
    this.told = 0; // how often something was told of what stands where: items asked for before may be older
    this.forks = new Set(); // responses that stand at the place of others: the items say which, once they have ended
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

  /** What the outbox keeps: all that has not reached the server, refused or not. Asks were made before anything else waited. */
  get kept() {
    return [...this.asks, ...this.unsent];
  }

  /** Of that, what goes out, in its order. */
  get outgoing() {
    return this.kept.filter((entry) => !entry.error);
  }

  has(responseId) {
    return this.entries.some((entry) => entry.responseId === responseId);
  }

  isWaitingFor(messageId) {
    return this.kept.some((entry) => entry.messageId === messageId);
  }

  /**
   * Asks for an answer without a question.
   * @param {{messageId: string, model: string | null, place: object}} ask as for `createFrame`
   */
  ask({ messageId, model, place }) {
    if (!this.isWaitingFor(messageId)) this.asks = [...this.asks, { messageId, text: "", model, place }];
  }

  /** To be called when the conversation is attached again: what was heard before may be out of date. */
  beginAgain() {
    this.entries = this.entries.map((entry) => (entry.heard ? { ...entry, heard: false } : entry));
  }

  /** Another path is shown from now on; only its items say what is on it. */
  leavePath() {
    this.told += 1;
    this.beginAgain();
  }

  /**
   * Takes stored items, oldest first: all of them, or the last ones, with more before them (`hasMore`). What they cannot
   * know yet (sends under way, responses heard of since the conversation was attached) stays behind them; a message that
   * is to stand in the place of others stands there already.
   */
  load(items, runningId = null, hasMore = false) {
    const before = hasMore ? ahead(this.entries, items) : [];
    const known = this.entries.find((entry) => entry.itemId && entry.itemId === items[0]?.id);
    const stored = answered(entriesOf(items, hasMore ? known?.after : null)).map((entry) => this.#recognised(entry));
    const shown = [...before, ...stored];
    const newer = this.entries.filter((entry) => isUnstored(entry) && !shown.some((other) => isSame(entry, other)));
    const edited = newer.findLast((entry) => entry.pending && entry.after !== undefined);
    const kept = edited ? through(shown, edited.after) : shown;
    this.entries = [...kept, ...newer.map((entry) => (isGone(entry, runningId) ? interrupted(entry) : entry))];
    this.isLoaded = true;
  }

  /** Takes a page of items into a gap: see `filled`. */
  fill(key, page) {
    this.entries = filled(this.entries, key, page);
  }

  /** Takes items from somewhere before the end: see `withStretch`. */
  addStretch(found) {
    this.entries = withStretch(this.entries, found);
  }

  /**
   * Shows a message that is on its way to the server.
   * @param {string | null} [after] the item behind which it is to stand, in the place of what stands there
   */
  addPending(messageId, text, model, after, images = []) {
    const entry = { role: "user", key: messageId, messageId, text, images, model, pending: true };
    if (after === undefined) this.entries = [...this.entries, entry];
    else this.entries = [...through(this.entries, after), { ...entry, after }];
  }

  /** The server has the message, or what was asked without one, and answers it with this response. */
  acknowledge(messageId, responseId) {
    const isAsked = this.asks.some((ask) => ask.messageId === messageId);
    if (isAsked) this.forks.add(responseId);
    this.asks = this.asks.filter((ask) => ask.messageId !== messageId);
    const at = this.entries.findIndex((entry) => entry.pending && entry.messageId === messageId);
    if (at < 0) return;
    if (this.entries[at].after !== undefined) this.forks.add(responseId);
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
    this.asks = this.asks.filter((ask) => ask.messageId !== messageId);
    this.entries = this.entries.filter((entry) => entry.messageId !== messageId);
  }

  /**
   * A user's message was accepted, or is answered once more, from whichever client. It stands behind the message
   * `after` (null: it is the first), and what stood there is not on the path any more.
   * @returns {boolean} whether the items have to be read anew: that place is not known, or something stood there
   */
  addItem(item, responseId, after) {
    this.told += 1;
    const told = { ...entryOf(item, after), responseId, heard: true };
    const known = this.entries.find((entry) => isSame(entry, told));
    const alternatives = told.alternatives.length > 0 ? told.alternatives : (known?.alternatives ?? []);
    const question = { ...told, key: known?.key ?? told.key, alternatives };
    const others = this.entries.filter((entry) => !isSame(entry, told));
    const at = after === null ? 0 : others.findIndex((entry) => entry.itemId && entry.itemId === after) + 1;
    if (at === 0 && after !== null) {
      this.forks.add(responseId);
      this.entries = others.toSpliced(placeBefore(others, responseId), 0, question);
      return true;
    }
    const behind = others.slice(at);
    const kept = behind.filter((entry) => entry.responseId === responseId || isUnsettled(entry));
    const [unsent, shown] = [kept.filter((entry) => entry.pending), kept.filter((entry) => !entry.pending)];
    this.entries = [...others.slice(0, at), question, ...shown, ...unsent];
    if (kept.length < behind.length) this.forks.add(responseId);
    return kept.length < behind.length;
  }

  /** Folds one event of a response of this conversation. */
  apply(responseId, event) {
    const at = this.entries.findLastIndex((entry) => entry.role === "assistant" && entry.responseId === responseId);
    if (at < 0) {
      const entry = { ...foldEvent(openResponse(responseId), event), heard: true };
      this.entries = this.entries.toSpliced(this.#placeAfter(responseId), 0, entry);
      return;
    }
    const entry = foldEvent(this.entries[at], event);
    if (entry === this.entries[at]) return;
    const entries = this.entries.with(at, { ...entry, heard: true });
    // An answer that is gone on with stays one message: the former response gives it up.
    this.entries = entries.filter((other) => !isFormer(other, entry));
  }

  #placeAfter(responseId) {
    const question = this.entries.findIndex((entry) => entry.responseId === responseId);
    return question >= 0 ? question + 1 : placeOfPending(this.entries);
  }

  // A stored entry takes the place of the one that is shown already, so its element stays where it is.
  #recognised(stored) {
    const shown = this.entries.find((entry) => isSame(entry, stored));
    if (!shown) return stored;
    const isGoneOnWith = shown.heard && isRunning(shown) && shown.responseId !== stored.responseId;
    if (isRunning(stored) || isGoneOnWith) return shown;
    return { ...stored, key: shown.key, error: stored.error ?? shown.error ?? null };
  }
}

// Up to an item; null: what stands ahead of the first is nothing but what waits.
function through(entries, itemId) {
  if (itemId === null) return entries.filter((entry) => entry.pending);
  const at = entries.findIndex((entry) => entry.itemId === itemId);
  return at < 0 ? entries : entries.slice(0, at + 1);
}

// Said, but not in any items yet: no news of another message make it wrong.
const isUnsettled = (entry) => !isGap(entry) && (entry.pending || isRunning(entry) || !entry.itemId);

const isFormer = (entry, { itemId, responseId }) =>
  entry.role === "assistant" && Boolean(itemId) && entry.itemId === itemId && entry.responseId !== responseId;

const isUnstored = (entry) => entry.pending || entry.heard || isRunning(entry);

// Neither stored nor running nor heard of again: nobody writes it any more.
const isGone = (entry, runningId) => isRunning(entry) && !entry.heard && entry.responseId !== runningId;

const interrupted = (entry) => ({ ...entry, status: "incomplete", reason: "interrupted" });

function placeBefore(entries, responseId) {
  const answer = entries.findIndex((entry) => entry.responseId === responseId);
  return answer >= 0 ? answer : placeOfPending(entries);
}

function placeOfPending(entries) {
  const at = entries.findIndex((entry) => entry.pending);
  return at >= 0 ? at : entries.length;
}
