// Rule: the frame that asks for an answer, and whether the server takes one of its size. The size is that of the
// JSON in UTF-8, as it goes over the wire.

import { t } from "../text.js";
import { inputOf } from "./message_images.js";

/** What the server takes where it does not say. */
export const USUAL_LIMIT_BYTES = 1_048_576;

// As long as any id that the server gives to a session.
const UNKNOWN_SESSION = "_".repeat(64);

/**
 * @param {{messageId: string, text: string, images?: string[], model: string | null, after?: string | null,
 *   place?: object}} entry after: the item behind which it is to stand, where that is not the last; place: what says the
 *   same in the wire's own words
 */
export function createFrame(sessionId, { messageId, text, images, model, after, place = placeBehind(after) }) {
  return {
    type: "response.create",
    conversation: sessionId,
    input: inputOf(text, images),
    ...place,
    stream_id: messageId,
    metadata: { client_message_id: messageId },
    ...(model ? { model } : {}),
  };
}

const placeBehind = (after) => (after === undefined ? {} : { "verbatim:after": after });

/** @returns {number} the size of the entry's frame in bytes; a session that is still to be made counts too */
export function frameBytes(sessionId, entry) {
  return new TextEncoder().encode(JSON.stringify(createFrame(sessionId ?? UNKNOWN_SESSION, entry))).length;
}

/** @returns {string | null} why the server would not take a frame of this size; null where it would */
export function sizeProblem(bytes, limitBytes) {
  if (bytes <= limitBytes) return null;
  return t("composer.tooLarge", { size: bytes, limit: limitBytes });
}

/** What is said of a message that the server has closed the connection over. */
export const refusedSize = (bytes) => t("composer.refusedSize", { size: bytes });
