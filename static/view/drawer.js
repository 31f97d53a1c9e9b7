// Rule: on a narrow screen the list is a drawer: out of the way and out of the tab order until it is asked for. On a wide
// one it is there until somebody puts it away.

const NARROW = "(max-width: 760px)";

export class Drawer {
  #narrow = matchMedia(NARROW);
  #isOpen = false; // on a narrow screen
  #isFolded = false; // on a wide one
  #wayBack = null; // the system's own, where the browser tells of it: on Android a button or a gesture

  /** @param {{drawer: HTMLElement, opener: HTMLButtonElement, scrim: HTMLElement, rest: HTMLElement}} options */
  constructor({ drawer, opener, scrim, rest }) {
    Object.assign(this, { drawer, opener, scrim, rest });
    opener.addEventListener("click", () => this.toggle());
    scrim.addEventListener("click", () => this.close());
    drawer.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && this.close());
    this.#narrow.addEventListener("change", () => this.#apply());
    this.#apply();
  }

  /** Whether it lies over the conversation. */
  get isOpen() {
    return this.#isOpen && this.#narrow.matches;
  }

  open() {
    this.#isOpen = true;
    this.#wayBack = globalThis.CloseWatcher ? new CloseWatcher() : null;
    this.#wayBack?.addEventListener("close", () => this.close());
    this.#apply();
    this.drawer.querySelector("button, a")?.focus();
  }

  close() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#wayBack?.destroy();
    this.#apply();
    this.opener.focus({ preventScroll: true });
  }

  /** Shows it or puts it away, on a wide screen too; whoever stood in it goes to what leads back. */
  toggle() {
    if (this.#narrow.matches) return this.#isOpen ? this.close() : this.open();
    const hadFocus = this.drawer.contains(document.activeElement);
    this.#isFolded = !this.#isFolded;
    this.#apply();
    if (hadFocus) this.opener.focus({ preventScroll: true });
  }

  #apply() {
    const isNarrow = this.#narrow.matches;
    const isShown = isNarrow ? this.#isOpen : !this.#isFolded;
    this.drawer.inert = !isShown;
    this.rest.inert = isNarrow && this.#isOpen;
    this.scrim.hidden = !(isNarrow && this.#isOpen);
    this.drawer.classList.toggle("open", this.#isOpen);
    document.body.classList.toggle("folded", !isNarrow && this.#isFolded);
    this.opener.setAttribute("aria-expanded", String(isShown));
  }
}
