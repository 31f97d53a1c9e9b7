// Rule: the user's sessions stand on two shelves, the open ones and the archive; a session is on one of them. What is
// looked at is a shelf, or what on it has certain words in its name. What this browser is about to delete is not shown.

import { isArchived, SessionList } from "./sessions.js";

export class Shelves {
  #open = new SessionList((session) => !isArchived(session));
  #archive = new SessionList(isArchived);
  #found = null; // those with the words in their names; null where there are none
  words = "";
  isArchiveShown = false;

  /** @param {{isHidden?: (sessionId: string) => boolean}} options */
  constructor({ isHidden = () => false } = {}) {
    this.isHidden = isHidden;
  }

  /** The lists that have to be kept true, each with what the server is asked for. */
  get lists() {
    const lists = [{ list: this.#open, query: {} }];
    if (this.isArchiveShown || this.#archive.isLoaded) lists.push({ list: this.#archive, query: { archived: true } });
    if (this.#found) lists.push(this.shown);
    return lists;
  }

  /** The list that is looked at, likewise. */
  get shown() {
    const query = { ...(this.isArchiveShown && { archived: true }), ...(this.words && { named: this.words }) };
    return { list: this.#found ?? this.#shelf, query };
  }

  /** The sessions of that list, in its order. */
  get sessions() {
    return this.shown.list.newestFirst.filter(({ id }) => !this.isHidden(id));
  }

  showArchive(isShown) {
    this.isArchiveShown = isShown;
    this.find(this.words);
  }

  /** Looks for sessions by their names; what is known of them is there at once. */
  find(text) {
    this.words = text.trim();
    this.#found = null;
    if (this.words === "") return;
    const [shelf, isNamed] = [this.#shelf, namedSo(this.words)];
    this.#found = new SessionList((session) => shelf.belongs(session) && isNamed(session));
    for (const session of shelf.newestFirst.filter(isNamed).reverse()) this.#found.upsert(session);
    this.#found.hasMore = shelf.hasMore;
    this.#found.isLoaded = shelf.isLoaded && !shelf.hasMore;
  }

  get(sessionId) {
    const lists = [this.#open, this.#archive, ...(this.#found ? [this.#found] : [])];
    const list = lists.find((one) => one.lists(sessionId)) ?? lists.find((one) => one.get(sessionId));
    return list?.get(sessionId) ?? null;
  }

  /** Takes what the server says of a session. */
  upsert(session) {
    for (const list of this.#all) list.upsert(session);
  }

  /** Takes a session that was asked for by its id. */
  learn(session) {
    this.#open.learn(session);
  }

  remove(sessionId) {
    for (const list of this.#all) list.remove(sessionId);
  }

  get #shelf() {
    return this.isArchiveShown ? this.#archive : this.#open;
  }

  get #all() {
    return [this.#open, this.#archive, ...(this.#found ? [this.#found] : [])];
  }
}

/** @returns {(session: object) => boolean} whether each of the words stands in its name, whatever their case */
export function namedSo(words) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  return (session) => {
    const name = plain(session.metadata?.title ?? "");
    return wanted.every((word) => name.includes(word));
  };
}

// As the server has it: letters without case, those of the Latin alphabet without accents.
const plain = (text) =>
  text
    .toLowerCase()
    .normalize("NFD")
    .replace(/([a-z])[\u0300-\u036f]+/g, "$1")
    .normalize("NFC");
