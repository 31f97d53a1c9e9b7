// Rule: which conversation is shown, and what the reader's own acts do to it. Each has its own address, and the
// address changes only here.

import { beginningOf, isUnmade } from "./model/beginning.js";
import { joined } from "./model/outbox.js";
import { nameFrom, pathOf, sessionIn, titleOf } from "./model/title.js";
import { Transcript } from "./model/transcript.js";
import { spentOf } from "./model/usage.js";
import { t } from "./text.js";
import { byId } from "./view/dom.js";
import { showFacts } from "./view/facts.js";

const BURST_MS = 30;

export class Page {
  #transcript = new Transcript();
  #hasBegun = false; // until then nobody knows whose words these are
  #timer; // until the list is shown again

  /** @param {object} parts outbox, changes, sessions (the model), pages (what loads it), list, conversations, conversation (the view), composer, halfWritten, attached, archived, drawer, preferences, me */
  constructor(parts) {
    Object.assign(this, parts);
    window.addEventListener("popstate", () => this.#show(sessionIn(location.pathname)));
  }

  /** Shows what the address names. */
  begin() {
    this.#hasBegun = true;
    const typed = this.composer.text;
    this.outbox.takeBackHomeless();
    this.halfWritten.begin();
    this.conversations.restore();
    this.#show(sessionIn(location.pathname));
    if (typed !== this.composer.text) this.composer.text = joined(this.composer.text, typed);
  }

  /** Whose words these were has left: nothing is kept from here on, nor what stands here still. */
  end() {
    this.#hasBegun = false;
    this.halfWritten.end();
    this.attached.end();
    const { sessionId } = this.#transcript;
    if (this.outbox.draftOf(sessionId) === this.composer.text) this.outbox.keepDraft(sessionId, "");
  }

  open(sessionId) {
    if (sessionId !== this.#transcript.sessionId || sessionId === null) this.#go(sessionId);
    this.drawer.close();
    if (sessionId === null) this.composer.focus();
    else this.composer.rest();
  }

  /** Opens a session at one of its messages. */
  openAt(sessionId, itemId) {
    if (sessionId !== this.#transcript.sessionId) this.#go(sessionId);
    this.drawer.close();
    this.conversation.seek(itemId);
  }

  get transcript() {
    return this.#transcript;
  }

  /** Words that were written in the place of a message, which is gone. */
  keepWords(sessionId, words) {
    if (sessionId === this.#transcript.sessionId) this.composer.text = joined(this.composer.text, ...words);
    else if (this.#hasBegun) this.outbox.keepDraft(sessionId, joined(this.outbox.draftOf(sessionId), ...words));
  }

  /**
   * @returns {boolean} whether the words were taken; where not, they stay where they were written
   * @param {string | null} [after] the item behind which they are to stand, where that is not the last one
   * @param {string[]} [imageNames] what the images' files are called
   */
  send(text, after, images = [], imageNames = images.map(() => "")) {
    if (!this.#hasBegun) return false;
    const transcript = this.#transcript;
    const { model } = this.preferences;
    const problem = this.conversations.problemWith(transcript, text, model, images);
    this.problem(problem ?? "");
    if (problem) return false;
    this.conversation.scroller.follow();
    const isFirst = transcript.sessionId === null;
    if (isFirst) this.conversations.begin(transcript, this.me.newSessionId(), this.#beginning(text, imageNames));
    this.conversations.send(transcript, text, model, after, images);
    if (isFirst) this.#moveTo(transcript.sessionId);
    return true;
  }

  sendAgain(messageId) {
    this.problem("");
    this.conversations.sendAgain(this.#transcript, messageId);
    this.composer.rest();
  }

  /** A message that the server refused goes back to where it was written. */
  takeBack(messageId) {
    const entry = this.#transcript.unsent.find((unsent) => unsent.messageId === messageId);
    if (!entry) return;
    this.problem("");
    this.conversations.withdraw(this.#transcript, messageId);
    const { begins, unsent } = this.#transcript;
    if (begins && unsent.length === 0) this.#leaveUnmade(begins);
    this.composer.text = joined(entry.text, this.composer.text);
    this.attached.giveBack(imagesOf([entry]));
    this.composer.focus();
  }

  stop() {
    this.conversations.stop(this.#transcript);
  }

  problem(message, transcript = this.#transcript) {
    if (transcript !== this.#transcript) return;
    byId("problem").textContent = message;
    if (message !== "" && this.drawer.isOpen) this.drawer.close(); // it would lie over what is said
  }

  /** The server is there again: nobody reads on that it is not. */
  reached() {
    if (byId("problem").textContent === t("api.unreachable")) this.problem("");
  }

  transcriptChanged(transcript) {
    if (transcript !== this.#transcript) return;
    this.composer.setRunning(transcript.running !== null);
    byId("app").classList.toggle("blank", transcript.isLoaded && transcript.entries.length === 0);
    this.conversation.changed();
  }

  /** News that come in a burst are shown together. */
  sessionsChangedSoon() {
    this.#timer ??= setTimeout(() => this.sessionsChanged(), BURST_MS);
  }

  sessionsChanged() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { sessionId } = this.#transcript;
    this.#listUnmade();
    const session = this.sessions.get(sessionId);
    const title = session ? titleOf(session) : t("sessions.new");
    byId("title").textContent = sessionId && !session ? "" : title;
    showFacts(byId("spent"), spentOf(session));
    document.title = session ? `${title} · Verbatim` : "Verbatim";
    this.archived.show(session);
    this.preferences.shown(sessionId, session);
    this.conversation.summarised(session?.["verbatim:summary"] ?? null);
    this.list.show(sessionId);
  }

  sessionGone(sessionId) {
    if (sessionId !== this.#transcript.sessionId) return;
    // Words that have reached nobody go back to where they were written.
    const { unsent } = this.#transcript;
    const words = this.#words;
    const images = [...imagesOf(unsent), ...this.attached.images];
    history.replaceState(null, "", pathOf(null));
    this.#show(null);
    this.outbox.keepDraft(sessionId, ""); // it has come along
    this.composer.text = joined(words, this.composer.text);
    this.attached.giveBack(images);
    this.problem(t("conversation.gone"));
  }

  /**
   * Sessions are about to be deleted: who reads one of them is led to a new chat, and what stands in the composer goes
   * along.
   * @returns {() => void} leads back
   */
  leave(sessionIds) {
    const { sessionId, unsent } = this.#transcript;
    if (!sessionIds.includes(sessionId)) return () => {};
    const words = this.#words;
    const images = [...imagesOf(unsent), ...this.attached.images];
    const before = this.outbox.draftOf(null);
    history.replaceState(null, "", pathOf(null));
    this.#show(null);
    this.composer.text = joined(words, before);
    this.attached.giveBack(images);
    const taken = this.composer.text;
    this.composer.rest();
    return () => {
      if (this.#transcript.sessionId !== null || this.#transcript.entries.length > 0) return;
      if (this.composer.text === taken) this.composer.text = before;
      this.attached.takeOff(images);
      history.replaceState(null, "", pathOf(sessionId));
      this.#show(sessionId);
      this.composer.rest();
    };
  }

  async rename(session, title) {
    await this.#attempt(async () => {
      this.sessions.upsert(await this.changes.rename(session, title));
      this.sessionsChanged();
    });
  }

  /** All that was written in the chat that is shown and has reached nobody. */
  get #words() {
    const { unsent } = this.#transcript;
    return joined(...unsent.map((entry) => entry.text), this.composer.text, ...this.conversation.words);
  }

  /** A session is gone, through this tab or another. */
  forget(sessionId) {
    this.conversations.remove(sessionId);
    this.sessions.remove(sessionId);
    this.sessionsChangedSoon();
  }

  // The server's word on a session goes before ours.
  #listUnmade() {
    for (const unmade of this.outbox.unmade) {
      const known = this.sessions.get(unmade.id);
      if (known === null || isUnmade(known)) this.sessions.upsert(unmade);
    }
  }

  #go(sessionId) {
    if (pathOf(sessionId) !== location.pathname) history.pushState(null, "", pathOf(sessionId));
    this.#show(sessionId);
  }

  #show(sessionId) {
    this.problem("");
    this.conversations.current = sessionId;
    this.#transcript = sessionId ? this.conversations.open(sessionId) : new Transcript();
    this.conversation.show(this.#transcript);
    this.composer.text = this.halfWritten.opened(sessionId);
    this.attached.show(sessionId);
    this.transcriptChanged(this.#transcript);
    this.sessionsChanged();
    this.pages.learn(sessionId);
  }

  /** What a chat begins with: its name, and what is chosen for it. */
  #beginning(text, imageNames) {
    const settings = this.preferences.ofNewChat;
    return { ...nameFrom(text, imageNames), ...(settings ? { settings } : {}) };
  }

  // The only message of a chat that the server does not know is taken back: nothing is left of the chat but what was
  // chosen for it.
  #leaveUnmade(begins) {
    this.sessions.remove(this.#transcript.sessionId);
    this.outbox.chosen = beginningOf(begins)["verbatim:settings"] ?? {};
    history.replaceState(null, "", pathOf(null));
    this.#show(null);
  }

  #moveTo(sessionId) {
    this.conversations.current = sessionId;
    this.outbox.keepDraft(null, "");
    this.outbox.chosen = {};
    this.attached.begin(sessionId);
    history.pushState(null, "", pathOf(sessionId));
    this.sessionsChanged();
  }

  async #attempt(act) {
    try {
      await act();
    } catch (error) {
      this.problem(error.message);
    }
  }
}

const imagesOf = (unsent) => unsent.flatMap(({ images }) => images ?? []);
