// Rule: shows a transcript, at most once a frame, and touches only the messages that have changed, however many there
// are. Earlier ones come as the reader comes near them.

import { Announcer } from "../model/announcer.js";
import { difference } from "../model/difference.js";
import { isGap } from "../model/gaps.js";
import { isRunning } from "../model/response.js";
import { ActBar } from "./act_bar.js";
import { takeFocus } from "./dom.js";
import { FarMessage } from "./far_message.js";
import { LiveRegion } from "./live_region.js";
import { messageView } from "./message.js";
import { Nearness } from "./nearness.js";
import { SummaryView } from "./summary.js";

// A share of the time is left to the reader's own typing, however long a block takes to parse.
const REST_PER_WORK = 3;
const MADE_AT_ONCE = 12;
const TICK_MS = 30_000;

export class ConversationView {
  #transcript = null;
  #views = new Map(); // by entry key
  #shown = null; // the entries as they were shown last
  #sought = null; // the item that is to be looked at as soon as it is there
  #summary = null; // of the conversation object
  #summaryView = new SummaryView();
  #keys = new WeakMap(); // by element
  #partly = new Set(); // keys of entries that are not wholly shown yet
  #announcer = new Announcer();
  #live;
  #isScheduled = false;
  #hasConnectionChanged = false; // since it was shown
  #restUntil = 0;

  /** @param {{element: HTMLElement, scroller: object, live: HTMLElement, acts: object}} options acts: see `messageView` and `ActBar` */
  constructor({ element, scroller, live, acts }) {
    Object.assign(this, { element, scroller, acts });
    this.#live = new LiveRegion(live);
    const shownBy = (article) => this.#shownBy(article);
    const onAct = (act, entry, text) => (act === "edit" ? this.edit(entry) : acts.onAct(act, entry, text));
    this.bar = new ActBar({ element, shownBy, onAct, reasonFor: acts.reasonFor, onHindered: acts.onHindered });
    const onNear = (elements) => this.#comeNear(elements);
    this.nearness = new Nearness({ root: scroller.element, onNear });
    setInterval(() => this.#tick(), TICK_MS);
    element.addEventListener("input", acts.onWriting);
    window.addEventListener("pagehide", () => this.#leaveWords());
  }

  show(transcript) {
    this.#leaveWords();
    this.#transcript = transcript;
    this.#sought = null;
    this.#views.clear();
    this.#shown = null;
    this.nearness.clear();
    const hadFocus = this.element.contains(document.activeElement);
    this.element.replaceChildren();
    if (hadFocus) this.acts.onFocusLost();
    this.#live.clear();
    this.scroller.follow();
    this.#render();
  }

  /**
   * Looks at an item, once it is shown; where it turns out not to be there, `acts.onMissing` hears of it.
   * @param {string | null} act the button that is to have the focus then; null: the message
   */
  seek(itemId, act = null) {
    this.#sought = { itemId, act, isMissing: false };
    this.changed();
  }

  /** What is sought is not to be found. */
  giveUp() {
    this.#sought = null;
  }

  /** @returns {boolean} whether the message can be written anew in its place */
  edit(entry) {
    const reason = this.acts.reasonFor("edit", entry);
    if (reason || !this.#views.has(entry.key)) return false;
    const view = this.#made(entry);
    this.scroller.letGo();
    view.edit(entry);
    view.element.scrollIntoView({ block: "nearest" });
    return true;
  }

  /** Shows where a summary stands, `{text, through}`; null where there is none. */
  summarised(summary) {
    if (this.#summary?.text === summary?.text && this.#summary?.through === summary?.through) return;
    this.#summary = summary;
    this.changed();
  }

  /** What is being written in the place of messages. */
  get words() {
    return wordsIn(this.#views.values());
  }

  changed() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame((now) => this.#frame(now));
  }

  /** The connection has come or gone: what can be done changes, and what is said of messages on their way. */
  connectionChanged() {
    this.#hasConnectionChanged = true;
    this.changed();
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
    const before = this.#shown ?? [];
    const [from, behind] = difference(before, entries);
    const former = before.slice(from, before.length - behind);
    const present = entries.slice(from, entries.length - behind);
    const keep = this.scroller.keepPlace();
    this.#remove(former, present);
    this.#showMore(entries);
    this.#place(from > 0 ? this.#elementOf(entries[from - 1]) : null, former, present, entries);
    this.#markLast(before, entries);
    this.#sayOfConnection(entries);
    this.#shown = entries;
    this.#placeSummary(entries);
    this.bar.refresh();
    keep();
    this.scroller.contentChanged();
    if (this.#sought) this.#lookAtSought(entries);
    if (this.#partly.size > 0) this.changed();
  }

  // What came in one piece and is long is shown in portions.
  #showMore(entries) {
    const unfinished = entries.filter(({ key }) => this.#partly.has(key));
    this.#partly.clear();
    for (const entry of unfinished) {
      if (this.#views.get(entry.key)?.update(entry, entry === entries.at(-1)) === false) this.#partly.add(entry.key);
    }
  }

  #place(previous, former, present, entries) {
    const known = new Map(former.map((entry) => [entry.key, entry]));
    const near = new Set(entries.slice(-MADE_AT_ONCE));
    let place = previous;
    for (const entry of present) {
      const { element } = this.#viewOf(entry, known.get(entry.key), entry === entries.at(-1), near.has(entry));
      if (this.#behind(place) !== element) this.element.insertBefore(element, this.#behind(place));
      place = element;
    }
  }

  #elementOf(entry) {
    return this.#views.get(entry.key)?.element ?? null;
  }

  #behind(previous) {
    const next = previous ? previous.nextSibling : this.element.firstChild;
    return next && next === this.#summaryView.element ? next.nextSibling : next;
  }

  // What was the last message is that no longer.
  #markLast(before, entries) {
    const last = before.at(-1);
    if (!last || last.key === entries.at(-1)?.key) return;
    const entry = entries.findLast(({ key }) => key === last.key);
    if (entry) this.#views.get(entry.key).update(entry, false);
    const shown = entries.at(-1);
    if (shown) this.#views.get(shown.key).update(shown, true);
  }

  #sayOfConnection(entries) {
    if (!this.#hasConnectionChanged) return;
    this.#hasConnectionChanged = false;
    for (const { key, pending } of entries) if (pending) this.#views.get(key).sayOfConnection();
  }

  #placeSummary(entries) {
    const summarised = this.#summary && entries.findLast((entry) => entry.itemId === this.#summary.through);
    const { element } = this.#summaryView;
    if (!summarised) return element.remove();
    this.#summaryView.update(this.#summary.text);
    const place = this.#elementOf(summarised);
    if (place.nextSibling !== element) place.after(element);
  }

  #lookAtSought(entries) {
    const { itemId, act, isMissing } = this.#sought;
    const entry = entries.find((one) => one.itemId === itemId);
    if (entry) {
      this.#sought = null;
      const view = this.#made(entry);
      const button = act && view.foot?.button(act);
      if (button) this.#returnTo(view, button);
      else this.#lookAt(view.element);
    } else if (this.#transcript?.isLoaded && !isMissing) {
      this.#sought.isMissing = true;
      this.acts.onMissing(itemId);
    }
  }

  #lookAt(element) {
    element.classList.add("found");
    const forget = () => element.classList.remove("found");
    for (const name of ["animationend", "blur"]) element.addEventListener(name, forget, { once: true });
    this.scroller.lookAt(element, "center");
    takeFocus(element);
  }

  #returnTo(view, button) {
    this.scroller.lookAt(view.element, "nearest");
    button.focus({ preventScroll: true });
    this.bar.refresh();
  }

  #shownBy(article) {
    const key = this.#keys.get(article);
    const entry = key && this.#shown?.findLast((one) => one.key === key);
    return entry && { entry, view: this.#views.get(key) };
  }

  #comeNear(elements) {
    const keep = this.scroller.keepPlace();
    for (const element of elements) {
      const key = this.#keys.get(element);
      const view = this.#views.get(key);
      if (view?.isFar) this.#made(this.#shown.find((entry) => entry.key === key));
      else view?.ask?.().then(() => this.nearness.watchAgain(element));
    }
    keep();
  }

