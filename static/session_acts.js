// Rule: what is done to sessions from the list, to one or to many at once. What is quickly done by mistake can be taken
// back for some seconds.

import { changeMany } from "./many.js";
import { isArchived, isPinned } from "./model/sessions.js";
import { titleOf } from "./model/title.js";
import { t } from "./text.js";

const MANY = 20; // from here on it takes long enough to say how far it is

export class SessionActs {
  /** @param {{changes: object, sessions: object, deletions: object, toast: object, page: () => object}} parts */
  constructor(parts) {
    Object.assign(this, parts);
  }

  pin(ids, isOn) {
    const said = isOn ? SAID.pinned : SAID.unpinned;
    return this.#shelve(ids, said, () => ({ "verbatim:pinned": isOn }));
  }

  /** What is put away is not kept at hand any more: it loses its pin, but for who takes that back. */
  archive(ids, isOn) {
    const fields = isOn ? { "verbatim:archived": true, "verbatim:pinned": false } : { "verbatim:archived": false };
    return this.#shelve(ids, isOn ? SAID.archived : SAID.broughtBack, () => fields);
  }

  remove(ids) {
    const text = SAID.deleted(ids, this.#titleOf(ids));
    const comeBack = this.page().leave(ids);
    const key = this.deletions.begin(ids);
    this.toast.show(text, {
      key,
      isLasting: true,
      onUndo: () => this.deletions.takeBack(key) && comeBack(),
      onHold: (isHeld) => this.deletions.hold(key, isHeld),
    });
  }

  /** The server is being asked: there is no way back. */
  deletionAsked(key) {
    this.toast.hide(key);
  }

  deletionProgressed({ left, count }) {
    if (count <= MANY) return;
    if (left > 0) this.toast.progress(t("acts.progress", { done: count - left, count }));
    else this.toast.show(t("acts.deleted", { count }));
  }

  async #shelve(ids, said, fieldsOf) {
    const text = said(ids, this.#titleOf(ids));
    const before = new Map(ids.map((id) => [id, placeOf(this.sessions.get(id))]));
    const { done, problem } = await this.#change(ids, fieldsOf);
    if (problem !== null) {
      this.toast.show(t("acts.failed", { count: ids.length - done.length, reason: problem }));
      return;
    }
    this.toast.show(text, { onUndo: () => this.#putBack(done, before) });
  }

  async #putBack(ids, before) {
    const { done, problem } = await this.#change(ids, (id) => before.get(id));
    if (problem !== null) this.toast.show(t("acts.failed", { count: ids.length - done.length, reason: problem }));
    else this.toast.hide();
  }

  async #change(ids, fieldsOf) {
    const change = async (id) => this.sessions.upsert(await this.changes.shelve(id, fieldsOf(id)));
    const progress = (done) => this.toast.progress(t("acts.progress", { done, count: ids.length }));
    const outcome = await changeMany(ids, change, ids.length > MANY ? progress : undefined);
    this.page().sessionsChanged();
    return outcome;
  }

  #titleOf([id]) {
    return titleOf(this.sessions.get(id));
  }
}

const placeOf = (session) => ({
  "verbatim:archived": session !== null && isArchived(session),
  "verbatim:pinned": session !== null && isPinned(session),
});

const SAID = {
  pinned: ({ length: count }, title) => (count === 1 ? t("acts.pinnedOne", { title }) : t("acts.pinned", { count })),
  unpinned: ({ length: count }, title) =>
    count === 1 ? t("acts.unpinnedOne", { title }) : t("acts.unpinned", { count }),
  archived: ({ length: count }, title) =>
    count === 1 ? t("acts.archivedOne", { title }) : t("acts.archived", { count }),
  broughtBack: ({ length: count }, title) =>
    count === 1 ? t("acts.broughtBackOne", { title }) : t("acts.broughtBack", { count }),
  deleted: ({ length: count }, title) =>
    count === 1 ? t("acts.deletingOne", { title }) : t("acts.deleting", { count }),
};
