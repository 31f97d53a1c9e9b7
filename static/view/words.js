// Rule: the words that stand in the document itself. They are English there, so that it can be read before any script
// runs; `data-text…` names what stands there in the reader's language.

import { language, t } from "../text.js";

const ATTRIBUTES = {
  "data-text-label": "aria-label",
  "data-text-placeholder": "placeholder",
  "data-text-title": "title",
};

/** Puts the reader's language into the document. */
export function speak(root = document) {
  root.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const [mark, attribute] of Object.entries(ATTRIBUTES)) {
    for (const element of root.querySelectorAll(`[${mark}]`)) {
      element.setAttribute(attribute, t(element.getAttribute(mark)));
    }
  }
}
