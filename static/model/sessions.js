// Rule: the user's sessions as one list that is true in every tab: the pinned first, then the newest activity, changed
// only by what the server says. It is the list's beginning, as far as it was loaded; a session beyond, or one that does
// not belong into it, is known, but not listed.

import { t } from "../text.js";

const DAY_MS = 86_400_000;

export class SessionList {
  #byId = new Map();
  #beyond = new Map(); // sessions that are known and stand further down than the list goes, or in another
  #ranks = new Map(); // session id → what decides between two activities of the same second
  #highestRank = 0;
  #lowestRank = 0;
  #changes = new Map(); // session id → the number of its last change
  #changeCount = 0;

  /** Whether the server has sessions beyond the list. */
  hasMore = false;

  /** Whether the server has said what is in it. */
  isLoaded = false;

  /** @param {(session: object) => boolean} belongs whether a session stands in this list */
  constructor(belongs = () => true) {
    this.belongs = belongs;
  }

  /** How many changes there have been: to be noted before a page is asked for. */
  get now() {
    return this.#changeCount;
  }

  /** The session after which the next page begins; null where nothing is listed. */
  get lastId() {
    return this.newestFirst.at(-1)?.id ?? null;
  }

  /**
   * Takes the server's first page, newest first, as the truth for as far as it goes, but for what has changed since
   * it was asked for. What is listed further down stays where the page ends in it; else there may be a gap, and it goes.
   */
  renew(sessions, hasMore = false, since = this.now) {
    const news = this.newestFirst.filter((session) => this.#isNewer(session.id, since));
    const listed = sessions.filter((session) => !this.#isNewer(session.id, since));
    const before = this.newestFirst.filter((session) => !this.#isNewer(session.id, since));
    const last = listed.at(-1);
    const at = before.findIndex(({ id }) => id === last?.id);
    // News alone, before anything was loaded, are no beginning of the list: there may be any others between them.
    const isJoined = this.isLoaded && hasMore && at >= 0 && byPlace(before[at], last) === 0;
    const ids = new Set(listed.map(({ id }) => id));
    // Of activities of the same second the server may have another order than we.
    const isFurther = (session, place) => !ids.has(session.id) && (place > at || byPlace(session, last) === 0);
    const further = isJoined ? before.filter(isFurther) : [];
    this.#byId.clear();
    this.#ranks.clear();
    if (!hasMore) this.#forgetBeyond();
    else if (!isJoined) for (const session of before) this.#beyond.set(session.id, session);
    for (const session of [...news, ...listed, ...further].toReversed()) this.#put(session);
    if (!isJoined) this.hasMore = hasMore;
    this.isLoaded = true;
  }

  /** Takes the page that follows the list. */
  extend(sessions, hasMore, since = this.now) {
    for (const session of sessions) {
      if (this.#byId.has(session.id) || this.#isNewer(session.id, since)) continue;
      this.#lowestRank -= 1;
      this.#ranks.set(session.id, this.#lowestRank);
      this.#byId.set(session.id, session);
      this.#beyond.delete(session.id);
    }
    this.hasMore = hasMore;
  }

  /** Takes a session that was asked for by its id. */
  learn(session) {
    if (!this.#byId.has(session.id)) this.#beyond.set(session.id, session);
  }

  upsert(session) {
    this.#note(session.id);
    const before = this.#byId.get(session.id);
    // Only what comes into the list, or loses its pin, can have its place further down than the list goes.
    const mayBeBeyond = this.hasMore && (!before || (isPinned(before) && !isPinned(session)));
    const last = mayBeBeyond ? this.newestFirst.findLast(({ id }) => id !== session.id) : undefined;
    const isBeyond = last !== undefined && byPlace(session, last) > 0;
    if (this.belongs(session) && !isBeyond) return this.#put(session);
    for (const map of [this.#ranks, this.#byId]) map.delete(session.id);
    this.#beyond.set(session.id, session);
  }

  remove(sessionId) {
    this.#note(sessionId);
    for (const map of [this.#ranks, this.#byId, this.#beyond]) map.delete(sessionId);
  }

  get(sessionId) {
    return this.#byId.get(sessionId) ?? this.#beyond.get(sessionId) ?? null;
  }

  /** Whether the session stands in this list, as far as it was loaded. */
  lists(sessionId) {
    return this.#byId.has(sessionId);
  }

  /** The list: of the pinned and then of the others, the newest activity first. */
  get newestFirst() {
    const rankOf = (session) => this.#ranks.get(session.id);
    return [...this.#byId.values()].sort((a, b) => byPlace(a, b) || rankOf(b) - rankOf(a));
  }

  // The list is whole: what belongs into it and is not there is gone.
  #forgetBeyond() {
    for (const [id, session] of this.#beyond) if (this.belongs(session)) this.#beyond.delete(id);
  }

  #isNewer(sessionId, since) {
    return (this.#changes.get(sessionId) ?? 0) > since;
  }

  #note(sessionId) {
    this.#changeCount += 1;
    this.#changes.set(sessionId, this.#changeCount);
  }

  #put(session) {
    const before = this.#byId.get(session.id);
    if (!before || byPlace(before, session) !== 0) {
      this.#highestRank += 1;
      this.#ranks.set(session.id, this.#highestRank);
    }
    this.#byId.set(session.id, session);
    this.#beyond.delete(session.id);
  }
}

export const activityOf = (session) => session["verbatim:last_activity"] ?? session.created_at ?? 0;
export const isPinned = (session) => session["verbatim:pinned"] === true;
export const isArchived = (session) => session["verbatim:archived"] === true;

const byPlace = (a, b) => isPinned(b) - isPinned(a) || activityOf(b) - activityOf(a);

/** @returns {{name: string, sessions: object[]}[]} the pinned, then by the local day of the last activity; empty groups are left out */
export function groupByTime(sessions, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const groups = [
    { name: t("sessions.pinned"), since: Number.POSITIVE_INFINITY, sessions: sessions.filter(isPinned) },
    { name: t("sessions.today"), since: midnight, sessions: [] },
    { name: t("sessions.yesterday"), since: midnight - DAY_MS, sessions: [] },
    { name: t("sessions.lastWeek"), since: midnight - 7 * DAY_MS, sessions: [] },
    { name: t("sessions.earlier"), since: Number.NEGATIVE_INFINITY, sessions: [] },
  ];
  for (const session of sessions) {
    if (isPinned(session)) continue;
    const time = activityOf(session) * 1000;
    groups.find((group) => time >= group.since).sessions.push(session);
  }
  return groups.filter((group) => group.sessions.length > 0).map(({ name, sessions }) => ({ name, sessions }));
}
