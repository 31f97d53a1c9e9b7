// Rule: what stands above the list of sessions: the box that looks for names, the head of the archive, and, while many
// are chosen, what can be done with them.

import { t } from "../text.js";
import { byId } from "./dom.js";

export class ListBar {
  #filter = byId("filter");
  #chosen = byId("chosen");

  /**
   * @param {{onFind: (text: string) => void, onArchive: (isShown: boolean) => void, onDown: () => void,
   *   onAll, onPin, onShelve, onDelete, onEnd}} acts
   */
  constructor(acts) {
    this.acts = acts;
    this.#filter.addEventListener("input", () => acts.onFind(this.#filter.value));
    this.#filter.addEventListener("keydown", (event) => this.#key(event));
    byId("open-archive").addEventListener("click", () => acts.onArchive(true));
    byId("leave-archive").addEventListener("click", () => acts.onArchive(false));
    this.#chosen.addEventListener("keydown", (event) => this.#step(event));
    const buttons = { all: "onAll", pin: "onPin", shelve: "onShelve", delete: "onDelete", end: "onEnd" };
    for (const [name, act] of Object.entries(buttons))
      byId(`chosen-${name}`).addEventListener("click", () => acts[act]());
  }

  /** @param {{isArchive: boolean, count: number | null, isPinned: boolean}} shown `count`: null where none are being chosen */
  show({ isArchive, count, isPinned }) {
    byId("archive-head").hidden = !isArchive || count !== null;
    byId("open-archive").hidden = isArchive;
    byId("filter-box").hidden = count !== null;
    this.#chosen.hidden = count === null;
    if (count === null) return;
    byId("chosen-count").textContent = t("chosen.count", { count });
    label("chosen-pin", isPinned ? t("sessions.unpin") : t("sessions.pin"));
    label("chosen-shelve", isArchive ? t("sessions.bringBack") : t("sessions.archive"));
    for (const name of ["pin", "shelve", "delete"]) byId(`chosen-${name}`).disabled = count === 0;
    byId("chosen-pin").hidden = isArchive;
  }

  /** Empties the box, as who looks at another list begins anew. */
  clear() {
    this.#filter.value = "";
  }

  // As in any toolbar: the arrows go through it.
  #step(event) {
    const isForward = event.key === (getComputedStyle(this.#chosen).direction === "rtl" ? "ArrowLeft" : "ArrowRight");
    if (!isForward && event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const buttons = [...this.#chosen.querySelectorAll("button:not([hidden], :disabled)")];
    const at = buttons.indexOf(document.activeElement);
    buttons[(at + (isForward ? 1 : -1) + buttons.length) % buttons.length].focus();
    event.preventDefault();
  }

  #key(event) {
    if (event.key === "ArrowDown") this.acts.onDown();
    else if (event.key === "Escape" && this.#filter.value !== "") {
      this.#filter.value = "";
      this.acts.onFind("");
    } else return;
    event.preventDefault(); // Escape would close the drawer too
  }
}

function label(id, text) {
  byId(id).setAttribute("aria-label", text);
  byId(id).title = text;
}
