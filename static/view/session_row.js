// Rule: one session's row in the list. Its elements are made once and changed in place: a press of the mouse that began
// on the link ends on the same link, whatever news come in between.

import { pathOf, titleOf } from "../model/title.js";
import { t } from "../text.js";
import { h, iconButton } from "./dom.js";

const RUNNING = t("sessions.running");

export class SessionRow {
  #name = h("span", { class: "name" });
  #running = h("span", { class: "running", role: "img", "aria-label": RUNNING, title: RUNNING });

  /** @param {{onOpen, onRename, onDelete}} acts each is given the session as it was last shown */
  constructor(session, { onOpen, onRename, onDelete }) {
    const { id } = session;
    const open = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      onOpen(this.session);
    };
    this.link = h("a", { href: pathOf(id), "data-focus": `open ${id}`, click: open }, this.#name);
    this.rename = iconButton("pen", "", () => onRename(this.session));
    this.remove = iconButton("bin", "", () => onDelete(this.session));
    this.rename.dataset.focus = `rename ${id}`;
    this.remove.dataset.focus = `delete ${id}`;
    this.element = h("li", { class: "row" });
    this.showLink();
  }

  update(session, isCurrent) {
    this.session = session;
    this.#showTitle(titleOf(session));
    this.element.classList.toggle("current", isCurrent);
    if (isCurrent) this.link.setAttribute("aria-current", "page");
    else this.link.removeAttribute("aria-current");
    const isRunning = Boolean(session["verbatim:running_response"]);
    if (isRunning !== this.#running.isConnected) isRunning ? this.link.append(this.#running) : this.#running.remove();
  }

  showLink() {
    this.element.replaceChildren(this.link, this.rename, this.remove);
  }

  /** Shows what the name is typed into instead of the link. */
  showInput(input) {
    this.element.replaceChildren(input);
  }

  #showTitle(title) {
    if (this.#name.textContent === title) return;
    this.#name.textContent = title;
    label(this.rename, t("sessions.rename", { title }));
    label(this.remove, t("sessions.delete", { title }));
  }
}

function label(button, text) {
  button.setAttribute("aria-label", text);
  button.title = text;
}
