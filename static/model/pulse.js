// Rule: whether a connection still stands, told by when something was said and heard over it. What is silent for too
// long is asked first; only what does not answer either is gone.

// A handshake that takes longer goes nowhere.
const OPEN_MS = 10_000;
// What is said gets some answer, most often in milliseconds.
const SAID_MS = 3_000;
const ANSWER_MS = 8_000;
// What the server does where it does not say.
const USUAL_KEEPALIVE_MS = 20_000;

export class Pulse {
  keepaliveMs = USUAL_KEEPALIVE_MS; // how long the server is silent at most
  #isOpen = false;
  #heardAt = 0; // or since when it is opened
  #saidAt = null; // the first thing said since something was heard
  #askedAt = null;

  /** A connection is being made. */
  begin(now) {
    this.hear(now);
    this.#isOpen = false;
  }

  open(now) {
    this.hear(now);
    this.#isOpen = true;
  }

  hear(now) {
    this.#heardAt = now;
    this.#saidAt = null;
    this.#askedAt = null;
  }

  say(now) {
    this.#saidAt ??= now;
  }

  ask(now) {
    this.#askedAt ??= now;
  }

  /** @returns {"fine" | "ask" | "gone"} */
  verdict(now) {
    if (!this.#isOpen) return now - this.#heardAt >= OPEN_MS ? "gone" : "fine";
    if (this.#askedAt !== null) return now - this.#askedAt >= ANSWER_MS ? "gone" : "fine";
    const isOwed = this.#saidAt !== null && now - this.#saidAt >= SAID_MS;
    return isOwed || now - this.#heardAt >= this.keepaliveMs * 1.25 ? "ask" : "fine";
  }
}
