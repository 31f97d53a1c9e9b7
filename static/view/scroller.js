// Rule: keeps the end of the conversation in view for as long as the reader is there, and lets go at the first
// scroll upwards.

const NEAR_END_PX = 40;

export class Scroller {
  #isFollowing = true;
  #lastTop = 0;

  /** @param {{element: HTMLElement, button: HTMLButtonElement}} options the button leads back to the end */
  constructor({ element, button }) {
    Object.assign(this, { element, button });
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    element.addEventListener("wheel", (event) => event.deltaY < 0 && this.#letGo(), { passive: true });
    button.addEventListener("click", () => this.follow());
    new ResizeObserver(() => this.contentChanged()).observe(element);
  }

  follow() {
    this.#isFollowing = true;
    this.contentChanged();
  }

  /** Brings a message into view and stays there. */
  lookAt(element) {
    this.#isFollowing = false;
    element.scrollIntoView({ block: "center" });
    this.contentChanged();
  }

  contentChanged() {
    if (this.#isFollowing) this.element.scrollTop = this.element.scrollHeight;
    this.#lastTop = this.element.scrollTop;
    this.button.hidden = this.#isFollowing || this.#distance <= NEAR_END_PX;
  }

  get #distance() {
    return this.element.scrollHeight - this.element.clientHeight - this.element.scrollTop;
  }

  #letGo() {
    if (this.element.scrollTop > 0) this.#isFollowing = false;
  }

  #scrolled() {
    const isUpwards = this.element.scrollTop < this.#lastTop;
    if (this.#distance <= 2) this.#isFollowing = true;
    else if (isUpwards && this.#distance > NEAR_END_PX) this.#isFollowing = false;
    this.#lastTop = this.element.scrollTop;
    this.button.hidden = this.#isFollowing || this.#distance <= NEAR_END_PX;
  }
}
