// Rule: a time at a glance: how long ago, and exactly for who points at the message or has the focus in it. It is no part
// of the message's own words: neither in its text nor in what is copied.

import { exactTime, isRecent, relativeTime } from "../model/moment.js";
import { h } from "./dom.js";

export class MomentView {
  #at = null;

  constructor() {
    this.element = h("time", { class: "moment", hidden: true });
  }

  /** @param {number | null} at seconds since the epoch */
  update(at) {
    if (at === this.#at) return;
    this.#at = at;
    this.element.hidden = at === null;
    if (at === null) return;
    this.element.dateTime = new Date(at * 1000).toISOString();
    this.element.title = exactTime(at);
    this.element.dataset.exact = exactTime(at);
    this.#say();
  }

  /** Time has passed. */
  tick() {
    if (this.#at !== null && isRecent(this.#at)) this.#say();
  }

  #say() {
    const said = relativeTime(this.#at);
    if (this.element.dataset.relative !== said) this.element.dataset.relative = said;
  }
}
