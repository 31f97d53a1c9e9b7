// Rule: Markdown to the nodes that show it: sanitized, with code, tables, tasks, images and maths as this page shows
// them.

import { parseMarkdown } from "../model/parse.js";
import { t } from "../text.js";
import { codeBlock } from "./code_block.js";
import { h } from "./dom.js";
import { framed } from "./images.js";
import { drawMaths } from "./maths.js";
import { sanitize } from "./sanitize.js";

/** @returns {DocumentFragment} */
export function render(markdown, definitions, isGrowing) {
  const fragment = sanitize(parseMarkdown(markdown, definitions));
  for (const words of fragment.querySelectorAll("li > p")) words.parentElement.parentElement.classList.add("loose");
  for (const pre of fragment.querySelectorAll("pre")) pre.replaceWith(codeOf(pre, isGrowing));
  for (const table of fragment.querySelectorAll("table")) frame(table);
  for (const box of fragment.querySelectorAll("input")) nameTask(box);
  for (const image of fragment.querySelectorAll("img")) image.replaceWith(framed(image));
  for (const code of fragment.querySelectorAll("code.maths")) drawMaths(code);
  for (const code of fragment.querySelectorAll("code")) code.dir = "ltr";
  return fragment;
}

function codeOf(pre, isGrowing) {
  const code = pre.querySelector("code") ?? pre;
  return codeBlock(code.textContent, /(?:^|\s)language-(\S+)/.exec(code.className)?.[1] ?? "", isGrowing);
}

// A wide table scrolls by itself and leaves the page in its place.
function frame(table) {
  const scroller = h("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": t("markdown.table") });
  table.replaceWith(scroller);
  scroller.append(table);
}

// The words behind the box say what it is for.
function nameTask(box) {
  box.disabled = true;
  const words = [...box.parentElement.childNodes].filter((node) => !/^(?:UL|OL|DIV)$/.test(node.nodeName));
  const name = words
    .map((node) => node.textContent)
    .join("")
    .trim();
  if (name) box.setAttribute("aria-label", name);
}
