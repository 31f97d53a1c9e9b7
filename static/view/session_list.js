// Rule: the list of sessions as a nav of links. A row is made again only when what it shows has changed, so that
// news from elsewhere takes neither the focus nor a half-typed name.

import { groupByTime } from "../model/sessions.js";
import { pathOf, titleOf } from "../model/title.js";
import { h, iconButton, place } from "./dom.js";

export class SessionListView {
  #rows = new Map(); // session id → {element, label}
  #groups = new Map(); // name → {section, list}
  #empty = h("p", { class: "empty" }, "No chats yet.");
  #renaming = null; // the session whose name is being typed

  /** @param {{element: HTMLElement, onOpen, onRename, onDelete, onMore}} options */
  constructor({ element, onOpen, onRename, onDelete, onMore }) {
    Object.assign(this, { element, onOpen, onRename, onDelete });
    const attributes = { type: "button", class: "plain more", "data-focus": "more", click: onMore };
    this.more = h("button", attributes, "Show more");
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
    const isCurrent = session.id === this.currentId;
    const isRunning = Boolean(session["verbatim:running_response"]);
    const label = JSON.stringify([session.metadata, isCurrent, isRunning]);
    const known = this.#rows.get(session.id);
    if (known?.label === label) return known.element;
    const element = this.#makeRow(session, isCurrent, isRunning);
    this.#rows.set(session.id, { element, label });
    return element;
  }

  #makeRow(session, isCurrent, isRunning) {
    const title = titleOf(session);
    const attributes = {
      href: pathOf(session.id),
      "data-focus": `open ${session.id}`,
      click: (event) => this.#open(event, session),
    };
    const link = h(
      "a",
      { ...attributes, "aria-current": isCurrent ? "page" : null },
      h("span", { class: "name" }, title),
    );
    if (isRunning) {
      const label = "an answer is being written";
      link.append(h("span", { class: "running", role: "img", "aria-label": label, title: label }));
    }
    const rename = iconButton("pen", `Rename ${title}`, () => this.#startRenaming(session, row));
    const remove = iconButton("bin", `Delete ${title}`, () => this.onDelete(session));
    rename.dataset.focus = `rename ${session.id}`;
    remove.dataset.focus = `delete ${session.id}`;
    const row = h("li", { class: isCurrent ? "row current" : "row" }, link, rename, remove);
    return row;
  }

  #open(event, session) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.onOpen(session.id);
  }

  #startRenaming(session, row) {
    this.#renaming = session.id;
    const input = h("input", { type: "text", "aria-label": "Name of the chat", maxlength: "200" });
    input.value = titleOf(session);
    const finish = (isKept) => this.#finishRenaming(session, isKept ? input.value.trim() : "");
    input.addEventListener("keydown", (event) => {
      const isEnd = event.key === "Escape" || (event.key === "Enter" && !event.isComposing);
      if (!isEnd) return;
      event.preventDefault(); // Escape would close the drawer, Enter press the button that gets the focus
      finish(event.key === "Enter");
    });
    input.addEventListener("blur", () => finish(true));
    row.replaceChildren(input);
    input.focus();
    input.select();
  }

  #finishRenaming(session, title) {
    if (this.#renaming !== session.id) return;
    this.#renaming = null;
    this.#rows.delete(session.id);
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
