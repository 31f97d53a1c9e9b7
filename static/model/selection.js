// Rule: which sessions are chosen, while many are. What is not listed any more is not chosen any more.

export class Selection {
  #ids = new Set();
  #anchor = null; // where a range begins: what was chosen, or not any more, last
  isOn = false;

  /** What was touched last. */
  get last() {
    return this.#anchor;
  }

  get size() {
    return this.#ids.size;
  }

  has(sessionId) {
    return this.#ids.has(sessionId);
  }

  begin(sessionId) {
    this.isOn = true;
    this.#anchor = sessionId;
    this.#ids = new Set([sessionId]);
  }

  end() {
    this.isOn = false;
    this.#anchor = null;
    this.#ids.clear();
  }

  toggle(sessionId) {
    this.#anchor = sessionId;
    if (!this.#ids.delete(sessionId)) this.#ids.add(sessionId);
  }

  /** Makes all from the last touched one to this one as this one becomes. */
  reach(sessionId, listed) {
    const [from, to] = [listed.indexOf(this.#anchor), listed.indexOf(sessionId)];
    if (from < 0 || to < 0) return this.toggle(sessionId);
    const isChosen = !this.#ids.has(sessionId);
    for (const id of listed.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      if (isChosen) this.#ids.add(id);
      else this.#ids.delete(id);
    }
    this.#anchor = sessionId;
  }

  /** All that are listed, or none, where all are chosen already. */
  toggleAll(listed) {
    this.#ids = new Set(listed.every((id) => this.#ids.has(id)) ? [] : listed);
  }

  /** Lets go of what is not listed any more. */
  retain(listed) {
    const there = new Set(listed);
    for (const id of this.#ids) if (!there.has(id)) this.#ids.delete(id);
  }

  /** Those that are chosen, in the order of the list. */
  among(listed) {
    return listed.filter((id) => this.#ids.has(id));
  }
}
