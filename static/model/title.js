// Rule: names for sessions, and where each one lives.

import { t } from "../text.js";

const LONGEST_TITLE = 48;
// More than a title needs, and little enough that a message of a megabyte costs nothing here.
const LOOKED_AT = 2_000;
const HALF_PAIR = /[\ud800-\udbff]$/;
// What browsers call an image that has no name.
const NO_NAME = /^\s*$|^image\.\w+$/i;

/** The first words of a message, as the name of the session that it begins. */
export function titleFrom(text) {
  const beginning = text.trimStart().slice(0, LOOKED_AT).replace(HALF_PAIR, "");
  return shortened(oneLine(withoutMarks(beginning)) || oneLine(beginning));
}

function shortened(line) {
  if (line.length <= LONGEST_TITLE) return line;
  const cut = line.slice(0, LONGEST_TITLE);
  const lastSpace = cut.lastIndexOf(" ");
  // A lone half of a surrogate pair would not be valid on the wire.
  const words = lastSpace > LONGEST_TITLE / 2 ? cut.slice(0, lastSpace) : cut.replace(HALF_PAIR, "");
  return `${words}…`;
}

/**
 * The metadata of a session that is named after its first message, or after what that has instead of words: the server
 * may find a better name.
 * @param {string[]} imageNames of the files that its images come from; "" where that is not known
 */
export const nameFrom = (text, imageNames = []) => ({
  title: titleFrom(text) || imagesTitle(imageNames),
  title_source: "words",
});

function imagesTitle(names) {
  if (names.length === 0) return "";
  const [name] = names;
  const isTelling = names.length === 1 && !NO_NAME.test(name);
  return isTelling ? shortened(oneLine(name.slice(0, LOOKED_AT))) : t("title.images", { count: names.length });
}

/** The metadata of a session to which a person gives a name: it stays. */
export function givenName({ title_source: _, ...metadata }, title) {
  return { ...metadata, title };
}

const oneLine = (text) => text.replace(/\s+/g, " ").trim();

// Underscores stay: in what people ask they are more often part of a name than a mark.
function withoutMarks(text) {
  return text
    .replace(/^\s*(?:```|~~~).*$/gm, "")
    .replace(/^[ \t]*(?:(?:#{1,6}|[-*+]|>+)[ \t]+)+(?:\[[ x]\][ \t]+)?/gim, "")
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, "$1")
    .replace(/(`+)([^`\n]+)\1/g, "$2")
    .replace(/(?<![\w*])(\*{1,3}|~~)(?=\S)(.+?)(?<=\S)\1(?![\w*])/g, "$2");
}

/** What a session is called in the list. */
export const titleOf = (session) => session?.metadata?.title || t("sessions.untitled");

export const pathOf = (sessionId) => (sessionId ? `/chat/${encodeURIComponent(sessionId)}` : "/");

/** @returns {string | null} the session that an address names; null means a new chat, as where it names none */
export function sessionIn(path) {
  const id = /^\/chat\/([^/]+)\/?$/.exec(path)?.[1];
  try {
    return id ? decodeURIComponent(id) : null;
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
