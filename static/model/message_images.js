// Rule: the images of a message are addresses: of the server, where they are stored, or with the bytes in them while
// they are on their way. No other address is ever asked for.

import { isInlineImage, isKeptImage } from "./images.js";

/** @returns {string[]} the addresses of an item's images */
export function imagesOf(item) {
  const parts = Array.isArray(item.content) ? item.content : [];
  return parts.filter(isImage).map((part) => part.image_url);
}

/** What a request says of a message: its text, or its parts where it has images. */
export function inputOf(text, images = []) {
  if (images.length === 0) return text;
  const words = text === "" ? [] : [{ type: "input_text", text }];
  const shown = images.map((image_url) => ({ type: "input_image", image_url }));
  return [{ type: "message", role: "user", content: [...words, ...shown] }];
}

const isImage = ({ type, image_url: address }) =>
  type === "input_image" && typeof address === "string" && (isKeptImage(address) || isInlineImage(address));
