// Rule: the list of sessions as a nav of links. Each session keeps its row, so that news from elsewhere takes neither
// the focus nor a half-typed name nor a click.

import { groupByTime } from "../model/sessions.js";
import { titleOf } from "../model/title.js";
import { t } from "../text.js";
import { h, place } from "./dom.js";
import { SessionRow } from "./session_row.js";

export class SessionListView {
  #rows = new Map(); // session id → SessionRow
  #groups = new Map(); // name → {section, list}
  #empty = h("p", { class: "empty" }, t("sessions.none"));
  #renaming = null; // the session whose name is being typed

  /** @param {{element: HTMLElement, onOpen, onRename, onDelete, onMore}} options */
  constructor({ element, onOpen, onRename, onDelete, onMore }) {
    Object.assign(this, { element, onRename });
    this.acts = {
      onOpen: (session) => onOpen(session.id),
      onRename: (session) => this.#startRenaming(session),
      onDelete,
    };
    const attributes = { type: "button", class: "plain more", "data-focus": "more", click: onMore };
    this.more = h("button", attributes, t("sessions.more"));
    // Whoever scrolls to the end has asked for more.
    new IntersectionObserver(([seen]) => seen.isIntersecting && onMore()).observe(this.more);
  }

  show(sessions, currentId, hasMore) {
    Object.assign(this, { sessions, currentId, hasMore });
    if (this.#renaming) return; // shown when the name is done
    const focused = document.activeElement?.dataset?.focus;
    const groups = groupByTime(sessions).map((group) => this.#group(group));
    if (groups.length === 0) groups.push(this.#empty);
    place(this.element, hasMore ? [...groups, this.more] : groups);
    if (focused) this.#focus(focused);
    this.#prune();
  }

  // Where there is no more to show, the focus goes to the last row rather than to nowhere.
  #focus(name) {
    const last = name === "more" ? [...this.element.querySelectorAll("a")].at(-1) : null;
    const target = this.element.querySelector(`[data-focus="${CSS.escape(name)}"]`) ?? last;
    target?.focus({ preventScroll: true });
  }

  #group({ name, sessions }) {
    if (!this.#groups.has(name)) {
      const list = h("ul");
      this.#groups.set(name, { section: h("section", {}, h("h2", {}, name), list), list });
    }
    const { section, list } = this.#groups.get(name);
    place(
      list,
      sessions.map((session) => this.#row(session)),
    );
    return section;
  }

  #row(session) {
    const row = this.#rows.get(session.id) ?? new SessionRow(session, this.acts);
    this.#rows.set(session.id, row);
    row.update(session, session.id === this.currentId);
    return row.element;
  }

  #startRenaming(session) {
    this.#renaming = session.id;
    const input = h("input", { type: "text", "aria-label": t("sessions.name"), maxlength: "200" });
    input.value = titleOf(session);
    const finish = (isKept) => this.#finishRenaming(session, isKept ? input.value.trim() : "");
    input.addEventListener("keydown", (event) => {
      const isEnd = event.key === "Escape" || (event.key === "Enter" && !event.isComposing);
      if (!isEnd) return;
      event.preventDefault(); // Escape would close the drawer, Enter press the button that gets the focus
      finish(event.key === "Enter");
    });
    input.addEventListener("blur", () => finish(true));
    this.#rows.get(session.id).showInput(input);
    input.focus();
    input.select();
  }

  #finishRenaming(session, title) {
    if (this.#renaming !== session.id) return;
    this.#renaming = null;
    this.#rows.get(session.id).showLink();
    const current = this.sessions.find((one) => one.id === session.id);
    if (title && current && title !== titleOf(current)) this.onRename(current, title);
    this.show(this.sessions, this.currentId, this.hasMore);
    this.#focus(`rename ${session.id}`);
  }

  #prune() {
    const ids = new Set(this.sessions.map((session) => session.id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
  }
}
