// Rule: one message as an article. What the user wrote is shown letter by letter; what the assistant wrote, as
// Markdown.

import { isRunning, noteOf } from "../model/response.js";
import { factsOf } from "../model/usage.js";
import { t } from "../text.js";
import { h } from "./dom.js";
import { showFacts } from "./facts.js";
import { MarkdownView } from "./markdown.js";
import { MessageImages } from "./message_images.js";
import { ReasoningView } from "./reasoning.js";

/** @param {{onSendAgain: (messageId: string) => void, onTakeBack: (messageId: string) => void, onShowFacts: (ids: string[]) => void}} acts */
export function messageView(entry, acts) {
  return entry.role === "user" ? new UserMessage(acts) : new AssistantMessage(acts);
}

class UserMessage {
  #images = new MessageImages();
  #text = h("div", { class: "text" });
  #note = h("p", { class: "note" });

  constructor(acts) {
    const parts = [this.#images.element, this.#text, this.#note];
    this.element = h("article", { class: "message user", "aria-label": t("message.you") }, ...parts);
    this.acts = acts;
  }

  update(entry) {
    this.#images.update(entry.images ?? []);
    this.#text.textContent = entry.text;
    this.element.classList.toggle("pending", Boolean(entry.pending));
    this.#note.replaceChildren(...this.#notes(entry));
    return true;
  }

  #notes({ pending, error, messageId }) {
    if (!pending) return [];
    if (!error) return [h("span", { class: "sending" }, t("message.sending"))];
    const button = (name, act) => h("button", { type: "button", class: "link", click: () => act(messageId) }, name);
    const { onSendAgain, onTakeBack } = this.acts;
    const choices = [button(t("message.sendAgain"), onSendAgain), " ", button(t("message.edit"), onTakeBack)];
    return [h("span", { class: "error" }, `${t("message.notSent", { error })} `), ...choices];
  }
}

class AssistantMessage {
  #body = h("div", { class: "body" });
  #note = h("p", { class: "note" });
  #about = h("p", { class: "facts", hidden: true });
  #thinking = h("p", { class: "unseen" }, t("message.thinking"));
  #reasoning = new ReasoningView();
  #markdown = new MarkdownView(this.#body);
  #facts = [];
  #fromMemory = h("button", { type: "button", class: "link", click: () => this.acts.onShowFacts(this.#facts) });
  #memory = h("p", { class: "note", hidden: true }, this.#fromMemory);

  constructor(acts) {
    const attributes = { class: "message assistant", "aria-label": t("message.assistant") };
    const parts = [this.#thinking, this.#reasoning.element, this.#body, this.#note, this.#memory, this.#about];
    this.element = h("article", attributes, ...parts);
    this.acts = acts;
  }

  /** @returns {boolean} whether all of it is shown; where not, it is to be called again */
  update(entry) {
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
    showFacts(this.#about, isGrowing ? null : factsOf(entry));
    return isWhole;
  }
}
