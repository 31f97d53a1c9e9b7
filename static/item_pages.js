// Rule: the items of the opened conversations, asked for a page at a time. In one conversation one page follows another,
// so that an older answer of the server never follows a newer one.

export class ItemPages {
  #loads = new Map(); // session id → the last load

  /**
   * @param {{api: object, onChange: (transcript: object) => void, onGone: (sessionId: string) => void,
   *   onProblem: (message: string, transcript: object) => void}} options
   */
  constructor({ api, onChange, onGone, onProblem }) {
    Object.assign(this, { api, onChange, onGone, onProblem });
  }

  has(sessionId) {
    return this.#loads.has(sessionId);
  }

  forget(sessionId) {
    this.#loads.delete(sessionId);
  }

  /** The end of a conversation. */
  load(transcript, runningId) {
    return this.#follow(transcript, async () => {
      const { told, sessionId } = transcript;
      const { items, hasMore } = await this.api.items(sessionId);
      const mayBeOld = transcript.told !== told; // older than what was told meanwhile
      if (!mayBeOld || !transcript.isLoaded) transcript.load(items, runningId, hasMore);
      this.onChange(transcript);
      if (mayBeOld) this.load(transcript, runningId);
    });
  }

  /** A page into a gap, from the side that the reader comes from. */
  fill(transcript, key, isNewer) {
    return this.#follow(transcript, async () => {
      const gap = transcript.entries.find((entry) => entry.key === key);
      if (!gap) return;
      const { told, sessionId } = transcript;
      const order = isNewer ? "asc" : "desc";
      const page = await this.api.itemsBeside(sessionId, order, isNewer ? gap.after : gap.before);
      if (transcript.told === told) transcript.fill(key, { ...page, isNewer });
      this.onChange(transcript);
    });
  }

  /**
   * The items around one of them.
   * @returns {Promise<boolean>} whether it is on the path that is shown
   */
  async around(transcript, itemId) {
    let isThere = false;
    await this.#follow(transcript, async () => {
      const { sessionId } = transcript;
      try {
        const older = await this.api.itemsBeside(sessionId, "desc", itemId);
        const newer = await this.api.itemsBeside(sessionId, "asc", older.items.at(-1)?.id ?? null);
        const items = [...older.items, ...newer.items];
        transcript.addStretch({ items, hasOlder: older.hasMore, hasNewer: newer.hasMore });
        isThere = transcript.entries.some((entry) => entry.itemId === itemId);
        this.onChange(transcript);
      } catch (error) {
        if (error.code !== "message_not_found") throw error;
      }
    });
    return isThere;
  }

  async #follow(transcript, act) {
    const { sessionId } = transcript;
    const earlier = this.#loads.get(sessionId);
    const load = (async () => {
      await earlier;
      try {
        await act();
      } catch (error) {
        if (error.code === "message_not_found") this.load(transcript);
        else if (error.status === 404) this.onGone(sessionId);
        else if (error.status > 0) this.onProblem(error.message, transcript);
      }
    })();
    this.#loads.set(sessionId, load);
    await load;
  }
}
