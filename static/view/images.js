// Rule: nothing jumps when an image comes. One that is fetched stands in a frame of a fixed shape, and leads to itself
// whole; one that stands in the text is there, with its size, before anything is drawn.

import { isKeptImage } from "../model/images.js";
import { h } from "./dom.js";

/** @param {HTMLImageElement} image as Markdown made it, with an address that may be shown */
export function framed(image) {
  const src = image.getAttribute("src") ?? "";
  const alt = image.getAttribute("alt") ?? "";
  if (!isKeptImage(src)) return h("span", { class: "image inner" }, h("img", { src, alt, decoding: "sync" }));
  const shown = h("img", { src, alt, loading: "lazy", decoding: "async" });
  return h("a", { class: "image", href: src, target: "_blank", rel: "noopener noreferrer" }, shown);
}
