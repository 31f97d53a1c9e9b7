// Rule: the images of a message, small, in a row; each leads to itself, where it is stored. They are loaded when they
// come into view.

import { t } from "../text.js";
import { h } from "./dom.js";

export class MessageImages {
  #shown = [];

  element = h("div", { class: "images" });

  /** @param {string[]} addresses */
  update(addresses) {
    if (String(addresses) === String(this.#shown)) return;
    this.#shown = addresses;
    this.element.replaceChildren(...addresses.map(picture));
  }
}

function picture(address, at) {
  const image = h("img", { src: address, alt: t("message.image", { number: at + 1 }), loading: "lazy" });
  if (address.startsWith("data:")) return image; // on its way still
  return h("a", { href: address, target: "_blank", rel: "noopener" }, image);
}
