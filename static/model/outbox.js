// Rule: words that have reached nobody outlive the page. A message under way is written into localStorage at once, where
// no crash of the tab can reach it, and moves from there into the database, where it is on the disk; what a former page
// left behind moves the same way. Where there is no database it stays where it is. Drafts stand in localStorage only, but
// for their images: the last letter is kept even as the page goes. What is chosen for the new chat stands beside its draft. An
// entry goes when the server has the words, when the user takes them back, or when their session is deleted.

import { unmadeSession } from "./beginning.js";
import { DraftImages } from "./draft_images.js";
import { erase, keysOf, read, write } from "./storage.js";

const MOST_DRAFTS = 50;
const KEPT = ["sessionId", "text", "images", "model", "error", "begins"];

export class Outbox {
  user = ""; // set when the server has said who this is
  #sends = new Map(); // by message id, as far as this page knows
  #writing = new Map(); // message id → how many of its writes are under way
  #dropping = new Set(); // message ids whose removal is under way
  #homeless = new Set(); // message ids that are kept nowhere but here
  #unkept = null; // what is chosen for the new chat, where that could not be kept
  #work = Promise.resolve(); // one act on the database follows another
  #latest = 0; // so that entries of the same millisecond keep their order

  /**
   * @param {{all: Function, put: Function, remove: Function} | null} store each returns a promise, and may fail
   * @param {DraftImages} images those that are attached to drafts
   */
  constructor(store = null, images = new DraftImages()) {
    Object.assign(this, { store, images });
  }

