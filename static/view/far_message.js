// Rule: a message that is far from the view is only its words, so that thousands of them cost little. It makes room for
// the message itself before anybody sees it.

import { t } from "../text.js";
import { h } from "./dom.js";

export class FarMessage {
  isFar = true;

  constructor(entry) {
    const isUser = entry.role === "user";
    const label = isUser ? t("message.you") : t("message.assistant");
    this.words = "";
    this.text = h("div", { class: isUser ? "text" : "body" });
    const attributes = { class: `message ${isUser ? "user" : "assistant"}`, "aria-label": label };
    this.element = h("article", isUser ? attributes : { ...attributes, "aria-busy": "false" }, this.text);
  }

  update(entry) {
    this.text.textContent = entry.text;
  }

  tick() {}
}
