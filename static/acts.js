// Rule: what a reader does with messages: ask once more, go on, write anew, step through the versions, quote. Each
// changes the conversation on the server, and what is shown follows from the news of it.

import { isInlineImage } from "./model/images.js";
import { alternativeTo, hindrance, questionOf } from "./model/possible.js";
import { dataUrl } from "./shrink.js";
import { t } from "./text.js";

const REASONS = {
  "turn.away": () => t("turn.away"),
  "turn.cannotContinue": () => t("turn.cannotContinue"),
  "turn.first": () => t("turn.first"),
  "turn.last": () => t("turn.last"),
  "turn.notLoaded": () => t("turn.notLoaded"),
  "turn.notNow": () => t("turn.notNow"),
};

export class Acts {
  #cannotContinue = new Set(); // models that have said so
  #continued = new Map(); // by the name of the request, the model that was asked to go on

  /** @param {object} parts api, socket, conversations, page, conversation (the view), composer */
  connect(parts) {
    Object.assign(this, parts);
  }

  /** @returns {string | null} why an act is not possible at this moment, in words */
  reasonFor = (act, entry) => {
    const { entries, asks } = this.page.transcript;
    const cannotContinue = (model) => this.#cannotContinue.has(model) || !this.#takesPrefix(model);
    const key = hindrance(act, entry, {
      entries,
      isAsking: asks.length > 0,
      isConnected: this.socket.isOpen,
      cannotContinue,
    });
    return key && REASONS[key]();
  };

  // Of a model that is not listed only its answer tells.
  #takesPrefix(model) {
    const takes = this.page.preferences.offered(model)?.["verbatim:parameters"];
    return takes?.includes("verbatim:continue") ?? true;
  }

  do(act, entry, text) {
    this.page.problem("");
    this[DOES[act]](entry, text);
  }

  /**
   * The images of the message go along; they are fetched first.
   * @returns {boolean | Promise<boolean>} whether the new words were taken; where not, they stay where they were written
   */
  sendEdited(entry, text) {
    const images = entry.images ?? [];
    return images.length === 0 ? this.#sendEdited(entry, text, images) : this.#sendWithImages(entry, text, images);
  }

  async #sendWithImages(entry, text, addresses) {
    const { transcript } = this.page;
    try {
      const images = await Promise.all(addresses.map((address) => this.#inline(address)));
      return transcript === this.page.transcript && this.#sendEdited(entry, text, images);
    } catch (error) {
      this.page.problem(error.message, transcript);
      return false;
    }
  }

  #inline = async (address) => (isInlineImage(address) ? address : dataUrl(await this.api.image(address)));

  #sendEdited(entry, text, images) {
    const reason = this.reasonFor("edit", entry);
    if (reason) this.page.problem(reason);
    if (reason || !this.page.send(text, entry.after, images)) return false;
    this.composer.rest();
    return true;
  }

  /** @returns {boolean} whether there is a message of one's own that can be edited */
  editLast() {
    const entry = this.page.transcript.entries.findLast(({ role, itemId }) => role === "user" && itemId);
    return Boolean(entry) && this.conversation.edit(entry);
  }

  /** Finds a message that is not among those that are loaded: on the path that is shown, or else on another. */
  async reach(itemId) {
    const { conversations, page } = this;
    const { transcript } = page;
    const isShown = () => page.transcript === transcript;
    if ((await conversations.items.around(transcript, itemId)) || !isShown()) return;
    try {
      await this.api.showPath(transcript.sessionId, itemId);
    } catch (error) {
      this.conversation.giveUp();
      return page.problem(error.message, transcript);
    }
    await conversations.pathShown(transcript);
    const isLoaded = transcript.entries.some((entry) => entry.itemId === itemId);
    if (!isLoaded && isShown()) await conversations.items.around(transcript, itemId);
  }

  /** The server does not do what was asked, `{code, param, messageId}`: what to say, where that is ours to say. */
  refused({ code, param, messageId } = {}) {
    const model = this.#continued.get(messageId);
    if (model === undefined || code !== "unsupported_parameter" || param !== "verbatim:continue") return null;
    this.#cannotContinue.add(model);
    return t("turn.cannotContinue");
  }

  quote(_, text) {
    this.composer.quote(text);
  }

  regenerate(entry) {
    const { transcript } = this.page;
    const question = questionOf(transcript.entries, entry);
    this.conversation.scroller.follow();
    this.conversations.askAgain(transcript, { "verbatim:after": question.itemId }, this.page.preferences.model);
    this.composer.rest();
  }

  goOn(entry) {
    const request = this.conversations.askAgain(this.page.transcript, { "verbatim:continue": entry.responseId });
    this.#continued.set(request, entry.model);
    this.composer.rest();
  }

  stepBack = (entry) => this.#step(entry, -1, "previous");
  stepOn = (entry) => this.#step(entry, 1, "next");

  #step(entry, step, act) {
    this.conversation.scroller.letGo();
    this.conversation.seek(alternativeTo(entry, step), act);
  }
}

const DOES = { quote: "quote", regenerate: "regenerate", continue: "goOn", previous: "stepBack", next: "stepOn" };
