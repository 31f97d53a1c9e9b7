// Rule: an image stands in a frame of a fixed shape, so that nothing jumps when it comes, and leads to itself whole.

import { isKeptImage } from "../model/images.js";
import { h } from "./dom.js";

/** @param {HTMLImageElement} image as Markdown made it, with an address that may be shown */
export function framed(image) {
  const src = image.getAttribute("src") ?? "";
  const alt = image.getAttribute("alt") ?? "";
  const shown = h("img", { src, alt, loading: "lazy", decoding: "async" });
  if (!isKeptImage(src)) return h("span", { class: "image" }, shown);
  return h("a", { class: "image", href: src, target: "_blank", rel: "noopener noreferrer" }, shown);
}
