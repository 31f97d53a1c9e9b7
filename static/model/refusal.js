// Rule: why the server does not do what was asked is said in the reader's language where the code says all of it; else in
// the server's own words, which name what was wrong and what was expected.

import { t } from "../text.js";

const WORDS = {
  conversation_busy: () => t("turn.notNow"),
  internal_error: () => t("refusal.fault"),
  invalid_api_key: () => t("refusal.nobody"),
  memory_off: () => t("refusal.memoryOff"),
  request_timeout: () => t("refusal.slow"),
  search_unavailable: () => t("refusal.noSearch"),
  storage_error: () => t("refusal.disk"),
  storage_full: () => t("refusal.diskFull"),
  storage_read_only: () => t("refusal.diskFailed"),
};

/** @param {{code?: string, message: string}} error */
export const refusalOf = ({ code = "", message }) => (Object.hasOwn(WORDS, code) ? WORDS[code]() : message);

/** A frame of the server, whose error, if it is one, says so in these words. */
export function inTheseWords(frame) {
  if (frame.type !== "error") return frame;
  return { ...frame, error: { ...frame.error, message: refusalOf(frame.error) } };
}
