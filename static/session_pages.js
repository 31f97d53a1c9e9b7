// Rule: the list of sessions comes page by page, as far as the user has asked for it. A new connection asks for the
// first page only.

export class SessionPages {
  #isLoading = false;

  /** @param {{api: object, sessions: object, onChange: () => void, onProblem: (message: string) => void}} options */
  constructor({ api, sessions, onChange, onProblem }) {
    Object.assign(this, { api, sessions, onChange, onProblem });
  }

  /** Asks what is new, at the start and after a time without a connection. */
  refresh() {
    return this.#attempt(async () => {
      const asked = this.sessions.now;
      const page = await this.api.sessions();
      this.sessions.renew(page.data, page.has_more, asked);
    });
  }

  /** Loads the next page; once at a time. */
  async more() {
    if (this.#isLoading || !this.sessions.hasMore) return;
    this.#isLoading = true;
    await this.#attempt(async () => {
      const asked = this.sessions.now;
      const page = await this.api.sessions(this.sessions.lastId);
      this.sessions.extend(page.data, page.has_more, asked);
    });
    this.#isLoading = false;
  }

  /** Asks for a session that is shown though it stands beyond what is loaded. */
  async learn(sessionId) {
    if (sessionId === null || this.sessions.get(sessionId)) return;
    const session = await this.api.session(sessionId).catch(() => null); // its items say what is wrong
    if (session === null) return;
    this.sessions.learn(session);
    this.onChange();
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
