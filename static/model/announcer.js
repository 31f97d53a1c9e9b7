// Rule: what a screen reader hears of an answer that is being written: that it begins, then whole sentences some seconds
// apart, at the end what is left and that it has ended; of one that comes whole, all of it. Nothing is said twice, and of
// what comes faster than it can be spoken only the beginning is: the message can be read at leisure.

import { t } from "../text.js";
import { isRunning, noteOf } from "./response.js";

const PAUSE_MS = 5_000;
const MOST_CHARS = 400;
const A_FEW_WORDS = 200;
const SENTENCE_END = /[.!?:。！？][)"'”’*_`]*\s|\n/g;

export class Announcer {
  #key = null; // of the answer that is listened to
  #told = 0; // so many characters of it
  #at = 0; // when something was said last

  /**
   * @param {object | undefined} before the entry as it was shown; undefined where it has just come
   * @returns {string} what is to be said now; empty: nothing
   */
  hear(before, entry, nowMs) {
    if (!before) return isHeardWhole(entry) ? this.#end({ ...entry, text: "" }, entry) : "";
    if (isRunning(entry)) return this.#grow(before, entry, nowMs);
    return isRunning(before) ? this.#end(before, entry) : "";
  }

  #grow(before, entry, nowMs) {
    if (entry.text === "") return "";
    if (entry.key !== this.#key || entry.text.length < this.#told) {
      this.#key = entry.key;
      this.#told = toldOf(before);
      this.#at = nowMs;
      return t("conversation.answering");
    }
    if (nowMs - this.#at < PAUSE_MS) return "";
    const sentences = wholeSentences(entry.text.slice(this.#told));
    if (sentences === "") return "";
    this.#told += sentences.length;
    this.#at = nowMs;
    return spoken(sentences);
  }

  #end(before, entry) {
    const told = entry.key === this.#key ? this.#told : toldOf(before);
    this.#key = null;
    const text = spoken(entry.text.slice(told));
    const note = noteOf(entry)?.text;
    return note ? t("conversation.ended", { text, note }) : t("conversation.complete", { text });
  }
}

// What is read from the server's items was said another time.
const isHeardWhole = (entry) => entry.role === "assistant" && Boolean(entry.heard) && !isRunning(entry);

// What was there when the page came is to be read; a few words are the beginning of what is heard.
const toldOf = ({ text }) => (text.length > A_FEW_WORDS ? text.length : 0);

function wholeSentences(text) {
  const last = [...text.matchAll(SENTENCE_END)].at(-1);
  return last ? text.slice(0, last.index + last[0].length) : "";
}

/** @returns {string} Markdown as one would read it aloud, and no more than can be listened to */
export function spoken(markdown) {
  const plain = markdown
    .replace(/^\s*(```|~~~).*$/gm, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*\|?[\s:|-]+\|?\s*$/gm, "")
    .replace(/^\s*\||\|\s*$/gm, "")
    .replace(/^\s*(?:#{1,6}|>|[-*+](?: \[[ xX]\])?)\s/gm, "")
    .replace(/[*`~]+|(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, "")
    .replace(/\s*\|\s*/g, ", ")
    .replace(/\s+/g, " ")
    .trim();
  return plain.length <= MOST_CHARS ? plain : `${plain.slice(0, MOST_CHARS).replace(/\s\S*$/, "")} …`;
}
