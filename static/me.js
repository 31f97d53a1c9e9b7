// Rule: who this browser's user is, as the server has said it. It is asked before anything else, since the first answer
// carries the cookie. While the server is away what it said last is taken for true, and asked again once it is back.

import { retryDelay } from "./model/backoff.js";
import { USUAL_LIMIT_BYTES } from "./model/frame.js";
import { newId } from "./model/ids.js";
import { erase, read, write } from "./model/storage.js";

const KEY = "verbatim.me";
const USUAL_KEEPALIVE_S = 20;
const USUAL_IMAGES = 8;

export class Me {
  #told = null; // what /v1/me has answered
  #isConfirmed = false; // by this server, since the page is here
  #tries = 0;

  /**
   * @param {{api: object, onKnown: () => Promise<void>, onAway: () => void, onProblem: (message: string) => void}} options
   *   `onKnown` is called once it is known who this is, and after each login
   */
  constructor({ api, onKnown, onAway, onProblem }) {
    Object.assign(this, { api, onKnown, onAway, onProblem });
  }

  get id() {
    return this.#told.id ?? "";
  }

  get hasKeys() {
    return Boolean(this.#told["verbatim:keys"]);
  }

  /** Whether messages can be searched. */
  get hasSearch() {
    return this.#told["verbatim:search"] !== false;
  }

  /** Whether this user may have model servers looked for. */
  get mayDetect() {
    return Boolean(this.#told["verbatim:detection"]);
  }

  get maxFrameBytes() {
    return this.#told["verbatim:max_frame_bytes"] ?? USUAL_LIMIT_BYTES;
  }

  /** How many images a message may bring. */
  get maxImages() {
    return this.#told["verbatim:max_images"] ?? USUAL_IMAGES;
  }

  get keepaliveMs() {
    return (this.#told["verbatim:keepalive_s"] || USUAL_KEEPALIVE_S) * 1000;
  }

  /** An id for a session of this user that the server has not heard of yet. */
  newSessionId() {
    return `${this.#told["verbatim:id_prefix"]}${newId()}`;
  }

  /** Asks the server, or, where that is away, what it has said before. */
  async ask() {
    try {
      const told = await this.api.whoAmI();
      if (this.#told !== null && told.id !== this.id) return beginAnew(); // another has logged in
      this.#take(told);
    } catch (error) {
      if (error.status === 401) return this.forget(); // whoever logs in asks again
      if (error.status === undefined) throw error;
      this.#told = recalled();
      if (this.#told === null) return this.#askLater(error);
      this.onAway();
    }
    await this.onKnown();
  }

  /** @returns {Promise<boolean>} whether the server, which is back, says the same; where it says another, all begins anew */
  async isConfirmed() {
    if (this.#isConfirmed) return true;
    const { id } = this;
    try {
      const told = await this.api.whoAmI();
      if (told.id !== id) location.reload();
      this.#take(told);
      return told.id === id;
    } catch (error) {
      if (error.status === undefined) throw error;
      return false; // the next connection asks again
    }
  }

  forget() {
    erase(KEY);
  }

  #take(told) {
    this.#told = told;
    this.#isConfirmed = true;
    write(KEY, JSON.stringify(told));
  }

  #askLater(error) {
    this.onProblem(error.message);
    setTimeout(() => this.ask(), retryDelay(this.#tries));
    this.#tries += 1;
  }
}

// What is here is another user's. Nobody goes on with it until the page has gone.
function beginAnew() {
  location.reload();
  return new Promise(() => {});
}

function recalled() {
  try {
    const told = JSON.parse(read(KEY));
    return typeof told?.id === "string" ? told : null;
  } catch {
    return null; // not ours
  }
}
