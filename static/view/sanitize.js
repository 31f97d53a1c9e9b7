// Rule: the one gate through which HTML that came from a text enters the page. Only what Markdown itself makes
// may pass, and links leave without telling where they come from.

import DOMPurify from "dompurify";
import { isInlineImage, isKeptImage } from "../model/images.js";

const BLOCKS = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "hr"];
const TABLES = ["table", "thead", "tbody", "tr", "th", "td"];
const INLINES = ["a", "strong", "em", "del", "code", "br", "img", "input", "span"];

const ALLOWED = {
  ALLOWED_TAGS: [...BLOCKS, ...TABLES, ...INLINES],
  ALLOWED_ATTR: ["href", "title", "alt", "src", "class", "start", "align", "type", "checked", "disabled"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/(?:png|jpeg|gif|webp);base64,|\/v1\/conversations\/)/i,
  // Neither of these ever holds an address.
  ADD_URI_SAFE_ATTR: ["type", "start", "align"],
  RETURN_DOM_FRAGMENT: true,
};

const purify = DOMPurify(window);

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A" && !isAddress(node.getAttribute("href") ?? "")) node.removeAttribute("href");
  if (node.tagName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
  if (node.tagName === "IMG" && !isImage(node.getAttribute("src") ?? "")) node.remove();
  if (node.tagName === "INPUT" && node.getAttribute("type") !== "checkbox") node.remove();
});

const isAddress = (text) => /^(?:https?|mailto):/i.test(text) && URL.canParse(text);
const isImage = (text) => isInlineImage(text) || isKeptImage(text);

/** @returns {DocumentFragment} */
export const sanitize = (html) => purify.sanitize(html, ALLOWED);
