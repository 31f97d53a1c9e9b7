// Rule: images that are attached to a message that is not sent yet are kept in the database, by user and session. Where
// there is none, or it refuses them, they live as long as the page.

const MOST_SESSIONS = 20;

export class DraftImages {
  #homeless = new Map(); // by key, what the database did not take
  #work = Promise.resolve(); // one act on the database follows another

  /** @param {{get: Function, all: Function, put: Function, remove: Function} | null} store each returns a promise, and may fail */
  constructor(store = null) {
    this.store = store;
  }

  /** @returns {Promise<string[]>} data URLs */
  of(user, sessionId) {
    return this.#queue(() => this.#read(keyOf(user, sessionId)));
  }

  /** Keeps them in place of what was kept. */
  keep(user, sessionId, images) {
    return this.#queue(() => this.#write(user, sessionId, images));
  }

  /** Keeps one more, where there are not as many as there may be. */
  add(user, sessionId, image, most) {
    return this.#queue(async () => {
      const images = await this.#read(keyOf(user, sessionId));
      if (images.length < most) await this.#write(user, sessionId, [...images, image]);
    });
  }

  /** Forgets all that is kept for a user. */
  clear(user) {
    this.#homeless.clear();
    return this.#queue(async () => {
      const kept = await this.#attempt((store) => store.all(user), []);
      for (const { key } of kept) await this.#attempt((store) => store.remove(key));
    });
  }

  async #read(key) {
    const found = await this.#attempt((store) => store.get(key));
    return this.#homeless.get(key) ?? found?.images ?? [];
  }

  async #write(user, sessionId, images) {
    const key = keyOf(user, sessionId);
    this.#homeless.delete(key);
    if (images.length === 0) return this.#attempt((store) => store.remove(key));
    await this.#makeRoom(user, key);
    const draft = { key, user, images, at: Date.now() };
    const isKept = await this.#attempt((store) => store.put(draft).then(() => true));
    if (!isKept) this.#homeless.set(key, images);
  }

  async #makeRoom(user, key) {
    if (await this.#attempt((store) => store.get(key))) return;
    const kept = await this.#attempt((store) => store.all(user), []);
    const oldest = kept.sort((a, b) => a.at - b.at).slice(0, Math.max(kept.length - MOST_SESSIONS + 1, 0));
    for (const draft of oldest) await this.#attempt((store) => store.remove(draft.key));
  }

  #queue(act) {
    const done = this.#work.then(act);
    this.#work = done.catch(() => {});
    return done;
  }

  async #attempt(act, otherwise = null) {
    try {
      return this.store === null ? otherwise : await act(this.store);
    } catch {
      return otherwise;
    }
  }
}

const keyOf = (user, sessionId) => `${user}.${sessionId ?? ""}`;