  /** The view of a message that is to be seen. */
  #made(entry) {
    const far = this.#views.get(entry.key);
    if (!far.isFar) return far;
    const view = messageView(entry, this.acts);
    view.update(entry, entry === this.#shown.at(-1));
    const hadFocus = far.element === document.activeElement;
    this.nearness.forget(far.element);
    far.element.replaceWith(view.element);
    this.#know(entry.key, view);
    if (hadFocus) takeFocus(view.element);
    return view;
  }

  #know(key, view) {
    this.#views.set(key, view);
    this.#keys.set(view.element, key);
  }

  #tick() {
    for (const view of this.#views.values()) view.tick();
  }

  // A message that was being written anew when its place went: its words are not lost.
  #leaveWords(views = this.#views.values()) {
    const words = wordsIn(views);
    if (words.length > 0) this.acts.onWordsLeft(this.#transcript.sessionId, words);
  }

  #remove(former, present) {
    const keys = new Set(present.map(({ key }) => key));
    const gone = former.filter(({ key }) => !keys.has(key)).map(({ key }) => [key, this.#views.get(key)]);
    this.#leaveWords(gone.map(([, view]) => view));
    const focused = gone.find(([, view]) => view.element.contains(document.activeElement))?.[1];
    const behindGap = focused?.ask ? focused.element.nextElementSibling : null; // who reads upwards goes on from there
    for (const [key, view] of gone) {
      this.nearness.forget(view.element);
      view.element.remove();
      this.#views.delete(key);
    }
    if (behindGap) takeFocus(behindGap);
    else if (focused && !this.#sought) this.acts.onFocusLost(); // what is sought gets it
  }

  #viewOf(entry, before, isLast, isNear) {
    const known = this.#views.get(entry.key);
    const isFar = !isNear && Boolean(entry.itemId) && !isRunning(entry);
    const view = known ?? (isFar ? new FarMessage(entry) : messageView(entry, this.acts));
    if (before !== entry && view.update(entry, isLast) === false) this.#partly.add(entry.key);
    if (this.#shown && before !== entry) this.#live.say(this.#announcer.hear(before, entry, performance.now()));
    if (!known) this.#know(entry.key, view);
    if (!known && (isFar || isGap(entry))) this.nearness.watch(view.element);
    return view;
  }
}

const wordsIn = (views) => [...views].map((view) => view.words).filter(Boolean);
