// Rule: says of elements that they come near the view, in portions that delay no frame.

// So far ahead of the reader.
const AHEAD = "1500px 0px";
const PORTION_MS = 8;
const AGAIN_MS = 1_000;

export class Nearness {
  #coming = new Set();

  /** @param {{root: HTMLElement, onNear: (elements: Iterable<HTMLElement>) => void}} options onNear takes as many as it wants */
  constructor({ root, onNear }) {
    this.onNear = onNear;
    this.observer = new IntersectionObserver((notes) => this.#see(notes), { root, rootMargin: AHEAD });
  }

  watch(element) {
    this.observer.observe(element);
  }

  /** An element that is there still, though it should not be, is looked at again in a while. */
  watchAgain(element) {
    this.forget(element);
    setTimeout(() => element.isConnected && this.watch(element), AGAIN_MS);
  }

  forget(element) {
    this.observer.unobserve(element);
    this.#coming.delete(element);
  }

  clear() {
    this.observer.disconnect();
    this.#coming.clear();
  }

  #see(notes) {
    const isIdle = this.#coming.size === 0;
    for (const { isIntersecting, target } of notes) if (isIntersecting) this.#coming.add(target);
    if (isIdle && this.#coming.size > 0) requestAnimationFrame(() => this.#say());
  }

  #say() {
    this.onNear(this.#portion());
    if (this.#coming.size > 0) requestAnimationFrame(() => this.#say());
  }

  *#portion() {
    const until = performance.now() + PORTION_MS;
    for (const element of this.#coming) {
      this.#coming.delete(element);
      yield element;
      if (performance.now() > until) return;
    }
  }
}
