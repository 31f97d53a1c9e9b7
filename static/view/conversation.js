// Rule: shows a transcript, at most once a frame, and touches only the messages that have changed.

import { isRunning } from "../model/response.js";
import { t } from "../text.js";
import { messageView } from "./message.js";
import { SummaryView } from "./summary.js";

// A share of the time is left to the reader's own typing, however long a block takes to parse.
const REST_PER_WORK = 3;

export class ConversationView {
  #transcript = null;
  #views = new Map(); // by entry key
  #shown = new Map(); // entry key → the entry as it was shown last
  #sought = null; // the item that is to be looked at as soon as it is there
  #summary = null; // of the conversation object
  #summaryView = new SummaryView();
  #isScheduled = false;
  #restUntil = 0;

  /** @param {{element: HTMLElement, scroller: object, live: HTMLElement, acts: object}} options acts: see `messageView` */
  constructor({ element, scroller, live, acts }) {
    Object.assign(this, { element, scroller, live, acts });
  }

  show(transcript) {
    this.#transcript = transcript;
    this.#sought = null;
    this.#views.clear();
    this.#shown.clear();
    this.element.replaceChildren();
    this.live.textContent = "";
    this.scroller.follow();
    this.#render();
  }

  /** Looks at an item, once it is shown; where it turns out to be on another path, `acts.onMissing` hears of it. */
  seek(itemId) {
    this.#sought = { itemId, isMissing: false };
    this.changed();
  }

  /** Shows where a summary stands, `{text, through}`; null where there is none. */
  summarised(summary) {
    if (this.#summary?.text === summary?.text && this.#summary?.through === summary?.through) return;
    this.#summary = summary;
    this.changed();
  }

  changed() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame((now) => this.#frame(now));
  }

  #frame(now) {
    if (now < this.#restUntil) return requestAnimationFrame((later) => this.#frame(later));
    this.#isScheduled = false;
    const begun = performance.now();
    this.#render();
    const ended = performance.now();
    this.#restUntil = ended - begun > 8 ? ended + (ended - begun) * REST_PER_WORK : 0;
  }

  #render() {
    const entries = this.#transcript?.entries ?? [];
    this.#removeAllBut(new Set(entries.map((entry) => entry.key)));
    const summarised = this.#summary && entries.find((entry) => entry.itemId === this.#summary.through);
    let previous = null;
    for (const entry of entries) {
      const view = this.#viewOf(entry);
      const isInPlace = previous ? previous.nextSibling === view.element : this.element.firstChild === view.element;
      if (!isInPlace)
        this.element.insertBefore(view.element, previous ? previous.nextSibling : this.element.firstChild);
      previous = view.element;
      if (entry === summarised) previous = this.#placeSummary(previous);
    }
    if (!summarised) this.#summaryView.element.remove();
    this.scroller.contentChanged();
    if (this.#sought) this.#lookAtSought(entries);
  }

  #placeSummary(previous) {
    const { element } = this.#summaryView;
    this.#summaryView.update(this.#summary.text);
    if (previous.nextSibling !== element) previous.after(element);
    return element;
  }

  #lookAtSought(entries) {
    const { itemId, isMissing } = this.#sought;
    const entry = entries.find((one) => one.itemId === itemId);
    if (entry) {
      this.#sought = null;
      const { element } = this.#views.get(entry.key);
      element.tabIndex = -1;
      element.classList.add("found");
      element.addEventListener("animationend", () => element.classList.remove("found"), { once: true });
      this.scroller.lookAt(element);
      element.focus({ preventScroll: true });
    } else if (this.#transcript?.isLoaded && !isMissing) {
      this.#sought.isMissing = true;
      this.acts.onMissing(itemId);
    }
  }

  #removeAllBut(keys) {
    for (const [key, view] of this.#views) {
      if (keys.has(key)) continue;
      view.element.remove();
      this.#views.delete(key);
      this.#shown.delete(key);
    }
  }

  #viewOf(entry) {
    const view = this.#views.get(entry.key) ?? messageView(entry, this.acts);
    const before = this.#shown.get(entry.key);
    const isWhole = before === entry || view.update(entry);
    if (before) this.#announce(before, entry);
    this.#views.set(entry.key, view);
    if (isWhole) this.#shown.set(entry.key, entry);
    else this.changed();
    return view;
  }

  // A screen reader hears that an answer began and how it ended, not each word as it comes.
  #announce(before, entry) {
    if (isRunning(before) && !isRunning(entry))
      this.live.textContent = t("conversation.complete", { text: entry.text.slice(0, 600) });
    else if (isRunning(entry) && before.text === "" && entry.text !== "")
      this.live.textContent = t("conversation.answering");
  }
}
