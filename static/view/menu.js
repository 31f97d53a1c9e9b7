// Rule: one small menu, beside the button that opened it. The focus goes into it and comes back to the button; the
// arrows go round, a letter goes to what begins with it; Escape, Tab and a press elsewhere close it.

import { byId, h, icon } from "./dom.js";

const GAP_PX = 4;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class Menu {
  #element = h("div", { class: "menu", role: "menu", popover: "auto" });
  #button = null; // that it belongs to
  #wasOpen = false; // when the button was pressed: the press has closed it already

  constructor() {
    document.body.append(this.#element);
    this.#element.addEventListener("keydown", (event) => this.#key(event));
    this.#element.addEventListener("beforetoggle", (event) => event.newState === "closed" && this.#closing());
    const close = () => this.#isOpen && this.#element.hidePopover();
    addEventListener("resize", close);
    // What moves its button: elsewhere an answer may be growing.
    const moved = ({ target }) => target.contains(this.#button) && close();
    document.addEventListener("scroll", moved, { capture: true, passive: true });
  }

  /**
   * A button that opens it.
   * @param {() => {name: string, drawing: string, act: () => void, isAlarming?: boolean}[]} items asked when it opens
   */
  belongTo(button, items) {
    button.setAttribute("aria-haspopup", "menu");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("pointerdown", () => {
      this.#wasOpen = this.#isOpen && this.#button === button;
    });
    button.addEventListener("click", () => {
      if (!this.#wasOpen) this.#open(button, items());
      this.#wasOpen = false;
    });
    button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.#open(button, items());
    });
  }

  get #isOpen() {
    return this.#element.matches(":popover-open");
  }

  get #items() {
    return [...this.#element.children];
  }

  #open(button, items) {
    if (this.#isOpen) this.#element.hidePopover();
    this.#button = button;
    this.#element.setAttribute("aria-label", button.getAttribute("aria-label"));
    this.#element.replaceChildren(...items.map((item) => this.#item(item)));
    this.#element.showPopover();
    this.#stand(button.getBoundingClientRect());
    button.setAttribute("aria-expanded", "true");
    this.#items[0].focus({ preventScroll: true });
  }

  #item({ name, drawing, act, isAlarming = false }) {
    const choose = () => {
      this.#element.hidePopover();
      act();
    };
    const attributes = { type: "button", role: "menuitem", tabindex: "-1", class: isAlarming ? "alarming" : null };
    return h("button", { ...attributes, click: choose }, icon(drawing), name);
  }

  // Below the button, or above it where there is no room; its end where the button's end is.
  #stand(beside) {
    const { offsetWidth: width, offsetHeight: height, style } = this.#element;
    const isRightToLeft = getComputedStyle(this.#element).direction === "rtl";
    const left = isRightToLeft ? beside.left : beside.right - width;
    const below = beside.bottom + GAP_PX;
    const top = below + height > innerHeight ? beside.top - height - GAP_PX : below;
    style.left = `${Math.max(GAP_PX, Math.min(left, innerWidth - width - GAP_PX))}px`;
    style.top = `${Math.max(GAP_PX, top)}px`;
  }

  // The button may have gone with its row, or be out of sight until its row has the focus.
  #closing() {
    this.#button.setAttribute("aria-expanded", "false");
    const home = this.#button.isConnected ? this.#button : byId("new-chat");
    if (this.#element.contains(document.activeElement)) home.focus({ preventScroll: true });
  }

  #key(event) {
    const items = this.#items;
    const at = items.indexOf(document.activeElement);
    const { key } = event;
    if (key === "Tab") return this.#element.hidePopover();
    let to = null;
    if (STEPS[key]) to = (at + STEPS[key] + items.length) % items.length;
    else if (key === "Home" || key === "End") to = key === "Home" ? 0 : items.length - 1;
    else if (key.length === 1 && key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const ahead = [...items.keys()].map((step) => (at + 1 + step) % items.length);
      to = ahead.find((one) => items[one].textContent.toLowerCase().startsWith(key.toLowerCase())) ?? at;
    }
    if (to === null) return;
    event.preventDefault();
    items[to].focus({ preventScroll: true });
  }
}
