// Rule: a database for tests, which can be told to fail, or to hold back what it has done.

export class FakeStore {
  sends = new Map();
  isBroken = false;
  #held = null; // those who wait, while it holds back

  hold() {
    this.#held = [];
  }

  /** Lets the first so many go on, or all, and from then on everybody. */
  release(count = null) {
    for (const go of this.#held.splice(0, count ?? this.#held.length)) go();
    if (count === null) this.#held = null;
  }

  get = (key) => this.#act(() => this.sends.get(key));
  all = (user) => this.#act(() => [...this.sends.values()].filter((send) => send.user === user));
  put = (send) => this.#act(() => void this.sends.set(send.messageId ?? send.key, send));
  remove = (messageId) => this.#act(() => void this.sends.delete(messageId));

  async #act(act) {
    if (this.isBroken) throw new Error("InvalidStateError");
    const result = act();
    if (this.#held !== null) await new Promise((go) => this.#held.push(go));
    return result;
  }
}
