// Rule: a deletion can be taken back for a few seconds, and is asked of the server when they are over, or when the page
// goes away. Until the server has done it, it is kept in the browser's storage: what could not be asked (no network, a
// tab that was killed) is asked when a page is there again. Nobody else sees a deletion before it has happened.

import { newId } from "./model/ids.js";
import { erase, keysOf, read, write } from "./model/storage.js";

const UNDO_MS = 8_000;
const HELD_MS = 60_000; // as long as the pointer or the focus is on the offer, but not for ever
const STRANGER_MS = 2_000; // another tab takes care of its own first
const RETRY_MS = 10_000;
const AT_ONCE = 100; // as many as the server takes
const ASKED_AGAIN = new Set(["unreachable", "shutting_down", "invalid_api_key"]);

export class Deletions {
  #batches = new Map(); // key → {ids (a set), count, at, timer, isAsked, isBusy}
  #watch; // of other tabs' deletions

  /**
   * @param {{api: object, user: () => string, onChange: () => void, onAsked: (key: string) => void,
   *   onGone: (sessionId: string) => void,
   *   onProgress: (batch: {left: number, count: number}) => void, onProblem: (message: string) => void}} options
   */
  constructor(options) {
    Object.assign(this, options);
  }

  isHidden = (sessionId) => [...this.#batches.values()].some(({ ids }) => ids.has(sessionId));

  /** @returns {string} what `takeBack` and `hold` name it by */
  begin(sessionIds) {
    const key = this.#prefix + newId();
    this.#put(key, sessionIds, 0);
    this.#delay(key, UNDO_MS);
    this.onChange();
    return key;
  }

  /** @returns {boolean} whether nothing of it has been asked yet */
  takeBack(key) {
    const batch = this.#batches.get(key);
    if (!batch || batch.isAsked) return false;
    this.#drop(key);
    this.onChange();
    return true;
  }

  /** Somebody is looking at the offer to take it back. */
  hold(key, isHeld) {
    const batch = this.#batches.get(key);
    if (batch && !batch.isAsked) this.#delay(key, isHeld ? HELD_MS : UNDO_MS);
  }

  /** The page goes away: asks for everything at once, and needs no answer. */
  hurry() {
    for (const [key, batch] of this.#batches) {
      clearTimeout(batch.timer);
      Object.assign(batch, { isAsked: true, at: Date.now() });
      keep(key, batch);
      this.onAsked(key);
      for (const some of portions(batch.ids)) this.api.deleteSessions(some, { keepalive: true }).catch(() => {});
    }
  }

  /** Whoever logs out has all of it done first, that of other tabs too: nobody could ask for it afterwards. */
  async finish() {
    for (const key of this.#others) {
      const kept = keptIn(key);
      if (kept) this.#put(key, kept.ids, kept.at);
    }
    await Promise.all([...this.#batches.keys()].map((key) => this.#ask(key)));
  }

  /** Whoever began these has left: this page asks for nothing any more. */
  end() {
    for (const [key, { timer }] of this.#batches) {
      clearTimeout(timer);
      erase(key);
    }
    clearTimeout(this.#watch);
    this.#batches.clear();
  }

  /** Forgets all that is kept for this user. */
  clear() {
    this.end();
    for (const key of this.#others) erase(key);
  }

  /** A page is there, or there again, or the connection is: whatever is due is asked for. */
  resume() {
    for (const [key, batch] of this.#batches) if (batch.at <= Date.now()) this.#ask(key);
    clearTimeout(this.#watch);
    const times = this.#others.map((key) => this.#adopt(key)).filter((at) => at !== null);
    if (times.length > 0) this.#watch = setTimeout(() => this.resume(), Math.min(...times) - Date.now());
  }

  get #prefix() {
    return `verbatim.deletion.${this.user()}.`;
  }

  // What other pages have left, or take care of.
  get #others() {
    return keysOf(this.#prefix).filter((key) => !this.#batches.has(key));
  }

  // Takes over what a page that is no more has left; returns when it may, if not yet.
  #adopt(key) {
    const kept = keptIn(key);
    if (!kept) return null;
    const dueAt = kept.at + STRANGER_MS;
    if (dueAt > Date.now()) return dueAt;
    this.#put(key, kept.ids, kept.at);
    this.#ask(key);
    return null;
  }

  #put(key, ids, at) {
    this.#batches.set(key, { ids: new Set(ids), count: ids.length, at, isAsked: false, isBusy: false });
  }

  #delay(key, ms) {
    const batch = this.#batches.get(key);
    clearTimeout(batch.timer);
    batch.at = Date.now() + ms;
    batch.timer = setTimeout(() => this.#ask(key), ms);
    keep(key, batch);
  }

  async #ask(key) {
    const batch = this.#batches.get(key);
    if (!batch || batch.isBusy) return;
    Object.assign(batch, { isAsked: true, isBusy: true });
    this.onAsked(key);
    try {
      await this.#askAll(key, batch);
    } catch (error) {
      this.#refused(key, batch, error);
    }
    batch.isBusy = false;
    this.onChange();
  }

  async #askAll(key, batch) {
    for (const some of portions(batch.ids)) {
      await this.api.deleteSessions(some);
      for (const id of some) batch.ids.delete(id);
      if (batch.ids.size === 0) this.#drop(key);
      else if (this.#batches.get(key) === batch) keep(key, batch); // nobody has left meanwhile
      for (const id of some) this.onGone(id);
      this.onProgress({ left: batch.ids.size, count: batch.count });
    }
  }

  #refused(key, batch, error) {
    if (error.status === undefined) throw error;
    if (this.#batches.get(key) !== batch) return; // whoever began it has left
    if (ASKED_AGAIN.has(error.code)) {
      clearTimeout(batch.timer);
      batch.timer = setTimeout(() => this.#ask(key), RETRY_MS);
      return;
    }
    this.#drop(key); // they are shown again, since they are still there
    this.onProblem(error.message);
  }

  #drop(key) {
    clearTimeout(this.#batches.get(key)?.timer);
    this.#batches.delete(key);
    erase(key);
  }
}

function keptIn(key) {
  const { ids, at } = parsed(read(key));
  if (Array.isArray(ids) && ids.length > 0 && typeof at === "number") return { ids, at };
  erase(key);
  return null;
}

const keep = (key, { ids, at }) => write(key, JSON.stringify({ ids: [...ids], at }));

function portions(set) {
  const ids = [...set];
  return Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, at) =>
    ids.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
  );
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
