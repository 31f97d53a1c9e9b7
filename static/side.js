// Rule: wiring of the list of sessions and of what stands around it. What each part does stands in its own module.

import { Deletions } from "./deletions.js";
import { Selection } from "./model/selection.js";
import { isArchived, isPinned } from "./model/sessions.js";
import { Shelves } from "./model/shelves.js";
import { SessionActs } from "./session_acts.js";
import { SessionPages } from "./session_pages.js";
import { t } from "./text.js";
import { byId, h } from "./view/dom.js";
import { ListBar } from "./view/list_bar.js";
import { Menu } from "./view/menu.js";
import { SessionListView } from "./view/session_list.js";
import { Toast } from "./view/toast.js";

export class Side {
  #selection = new Selection();
  #currentId = null;
  #nothing = {}; // what stands where a list is empty

  /**
   * @param {{api: object, changes: object, user: () => string, page: () => object,
   *   onSearch: (words: string) => void}} options
   */
  constructor({ api, changes, user, page, onSearch }) {
    const changed = () => page().sessionsChanged();
    const onProblem = (message) => page().problem(message);
    this.toast = new Toast();
    this.deletions = new Deletions({
      api,
      user,
      onProblem,
      onChange: changed,
      onAsked: (key) => this.acts.deletionAsked(key),
      onGone: (sessionId) => page().forget(sessionId),
      onProgress: (batch) => this.acts.deletionProgressed(batch),
    });
    this.sessions = new Shelves({ isHidden: this.deletions.isHidden });
    this.pages = new SessionPages({ api, sessions: this.sessions, onChange: changed, onProblem });
    const { sessions, deletions, toast } = this;
    this.acts = new SessionActs({ changes, sessions, deletions, toast, page });
    this.#makeViews(page, onSearch);
    addEventListener("pagehide", () => this.deletions.hurry());
    addEventListener("pageshow", (event) => event.persisted && this.deletions.resume());
    // A day may have gone by since the list was shown.
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.show());
  }

  /** A connection is there: asks for what is new, and does what waited for it. */
  resume() {
    this.deletions.resume();
    return this.pages.refresh();
  }

  /** Whether who finds no chat of such a name can look into what was said. */
  set hasSearch(hasSearch) {
    this.#nothing.named.querySelector("button").hidden = !hasSearch;
  }

  show(currentId = this.#currentId) {
    this.#currentId = currentId;
    const { sessions, isArchiveShown } = this.sessions;
    const listed = sessions.map(({ id }) => id);
    this.#selection.retain(listed);
    const { isOn, size } = this.#selection;
    const chosen = this.#selection.among(listed);
    const allPinned = chosen.length > 0 && chosen.every((id) => isPinned(this.sessions.get(id)));
    this.bar.show({ isArchive: isArchiveShown, count: isOn ? size : null, isPinned: allPinned });
    this.view.show({
      sessions,
      currentId,
      hasMore: this.sessions.shown.list.hasMore,
      empty: this.#empty,
      isChosen: (id) => (isOn ? this.#selection.has(id) : null),
    });
  }

  #makeViews(page, onSearch) {
    const remove = (ids) => this.acts.remove(ids);
    this.view = new SessionListView({
      element: byId("sessions"),
      row: {
        menu: new Menu(),
        itemsOf: (session) => this.#itemsOf(session),
        onOpen: ({ id }) => page().open(id),
        onChoose: (session, isRange) => this.#choose(session, isRange),
      },
      onMore: () => this.pages.more(),
      onRename: (session, title) => page().rename(session, title),
      onDelete: ({ id }) => remove([id]),
    });
    this.bar = new ListBar({
      onFind: (text) => this.pages.find(text),
      onDown: () => this.view.focusFirst(),
      onArchive: (isShown) => this.#showArchive(isShown),
      onAll: () => this.#chooseAll(),
      onPin: () => this.#doWithChosen((ids) => this.acts.pin(ids, !ids.every((id) => isPinned(this.sessions.get(id))))),
      onShelve: () => this.#doWithChosen((ids) => this.acts.archive(ids, !this.sessions.isArchiveShown)),
      onDelete: () => this.#doWithChosen(remove),
      onEnd: () => this.#endChoosing(),
    });
    byId("drawer").addEventListener("keydown", (event) => this.#key(event));
    this.#nothing = {
      none: h("p", { class: "empty" }, t("sessions.none")),
      archive: h("p", { class: "empty" }, t("archive.none")),
      named: h(
        "div",
        { class: "empty" },
        h("p", {}, t("filter.none")),
        h("button", { type: "button", class: "plain", click: () => onSearch(this.sessions.words) }, t("filter.search")),
      ),
    };
  }

  get #empty() {
    const { words, isArchiveShown, shown } = this.sessions;
    if (!shown.list.isLoaded) return null;
    if (words !== "") return this.#nothing.named;
    return isArchiveShown ? this.#nothing.archive : this.#nothing.none;
  }

  #itemsOf(session) {
    const [ids, isPut] = [[session.id], isArchived(session)];
    const pin = isPinned(session)
      ? { name: t("sessions.unpin"), drawing: "unpin", act: () => this.acts.pin(ids, false) }
      : { name: t("sessions.pin"), drawing: "pin", act: () => this.acts.pin(ids, true) };
    const shelve = isPut
      ? { name: t("sessions.bringBack"), drawing: "back", act: () => this.acts.archive(ids, false) }
      : { name: t("sessions.archive"), drawing: "archive", act: () => this.acts.archive(ids, true) };
    return [
      { name: t("sessions.rename"), drawing: "pen", act: () => this.view.rename(session) },
      ...(isPut ? [] : [pin]),
      shelve,
      { name: t("sessions.choose"), drawing: "choose", act: () => this.#beginChoosing(session.id) },
      { name: t("dialog.delete"), drawing: "bin", act: () => this.acts.remove(ids), isAlarming: true },
    ];
  }

  #showArchive(isShown) {
    this.#selection.end();
    this.bar.clear();
    this.pages.find("");
    this.pages.showArchive(isShown);
    byId(isShown ? "leave-archive" : "open-archive").focus();
  }

  #beginChoosing(sessionId) {
    this.#selection.begin(sessionId);
    this.show();
    this.view.focus(sessionId);
  }

  #endChoosing() {
    const last = this.#selection.last;
    const isFocused = byId("chosen").contains(document.activeElement);
    this.#selection.end();
    this.show();
    if (isFocused) this.view.focus(last);
  }

  #choose({ id }, isRange) {
    if (isRange)
      this.#selection.reach(
        id,
        this.sessions.sessions.map((session) => session.id),
      );
    else this.#selection.toggle(id);
    this.show();
  }

  #chooseAll() {
    this.#selection.toggleAll(this.sessions.sessions.map(({ id }) => id));
    this.show();
  }

  #doWithChosen(act) {
    const ids = this.#selection.among(this.sessions.sessions.map(({ id }) => id));
    if (ids.length === 0) return;
    this.#endChoosing();
    act(ids);
  }

  #key(event) {
    if (!this.#selection.isOn || event.defaultPrevented) return;
    const isAll = event.key?.toLowerCase() === "a" && (event.ctrlKey || event.metaKey);
    if (event.key === "Escape") this.#endChoosing();
    else if (isAll) this.#chooseAll();
    else if (event.key === "Delete") this.#doWithChosen((ids) => this.acts.remove(ids));
    else return;
    event.preventDefault(); // Escape would close the drawer too
    event.stopPropagation();
  }
}
