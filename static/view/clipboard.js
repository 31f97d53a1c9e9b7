// Rule: copies words, also where the page came over plain HTTP from another machine and the browser has no
// `navigator.clipboard`. It has to be called in answer to a press.

import { h } from "./dom.js";

/** @returns {Promise<boolean>} whether the words are in the clipboard */
export async function copyText(text) {
  if (!navigator.clipboard) return copyBySelection(text);
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const field = h("textarea", { class: "unseen", readonly: true, "aria-hidden": "true", tabindex: "-1" });
  field.value = text;
  (focused?.closest("dialog") ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}
