// Rule: the list of sessions as a nav of links, for the mouse and for the keyboard: the arrows go through it, F2 renames,
// Delete deletes. Each session keeps its row, so that news from elsewhere take neither the focus nor a half-typed name
// nor a click.

import { groupByTime } from "../model/sessions.js";
import { titleOf } from "../model/title.js";
import { t } from "../text.js";
import { h, place } from "./dom.js";
import { SessionRow } from "./session_row.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class SessionListView {
  #rows = new Map(); // session id → SessionRow
  #groups = new Map(); // name → {section, list}
  #renaming = null; // the session whose name is being typed

  /** @param {{element: HTMLElement, row: object, onRename, onDelete, onMore}} options `row`: what each row is made with */
  constructor({ element, row, onRename, onDelete, onMore }) {
    Object.assign(this, { element, row, onRename, onDelete });
    const attributes = { type: "button", class: "plain more", "data-focus": "more", click: onMore };
    this.more = h("button", attributes, t("sessions.more"));
    element.addEventListener("keydown", (event) => this.#key(event));
    // Whoever scrolls to the end has asked for more.
    new IntersectionObserver(([seen]) => seen.isIntersecting && onMore()).observe(this.more);
  }

  /**
   * @param {{sessions: object[], currentId: string | null, hasMore: boolean, empty: HTMLElement | null,
   *   isChosen: (sessionId: string) => boolean | null}} shown `empty`: what stands there where nothing does
   */
  show(shown) {
    Object.assign(this, shown);
    if (this.#renaming) return; // shown when the name is done
    const { stop, at } = this.#focused();
    const groups = groupByTime(this.sessions).map((group) => this.#group(group));
    if (groups.length === 0 && this.empty) groups.push(this.empty);
    place(this.element, this.hasMore ? [...groups, this.more] : groups);
    this.#prune();
    if (stop) this.#focus(stop.dataset.focus, at, stop.tagName === "BUTTON" && stop !== this.more);
  }

  rename(session) {
    this.#startRenaming(session);
  }

  /** Goes to a session, or to the first where it is not listed. */
  focus(sessionId) {
    this.#focus(`open ${sessionId}`, 0, false);
  }

  focusFirst() {
    this.#stops[0]?.focus();
  }

  get #stops() {
    return [...this.element.querySelectorAll("[data-focus^=open]")];
  }

  // What has the focus, and in which row.
  #focused() {
    const stop = document.activeElement?.closest?.("[data-focus]");
    if (!stop || !this.element.contains(stop)) return { stop: null, at: -1 };
    const row = stop.closest(".row");
    return { stop, at: row ? [...this.element.querySelectorAll(".row")].indexOf(row) : -1 };
  }

  // Where its row is gone the focus goes to the one that stands there now, or to the last, rather than to nowhere.
  #focus(name, at, isMenu) {
    const same = this.element.querySelector(`[data-focus="${CSS.escape(name)}"]`);
    const rows = [...this.element.querySelectorAll(".row")];
    const row = rows[Math.min(at < 0 ? rows.length - 1 : at, rows.length - 1)];
    const near =
      row?.querySelector(isMenu ? "[data-focus^=menu]" : "[data-focus^=open]") ?? row?.querySelector("[data-focus]");
    (same ?? near ?? document.getElementById("new-chat")).focus({ preventScroll: same !== null });
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
    const row = this.#rows.get(session.id) ?? new SessionRow(session, this.row);
    this.#rows.set(session.id, row);
    row.update(session, session.id === this.currentId, this.isChosen(session.id));
    return row.element;
  }

  #key(event) {
    const stops = this.#stops;
    const at = stops.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    const session = this.sessions.find(({ id }) => event.target.dataset.focus === `open ${id}`);
    const isLink = event.target.matches("a");
    if (STEPS[key]) stops[at + STEPS[key]]?.focus();
    else if (key === "Home" || key === "End") stops.at(key === "Home" ? 0 : -1).focus();
    else if (key === "F2" && isLink && session) this.#startRenaming(session);
    else if (key === "Delete" && isLink && session) this.onDelete(session);
    else return;
    event.preventDefault();
  }

  #startRenaming(session) {
    const row = this.#rows.get(session.id);
    if (!row) return; // gone while its menu was open
    this.#renaming = session.id;
    const input = h("input", { type: "text", "aria-label": t("sessions.name"), maxlength: "200", dir: "auto" });
    input.value = titleOf(session);
    const finish = (isKept, isLeft = false) => this.#finishRenaming(session, isKept ? input.value.trim() : "", isLeft);
    input.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the list's own keys are the text's here
      const isEnd = event.key === "Escape" || (event.key === "Enter" && !event.isComposing);
      if (!isEnd) return;
      event.preventDefault(); // Escape would close the drawer, Enter press the button that gets the focus
      finish(event.key === "Enter");
    });
    input.addEventListener("blur", () => finish(true, true));
    row.showInput(input);
    input.focus();
    input.select();
  }

  // Who has gone elsewhere meanwhile stays there.
  #finishRenaming(session, title, isLeft) {
    if (this.#renaming !== session.id) return;
    this.#renaming = null;
    this.#rows.get(session.id).showLink();
    const current = this.sessions.find((one) => one.id === session.id);
    if (title && current && title !== titleOf(current)) this.onRename(current, title);
    this.show(this);
    if (!isLeft) this.#focus(`open ${session.id}`, -1, false);
  }

  #prune() {
    const ids = new Set(this.sessions.map((session) => session.id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
  }
}
