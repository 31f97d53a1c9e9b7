// Rule: one session's row in the list. Its elements are made once and changed in place: a press of the mouse that began
// on the link ends on the same link, whatever news come in between. While many are chosen it is a box to tick.

import { pathOf, titleOf } from "../model/title.js";
import { t } from "../text.js";
import { h, iconButton } from "./dom.js";

const RUNNING = t("sessions.running");

export class SessionRow {
  #name = h("span", { class: "name", dir: "auto" });
  #running = h("span", { class: "running", role: "img", "aria-label": RUNNING, title: RUNNING });
  #choice = null; // made when it is wanted
  #isTyped = false; // its name is being typed

  /**
   * @param {{menu: object, itemsOf: (session: object) => object[], onOpen, onChoose}} parts each act is given the
   *   session as it was last shown
   */
  constructor(session, { menu, itemsOf, onOpen, onChoose }) {
    const { id } = session;
    this.onChoose = onChoose;
    const open = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      onOpen(this.session);
    };
    this.link = h("a", { href: pathOf(id), "data-focus": `open ${id}`, click: open }, this.#name);
    this.more = iconButton("more", "", () => {});
    this.more.dataset.focus = `menu ${id}`;
    menu.belongTo(this.more, () => itemsOf(this.session));
    this.element = h("li", { class: "row" }, this.link, this.more);
  }

  /** @param {boolean | null} isChosen null where none are being chosen */
  update(session, isCurrent, isChosen) {
    this.session = session;
    this.#showTitle(titleOf(session));
    this.element.classList.toggle("current", isCurrent);
    if (isCurrent) this.link.setAttribute("aria-current", "page");
    else this.link.removeAttribute("aria-current");
    const isRunning = Boolean(session["verbatim:running_response"]);
    if (isRunning !== this.#running.isConnected) isRunning ? this.#name.after(this.#running) : this.#running.remove();
    this.#showChoice(isChosen);
  }

  showLink() {
    this.#isTyped = false;
    this.element.replaceChildren(this.link, this.more);
  }

  /** Shows what the name is typed into instead of the link. */
  showInput(input) {
    this.#isTyped = true;
    this.element.replaceChildren(input);
  }

  #showChoice(isChosen) {
    const isChoosing = this.#choice?.isConnected ?? false;
    if (isChosen === null) {
      if (!isChoosing) return;
      this.link.prepend(...this.#choice.querySelectorAll(".name, .running"));
      this.showLink();
    } else if (!this.#isTyped) {
      this.#choice ??= this.#makeChoice();
      this.#choice.firstChild.checked = isChosen;
      if (isChoosing) return;
      this.#choice.append(...this.link.children);
      this.element.replaceChildren(this.#choice);
    }
  }

  #makeChoice() {
    const click = (event) => this.onChoose(this.session, event.shiftKey);
    return h(
      "label",
      { class: "choice" },
      h("input", { type: "checkbox", click, "data-focus": `open ${this.session.id}` }),
    );
  }

  #showTitle(title) {
    if (this.#name.textContent === title) return;
    this.#name.textContent = title;
    this.link.title = title;
    this.more.setAttribute("aria-label", t("sessions.menu", { title }));
    this.more.title = t("sessions.menuHint");
  }
}
