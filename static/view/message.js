// Rule: one message as an article. What the user wrote is shown letter by letter; what the assistant wrote, as
// Markdown. One that comes far from the view is only its words until it is to be seen.

import { isRunning, noteOf } from "../model/response.js";
import { t } from "../text.js";
import { h } from "./dom.js";
import { Editor } from "./editor.js";
import { Foot } from "./foot.js";
import { GapView } from "./gap.js";
import { MarkdownView } from "./markdown.js";
import { MessageImages } from "./message_images.js";
import { ReasoningView } from "./reasoning.js";

/**
 * @param {{isConnected: () => boolean, onSendAgain: (messageId: string) => void, onTakeBack: (messageId: string) => void,
 *   onShowFacts: (ids: string[]) => void, onEdited: (entry: object, text: string) => boolean,
 *   onWriting: () => void, onGap: (key: string, isNewer: boolean) => Promise<void>}} acts
 *   onEdited: whether the text was taken; onWriting: what is being written in the place of messages has changed
 */
export function messageView(entry, acts) {
  if (entry.role === "gap") return new GapView(entry, acts.onGap);
  return entry.role === "user" ? new UserMessage(acts) : new AssistantMessage(acts);
}

class UserMessage {
  #images = new MessageImages();
  foot = new Foot("user");
  #text = h("div", { class: "text", dir: "auto" });
  #note = h("p", { class: "note" });
  #sending = h("span", { class: "sending" });
  #editor = null;

  constructor(acts) {
    const parts = [this.#images.element, this.#text, this.#note, this.foot.element];
    this.element = h("article", { class: "message user", "aria-label": t("message.you") }, ...parts);
    this.acts = acts;
  }

  /** What was written here and not sent. */
  get words() {
    return this.#editor?.words ?? "";
  }

  /** Lets the message be written anew in its place. */
  edit(entry) {
    if (this.#editor) return this.#editor.focus();
    const onSend = (text) => this.acts.onEdited(entry, text);
    this.#editor = new Editor({ text: entry.text, onSend, onClose: (isSent) => this.#close(isSent) });
    this.#images.element.after(this.#editor.element);
    this.element.classList.add("edited");
    this.#editor.focus();
  }

  // What was sent takes the place of this message.
  #close(isSent) {
    this.#editor.element.remove();
    this.#editor = null;
    this.element.classList.remove("edited");
    this.acts.onWriting();
    if (!isSent) this.foot.button("edit").focus({ preventScroll: true });
  }

  tick() {
    this.foot.tick();
  }

  update(entry, isLast) {
    this.foot.update(entry, isLast);
    this.#images.update(entry.images ?? []);
    this.#text.textContent = entry.text;
    this.element.classList.toggle("pending", Boolean(entry.pending));
    this.#note.replaceChildren(...this.#notes(entry));
    return true;
  }

  /** The connection has come or gone. */
  sayOfConnection() {
    this.#sending.textContent = this.acts.isConnected() ? t("message.sending") : t("message.waiting");
  }

  #notes({ pending, error, messageId }) {
    if (!pending) return [];
    this.sayOfConnection();
    if (!error) return [this.#sending];
    const button = (name, act) => h("button", { type: "button", class: "link", click: () => act(messageId) }, name);
    const { onSendAgain, onTakeBack } = this.acts;
    const choices = [button(t("message.sendAgain"), onSendAgain), " ", button(t("message.edit"), onTakeBack)];
    return [h("span", { class: "error" }, `${t("message.notSent", { error })} `), ...choices];
  }
}

class AssistantMessage {
  foot = new Foot("assistant");
  #body = h("div", { class: "body" });
  #note = h("p", { class: "note" });
  #thinking = h("p", { class: "unseen" }, t("message.thinking"));
  #reasoning = new ReasoningView();
  #markdown = new MarkdownView(this.#body);
  #facts = [];
  #fromMemory = h("button", { type: "button", class: "link", click: () => this.acts.onShowFacts(this.#facts) });
  #memory = h("p", { class: "note", hidden: true }, this.#fromMemory);
  #unread = h("p", { class: "note", hidden: true }, t("message.unread"));

  constructor(acts) {
    const attributes = { class: "message assistant", "aria-label": t("message.assistant") };
    const notes = [this.#note, this.#memory, this.#unread];
    const parts = [this.#thinking, this.#reasoning.element, this.#body, ...notes, this.foot.element];
    this.element = h("article", attributes, ...parts);
    this.acts = acts;
  }

  tick() {
    this.foot.tick();
  }

  /** @returns {boolean} whether all of it is shown; where not, it is to be called again */
  update(entry, isLast) {
    this.foot.update(entry, isLast);
    const isGrowing = isRunning(entry);
    const isWhole = this.#markdown.update(entry.text, isGrowing);
    this.#reasoning.update(entry.reasoning ?? "");
    this.element.setAttribute("aria-busy", String(isGrowing));
    const isWaiting = isGrowing && entry.text === "";
    this.element.classList.toggle("waiting", isWaiting);
    this.#thinking.hidden = !isWaiting;
    const note = noteOf(entry);
    this.#note.className = `note ${note?.kind ?? ""}`;
    this.#note.textContent = note?.text ?? "";
    this.#facts = entry.facts;
    this.#memory.hidden = this.#facts.length === 0;
    this.#fromMemory.textContent = t("message.knew", { count: this.#facts.length });
    this.#unread.hidden = !entry.isMemoryUnread;
    return isWhole;
  }
}
