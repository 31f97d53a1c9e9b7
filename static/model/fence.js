// Rule: reads a block that is code between fences and nothing else, finished or not.

const OPENING = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})[ \t]*([^\s`]*)/;

/**
 * @param {string} markdown one block
 * @returns {{code: string, language: string, isClosed: boolean} | null} null where the block is something else. Of a
 *   first line that is not whole the language is not known yet, and the last line is left out as long as it may close.
 */
export function readFence(markdown) {
  const text = markdown.replace(/^(?:[ \t]*\n)+/, "");
  const end = text.indexOf("\n");
  const match = OPENING.exec(end < 0 ? text : text.slice(0, end));
  if (!match) return null;
  const [, indent, marks, language] = match;
  if (end < 0) return { code: "", language: "", isClosed: false };
  const rest = text.slice(end + 1);
  const closing = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}[ \\t]*$`, "m").exec(rest);
  if (closing && rest.slice(closing.index + closing[0].length).trim() !== "") return null;
  const code = closing ? rest.slice(0, closing.index) : withoutMarks(rest, marks[0]);
  const isIndented = indent !== "" && new RegExp(`^ {1,${indent.length}}`, "gm");
  return { code: isIndented ? code.replace(isIndented, "") : code, language, isClosed: closing !== null };
}

function withoutMarks(code, mark) {
  const at = code.lastIndexOf("\n") + 1;
  const last = code.slice(at).trim();
  return last !== "" && last === mark.repeat(last.length) ? code.slice(0, at) : code;
}
