// Rule: the user's sessions as one list that is true in every tab: newest activity first, changed only by what
// the server says.

const DAY_MS = 86_400_000;

export class SessionList {
  #byId = new Map();
  #ranks = new Map(); // session id → what decides between two activities of the same second
  #highestRank = 0;
  #changes = new Map(); // session id → the number of its last change
  #changeCount = 0;

  /** How many changes there have been: to be noted before the list is asked for. */
  get now() {
    return this.#changeCount;
  }

  /** Takes the server's list, newest first, as the whole truth, but for what has changed since it was asked for. */
  replaceAll(sessions, since = this.now) {
    const isNewer = (id) => (this.#changes.get(id) ?? 0) > since;
    const news = this.newestFirst.filter((session) => isNewer(session.id));
    const listed = sessions.filter((session) => !isNewer(session.id));
    this.#byId.clear();
    this.#ranks.clear();
    for (const session of [...news, ...listed].toReversed()) this.#put(session);
  }

  upsert(session) {
    this.#note(session.id);
    this.#put(session);
  }

  remove(sessionId) {
    this.#note(sessionId);
    this.#ranks.delete(sessionId);
    this.#byId.delete(sessionId);
  }

  get(sessionId) {
    return this.#byId.get(sessionId) ?? null;
  }

  get newestFirst() {
    const rankOf = (session) => this.#ranks.get(session.id);
    return [...this.#byId.values()].sort((a, b) => activityOf(b) - activityOf(a) || rankOf(b) - rankOf(a));
  }

  #note(sessionId) {
    this.#changeCount += 1;
    this.#changes.set(sessionId, this.#changeCount);
  }

  #put(session) {
    const before = this.#byId.get(session.id);
    if (!before || activityOf(before) !== activityOf(session)) {
      this.#highestRank += 1;
      this.#ranks.set(session.id, this.#highestRank);
    }
    this.#byId.set(session.id, session);
  }
}

export const activityOf = (session) => session["verbatim:last_activity"] ?? session.created_at ?? 0;

/** @returns {{name: string, sessions: object[]}[]} by the local day of the last activity; empty groups are left out */
export function groupByTime(sessions, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const groups = [
    { name: "Today", since: midnight, sessions: [] },
    { name: "Yesterday", since: midnight - DAY_MS, sessions: [] },
    { name: "Last week", since: midnight - 7 * DAY_MS, sessions: [] },
    { name: "Earlier", since: Number.NEGATIVE_INFINITY, sessions: [] },
  ];
  for (const session of sessions) {
    const time = activityOf(session) * 1000;
    groups.find((group) => time >= group.since).sessions.push(session);
  }
  return groups.filter((group) => group.sessions.length > 0).map(({ name, sessions }) => ({ name, sessions }));
}
