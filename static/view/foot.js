// Rule: what stands beneath a message: who wrote it when and what that took, which of several versions it is, and what
// can be done with it. What a button does is decided where all of them are heard: see `ActBar`.

import { isUnfinished } from "../model/possible.js";
import { isRunning } from "../model/response.js";
import { usageInWords } from "../model/usage.js";
import { t } from "../text.js";
import { h, icon } from "./dom.js";
import { MomentView } from "./moment.js";

const ACTS = {
  user: ["copy", "quote", "edit"],
  assistant: ["copy", "quote", "regenerate", "continue"],
};
const NAMES = {
  copy: () => t("turn.copy"),
  quote: () => t("turn.quote"),
  edit: () => t("turn.edit"),
  regenerate: () => t("turn.regenerate"),
  continue: () => t("turn.continue"),
  previous: () => t("turn.previous"),
  next: () => t("turn.next"),
};

/** The name of an act, for whoever reads or hears it. */
export const nameOf = (act) => NAMES[act]();

export class Foot {
  #model = h("span", { class: "model", hidden: true });
  #usage = h("span", { class: "usage", hidden: true });
  #moment = new MomentView();
  #versions = h("div", { class: "versions", role: "group", hidden: true });
  #version = h("span", { class: "version" });
  #buttons = new Map();

  constructor(role) {
    const acts = ACTS[role].map((act) => this.#button(act));
    this.#versions.append(this.#button("previous"), this.#version, this.#button("next"));
    const about = h("p", { class: "facts" }, this.#model, this.#moment.element, this.#usage);
    this.element = h("div", { class: "message-foot" }, about, this.#versions, h("div", { class: "acts" }, ...acts));
  }

  /** @param {boolean} isLast whether the message is the last of all */
  update(entry, isLast) {
    this.element.hidden = isRunning(entry) || Boolean(entry.pending);
    if (this.element.hidden) return;
    this.#say(this.#model, entry.model && entry.role === "assistant" ? entry.model : "");
    this.#moment.update(entry.at ?? null);
    const usage = entry.usage ? usageInWords(entry.usage) : null;
    this.#say(this.#usage, usage?.text ?? "");
    this.#usage.title = usage?.details ?? "";
    this.#count(entry);
    const button = this.#buttons.get("continue");
    if (button) button.hidden = !(isLast && isUnfinished(entry));
  }

  tick() {
    this.#moment.tick();
  }

  /** The button of an act. */
  button(act) {
    return this.#buttons.get(act);
  }

  /**
   * @param {(act: string) => string | null} reasonFor why an act is not possible now
   * @returns {boolean} whether there is one that is not
   */
  refresh(reasonFor) {
    let isHindered = false;
    for (const [act, button] of this.#buttons) {
      if (button.dataset.said) continue;
      const reason = reasonFor(act);
      button.ariaDisabled = reason ? "true" : null;
      isHindered ||= reason !== null;
      button.title = reason ? `${nameOf(act)}: ${reason}` : nameOf(act);
    }
    return isHindered;
  }

  #count({ alternatives = [], itemId }) {
    const at = alternatives.indexOf(itemId);
    this.#versions.hidden = alternatives.length < 2 || at < 0;
    if (this.#versions.hidden) return;
    const values = { at: at + 1, all: alternatives.length };
    this.#say(this.#version, t("turn.version", values));
    this.#versions.ariaLabel = t("turn.versionLong", values);
  }

  #button(act) {
    const name = nameOf(act);
    const attributes = { type: "button", class: "act", "data-act": act, "aria-label": name, title: name };
    const button = h("button", attributes, icon(act));
    this.#buttons.set(act, button);
    return button;
  }

  #say(element, text) {
    if (element.textContent !== text) element.textContent = text;
    element.hidden = text === "";
  }
}