  /** Takes what is kept for this user, of whichever tab and page. */
  open(user) {
    if (user !== this.user) {
      for (const known of [this.#sends, this.#homeless]) known.clear();
      this.#unkept = null;
    }
    this.user = user;
    return this.refresh();
  }

  /** Looks again at what is kept: other tabs have written and delivered meanwhile. */
  refresh() {
    return this.#queue(async () => {
      const stored = await this.#attempt((store) => store.all(this.user));
      const isSilent = this.store !== null && stored === null; // what is known of it still stands in it
      const left = this.#entries("send")
        .filter(isSend)
        .map((send) => ({ ...send, user: this.user }));
      const known = [...(stored ?? []), ...left].filter(({ messageId }) => !this.#dropping.has(messageId));
      const ours = [...this.#sends.values()].filter(({ messageId }) => isSilent || this.#isOurs(messageId));
      this.#sends = new Map([...known, ...ours].map((send) => [send.messageId, send]));
      for (const send of left) if (this.#sends.get(send.messageId) === send) this.#move(send);
    });
  }

  /** All that was written is kept. */
  settled() {
    return this.#work;
  }

  /**
   * Keeps a message, or what has changed about it. `begins` is the metadata of the session that it begins, as long as
   * the server does not know that one. What is asked without words has a `place` instead.
   */
  keepSend(sessionId, { messageId, text, images = [], model, error = null, begins = null, after, place }) {
    const before = this.#sends.get(messageId);
    this.#latest = Math.max(Date.now(), this.#latest + 1);
    const at = before?.at ?? this.#latest;
    const send = {
      user: this.user,
      messageId,
      sessionId,
      text,
      images,
      model,
      error,
      begins,
      at,
      ...(after === undefined ? {} : { after }),
      ...(place === undefined ? {} : { place }),
    };
    if (before && KEPT.every((name) => isSame(before[name], send[name]))) return;
    this.#sends.set(messageId, send);
    const isWritten = write(keyOf("send", this.user, messageId), JSON.stringify(send));
    if (!isWritten) this.#homeless.add(messageId);
    this.#move(send);
  }

  dropSend(messageId) {
    if (!messageId) return;
    this.#sends.delete(messageId);
    this.#homeless.delete(messageId);
    this.#dropping.add(messageId);
    erase(keyOf("send", this.user, messageId));
    this.#queue(async () => {
      await this.#attempt((store) => store.remove(messageId));
      this.#dropping.delete(messageId);
    });
  }

  has(messageId) {
    return this.#sends.has(messageId);
  }

  /** @returns {{messageId, sessionId, text, images, model, error, begins}[]} oldest first */
  get sends() {
    return [...this.#sends.values()].sort((a, b) => a.at - b.at);
  }

  /** How many messages wait for the server. */
  get waiting() {
    return this.sends.filter(({ error }) => !error).length;
  }

  /** Whether all messages would outlive the page. */
  get isKept() {
    return this.#homeless.size === 0;
  }

  /** @returns {object[]} the sessions that the server does not know yet, in its own form */
  get unmade() {
    const firsts = this.sends.filter(({ begins }, at, all) => begins && isFirst(all, at));
    const inSeconds = (at) => Math.floor(at / 1000);
    return firsts.map(({ sessionId, begins, at }) => unmadeSession(sessionId, begins, inSeconds(at)));
  }

  /** @param {string | null} sessionId null is the new chat */
  keepDraft(sessionId, text) {
    const key = keyOf("draft", this.user, sessionId ?? "");
    if (text === "") return erase(key);
    const at = this.#read(key)?.at;
    if (at === undefined) this.#makeRoom();
    write(key, JSON.stringify({ text, sessionId, at: at ?? Date.now() }));
  }

  draftOf(sessionId) {
    return this.#read(keyOf("draft", this.user, sessionId ?? ""))?.text ?? "";
  }

  /** What is chosen for the new chat, until it begins or nothing is chosen any more. */
  get chosen() {
    return this.#unkept ?? settingsOf(this.#read(keyOf("chosen", this.user, "")));
  }

  set chosen(settings) {
    const key = keyOf("chosen", this.user, "");
    const isNone = Object.keys(settings).length === 0;
    if (isNone) erase(key);
    this.#unkept = isNone || write(key, JSON.stringify(settings)) ? null : settings;
  }

  dropSession(sessionId) {
    this.keepDraft(sessionId, "");
    this.images.keep(this.user, sessionId, []);
    for (const send of this.sends) if (send.sessionId === sessionId) this.dropSend(send.messageId);
  }

  /** A message of a former page that had no session yet becomes a draft of the new chat. */
  takeBackHomeless() {
    for (const { sessionId, messageId, text } of this.sends) {
      if (sessionId !== null) continue;
      this.dropSend(messageId);
      this.keepDraft(null, joined(this.draftOf(null), text));
    }
  }

  /** Forgets all that is kept for this user. */
  async clear() {
    await this.refresh();
    for (const { messageId } of this.sends) this.dropSend(messageId);
    for (const key of keysOf(keyOf("draft", this.user, ""))) erase(key);
    this.chosen = {};
    await this.images.clear(this.user);
    await this.settled();
  }

  /** From localStorage into the database. */
  #move(send) {
    const { user, messageId } = send;
    this.#writing.set(messageId, (this.#writing.get(messageId) ?? 0) + 1);
    this.#queue(async () => {
      const isStored = await this.#attempt((store) => store.put(send).then(() => true));
      if (isStored) this.#homeless.delete(messageId);
      // What was written since has its own turn.
      if (isStored && this.#sends.get(messageId) === send) erase(keyOf("send", user, messageId));
      this.#writing.set(messageId, this.#writing.get(messageId) - 1);
    });
  }

  // What is on its way into the database, or has no place in it, is known here only.
  #isOurs(messageId) {
    return this.#writing.get(messageId) > 0 || this.#homeless.has(messageId);
  }

  #queue(act) {
    this.#work = this.#work.then(act, act);
    return this.#work;
  }

  async #attempt(act) {
    try {
      return this.store && (await act(this.store));
    } catch {
      return null;
    }
  }

  #makeRoom() {
    const drafts = this.#entries("draft");
    if (drafts.length >= MOST_DRAFTS) this.keepDraft(drafts[0].sessionId, "");
  }

  #entries(kind) {
    const entries = keysOf(keyOf(kind, this.user, "")).map((key) => this.#read(key));
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

const keyOf = (kind, user, name) => `verbatim.${kind}.${user}.${name}`;

const settingsOf = (kept) => (kept?.constructor === Object ? kept : {});

const isSend = ({ messageId, text }) => typeof messageId === "string" && typeof text === "string";

const isFirst = (sends, at) => sends.findIndex(({ sessionId }) => sessionId === sends[at].sessionId) === at;

// Images come from the database as another array each time.
const isSame = (a, b) =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, at) => one === b[at]));

/** Several pieces of writing as one. */
export const joined = (...pieces) =>
  pieces
    .filter((piece) => piece !== "")
    .join("\n\n")
    .trim();
