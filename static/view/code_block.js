// Rule: a block of code with its language, its colours and a button that copies it.

import { t } from "../text.js";
import { h, icon } from "./dom.js";
import { highlight } from "./highlight.js";
import { sanitize } from "./sanitize.js";

const COPIED_FOR_MS = 1_500;

/** @param {HTMLPreElement} pre as Markdown made it */
export function codeBlock(pre, isColoured) {
  const code = pre.querySelector("code") ?? pre;
  const text = code.textContent;
  const language = /(?:^|\s)language-(\S+)/.exec(code.className)?.[1] ?? "";
  const shown = h("code", {}, (isColoured && colours(text, language)) || text);
  const head = h("div", { class: "code-head" }, h("span", {}, language), copyButton(text.replace(/\n$/, "")));
  return h("div", { class: "code-block" }, head, h("pre", { tabindex: "0" }, shown));
}

function colours(text, language) {
  const html = language ? highlight(text, language.toLowerCase()) : null;
  return html === null ? null : sanitize(html);
}

function copyButton(text) {
  const label = h("span", {}, t("code.copy"));
  const button = h("button", { type: "button", class: "copy" }, icon("copy"), label);
  button.addEventListener("click", async () => {
    label.textContent = (await copy(text)) ? t("code.copied") : t("code.notCopied");
    setTimeout(() => {
      label.textContent = t("code.copy");
    }, COPIED_FOR_MS);
  });
  return button;
}

const copy = (text) =>
  navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  ) ?? false;
