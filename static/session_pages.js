// Rule: each list of sessions comes page by page, as far as the user has asked for it. A new connection asks for the
// first pages only. Names are looked for a moment after they were typed.

const WAIT_MS = 150;

export class SessionPages {
  #loading = new Set(); // the lists of which a page is under way
  #current = null; // the session that is shown
  #timer;

  /** @param {{api: object, sessions: object, onChange: () => void, onProblem: (message: string) => void}} options */
  constructor({ api, sessions, onChange, onProblem }) {
    Object.assign(this, { api, sessions, onChange, onProblem });
  }

  /** Asks what is new, at the start and after a time without a connection. */
  async refresh() {
    await Promise.all(this.sessions.lists.map((shown) => this.#renew(shown)));
    await this.learn(this.#current);
  }

  /** Loads the next page of the list that is looked at; once at a time. */
  async more() {
    const { list, query } = this.sessions.shown;
    if (this.#loading.has(list) || !list.hasMore) return;
    this.#loading.add(list);
    await this.#attempt(async () => {
      const asked = list.now;
      const page = await this.api.sessions(list.lastId, query);
      list.extend(page.data, page.has_more, asked);
    });
    this.#loading.delete(list);
  }

  showArchive(isShown) {
    this.sessions.showArchive(isShown);
    this.onChange();
    return this.#renew(this.sessions.shown);
  }

  /** What is to stand in the names has changed. */
  find(text) {
    clearTimeout(this.#timer);
    if (text.trim() === this.sessions.words) return;
    this.sessions.find(text);
    this.onChange();
    if (this.sessions.words) this.#timer = setTimeout(() => this.#renew(this.sessions.shown), WAIT_MS);
  }

  /** Asks for a session that is shown though it stands beyond what is loaded. */
  async learn(sessionId) {
    this.#current = sessionId;
    if (sessionId === null || this.sessions.get(sessionId)) return;
    const session = await this.api.session(sessionId).catch(() => null); // its items say what is wrong
    if (session === null || this.sessions.get(sessionId)) return; // what was told meanwhile is newer
    this.sessions.learn(session);
    this.onChange();
  }

  #renew({ list, query }) {
    return this.#attempt(async () => {
      const asked = list.now;
      const page = await this.api.sessions(null, query);
      list.renew(page.data, page.has_more, asked);
    });
  }

  async #attempt(act) {
    try {
      await act();
      this.onChange();
    } catch (error) {
      if (error.status === undefined) throw error;
      if (error.status > 0 && error.status !== 401) this.onProblem(error.message);
    }
  }
}
