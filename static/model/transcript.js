// Rule: one conversation as its reader sees it. Three sources keep it true: the stored items, the events of
// running responses, and the sends that the server has not acknowledged yet. Entries are replaced, never changed,
// so that a view sees by identity what is new.

import { imagesOf } from "./message_images.js";
import { foldEvent, isRunning, openResponse, textOf } from "./response.js";
import { usageOfItem } from "./usage.js";

export class Transcript {
  constructor(sessionId = null) {
    this.sessionId = sessionId;
    this.entries = [];
    this.isLoaded = sessionId === null;
    this.begins = null; // the metadata of a session that the server does not know yet
    this.told = 0; // how often something was told of what stands where: items asked for before may be older
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

  /** Another path is shown from now on; only its items say what is on it. */
  leavePath() {
    this.told += 1;
    this.beginAgain();
  }

  /**
   * Takes stored items, oldest first: all of them, or (`isPart`) those from a known one on. What they cannot know yet
   * (sends under way, responses heard of since the conversation was attached) stays behind them.
   */
  load(items, runningId = null, isPart = false) {
    const stored = answered(items.filter(isShown).map(entryOf)).map((entry) => this.#recognised(entry));
    const firstKnown = isPart ? this.entries.findIndex((entry) => isSame(entry, stored[0])) : 0;
    const before = this.entries.slice(0, Math.max(firstKnown, 0)).filter((entry) => !entry.pending);
    const shown = [...before, ...stored];
    const newer = this.entries.filter((entry) => isUnstored(entry) && !shown.some((other) => isSame(entry, other)));
    this.entries = [...shown, ...newer.map((entry) => (isGone(entry, runningId) ? interrupted(entry) : entry))];
    this.isLoaded = true;
  }

  /** Shows a message that is on its way to the server. */
  addPending(messageId, text, model, images = []) {
    this.entries = [...this.entries, { role: "user", key: messageId, messageId, text, images, model, pending: true }];
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

  /**
   * A user's message was accepted, or is answered once more, from whichever client. It stands behind the message
   * `after` (null: it is the first), and what stood there is not on the path any more.
   * @returns {boolean} whether the items have to be read anew: that place is not known, or something stood there
   */
  addItem(item, responseId, after) {
    this.told += 1;
    const told = { ...entryOf(item), responseId, heard: true };
    const question = { ...told, key: this.entries.find((entry) => isSame(entry, told))?.key ?? told.key };
    const others = this.entries.filter((entry) => !isSame(entry, told));
    const at = after === null ? 0 : others.findIndex((entry) => entry.itemId && entry.itemId === after) + 1;
    if (at === 0 && after !== null) {
      this.entries = others.toSpliced(placeBefore(others, responseId), 0, question);
      return true;
    }
    const behind = others.slice(at);
    const kept = behind.filter((entry) => entry.responseId === responseId || isUnsettled(entry));
    const [unsent, shown] = [kept.filter((entry) => entry.pending), kept.filter((entry) => !entry.pending)];
    this.entries = [...others.slice(0, at), question, ...shown, ...unsent];
    return kept.length < behind.length;
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

const isShown = (item) => item.type === "message" && (item.role === "user" || item.role === "assistant");

// Said, but not in any items yet: no news of another message make it wrong.
const isUnsettled = (entry) => entry.pending || isRunning(entry) || !entry.itemId;

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

function isSame(a, b) {
  if (a.role !== b.role) return false;
  if (a.itemId && a.itemId === b.itemId) return true;
  return Boolean(a.responseId) && a.responseId === b.responseId;
}

function entryOf(item) {
  const responseId = item["verbatim:response_id"] ?? null;
  const common = { role: item.role, key: item.id, itemId: item.id, text: textOf(item), responseId };
  if (item.role === "user") return { ...common, images: imagesOf(item) };
  return {
    ...common,
    cursor: -1,
    reasoning: item["verbatim:reasoning"] ?? "",
    called: (item["verbatim:tool_calls"] ?? []).map(({ name }) => name),
    status: item.status,
    reason: item["verbatim:reason"] ?? null,
    error: item["verbatim:error"]?.message ?? null,
    model: item["verbatim:model"] ?? null,
    facts: item["verbatim:facts"] ?? [],
    at: item["verbatim:created_at"] ?? null,
    usage: usageOfItem(item),
  };
}

// A message of the user names the response that has answered it last; the one that is shown may be an earlier one.
function answered(entries) {
  return entries.map((entry, at) => {
    const next = entries[at + 1];
    const isAnswered = entry.role === "user" && next?.role === "assistant" && next.responseId;
    return isAnswered ? { ...entry, responseId: next.responseId } : entry;
  });
}
