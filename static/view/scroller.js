// Rule: keeps the end of the conversation in view for as long as the reader is there, and lets go as soon as the reader
// moves upwards, by wheel, finger, key or scrollbar, selects words or unfolds something. What comes or grows above the
// reader moves nothing.

const NEAR_END_PX = 40;
const KEEPS_PLACE = CSS.supports("overflow-anchor", "auto");
const PROBES_PX = [1, 40, 160];
const KEYS_UP = new Set(["ArrowUp", "PageUp", "Home"]);

export class Scroller {
  #isFollowing = true;
  #held = null; // while a button of the mouse is down: the scrollbar, or words that may be being selected
  #lastTop = 0;
  #touchedAt = 0;

  /** @param {{element: HTMLElement, content: HTMLElement, button: HTMLButtonElement}} options the button leads back to the end */
  constructor({ element, content, button }) {
    Object.assign(this, { element, button });
    const passive = { passive: true };
    element.addEventListener("scroll", () => this.#scrolled(), passive);
    element.addEventListener("wheel", (event) => event.deltaY < 0 && this.#moveUp(), passive);
    element.addEventListener("touchstart", (event) => this.#touch(event), passive);
    element.addEventListener("touchmove", (event) => this.#drag(event), passive);
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("pointerdown", (event) => this.#hold(event));
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => this.#release());
    element.addEventListener("click", ({ target }) => target.closest("summary") && this.letGo());
    element.addEventListener("toggle", () => requestAnimationFrame(() => this.#unfolded()), { capture: true });
    button.addEventListener("click", () => this.#goToEnd());
    const observer = new ResizeObserver(() => this.contentChanged());
    observer.observe(element);
    observer.observe(content);
  }

  follow() {
    this.#isFollowing = true;
    this.contentChanged();
  }

  letGo() {
    this.#isFollowing = false;
  }

  /**
   * Brings a message into view and stays there.
   * @param {"center" | "nearest"} block nearest: what is in view stays where it is
   */
  lookAt(element, block) {
    this.#isFollowing = false;
    element.scrollIntoView({ block });
    this.contentChanged();
  }

  /**
   * To be called before something is put in or taken out; what it returns, afterwards. Most browsers keep the place by
   * themselves, but not at the very top.
   */
  keepPlace() {
    const isKept = this.#isFollowing || (KEEPS_PLACE && this.element.scrollTop > 0);
    const anchor = isKept ? null : this.#inView();
    if (!anchor) return () => {};
    const { top } = anchor.getBoundingClientRect();
    return () => {
      const moved = anchor.isConnected ? anchor.getBoundingClientRect().top - top : 0;
      if (moved !== 0) this.element.scrollTop += moved;
    };
  }

  contentChanged() {
    if (this.#isFollowing && this.#held === null) this.element.scrollTop = this.element.scrollHeight;
    this.#lastTop = this.element.scrollTop;
    this.#showButton();
  }

  get #distance() {
    return this.element.scrollHeight - this.element.clientHeight - this.element.scrollTop;
  }

  // The message at the upper edge; between two, the one below.
  #inView() {
    const { top, left, width } = this.element.getBoundingClientRect();
    for (const down of PROBES_PX) {
      const article = document.elementFromPoint(left + width / 2, top + down)?.closest("article");
      if (article && this.element.contains(article)) return article;
    }
    return null;
  }

  #goToEnd() {
    this.follow();
    this.element.focus({ preventScroll: true }); // the button goes, the focus stays
  }

  // Who unfolds something reads on from there; where all of it is in view, nothing was left.
  #unfolded() {
    if (this.#distance <= NEAR_END_PX) this.#isFollowing = true;
    this.#showButton();
  }

  #moveUp() {
    if (this.element.scrollTop > 0) this.#isFollowing = false;
  }

  #touch({ touches }) {
    this.#touchedAt = touches[0].clientY;
  }

  #drag({ touches }) {
    const { clientY } = touches[0];
    if (clientY > this.#touchedAt) this.#moveUp();
    this.#touchedAt = clientY;
  }

  #key(event) {
    if (event.target.matches("textarea, input")) return;
    if (KEYS_UP.has(event.key) || (event.key === " " && event.shiftKey)) this.#moveUp();
    if (event.key !== "End" || event.shiftKey) return;
    event.preventDefault();
    this.follow();
  }

  // Only the scrollbar is pressed outside of what is scrolled.
  #hold({ target, offsetX, pointerType }) {
    this.#scrolled(); // the event of it may be on its way
    if (target === this.element && offsetX >= this.element.clientWidth) this.#held = "bar";
    else this.#held = pointerType === "mouse" ? "words" : null;
  }

  // Words that were selected are being read.
  #release() {
    const held = this.#held;
    this.#held = null;
    if (held === "bar") this.#isFollowing = this.#distance <= NEAR_END_PX;
    else if (held === "words" && this.#hasSelection) this.letGo();
    if (held !== null) this.contentChanged();
  }

  get #hasSelection() {
    const { isCollapsed, anchorNode } = getSelection();
    return !isCollapsed && this.element.contains(anchorNode);
  }

  #scrolled() {
    const moved = this.element.scrollTop - this.#lastTop;
    if (moved > 0 && this.#distance <= 2) this.#isFollowing = true;
    else if (moved < 0 && this.#distance > NEAR_END_PX) this.#isFollowing = false;
    this.#lastTop = this.element.scrollTop;
    this.#showButton();
  }

  #showButton() {
    this.button.hidden = this.#isFollowing || this.#distance <= NEAR_END_PX;
  }
}
