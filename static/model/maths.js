// Rule: which parts of Markdown are maths: $…$, $$…$$, \(…\) and \[…\]. A sum of money is none, and what is not
// closed is none either: it stays the text that it was.

const BLOCK =
  /^ {0,3}(?:\$\$((?:(?!\n[ \t]*\n)[^$\\]|\\[^\n]|\$(?!\$))+?)\$\$|\\\[((?:(?!\n[ \t]*\n)[^\\]|\\[^()[\]])+?)\\\])[ \t]*(?:\n+|$)/;
const DISPLAY = /^(?:\$\$((?:[^$\\]|\\[^\n]|\$(?!\$))+?)\$\$|\\\[((?:[^\\]|\\[^()[\]])+?)\\\])/;
const BRACKETS = /^\\\(((?:[^\\]|\\[^()[\]])+?)\\\)/;
// As Pandoc has it: no space inside the dollars, no digit behind the second one.
const DOLLARS = /^\$(?![\s$])((?:[^$\\]|\\[^\n])*?(?:[^\s$\\]|\\[^\n]))\$(?![\p{L}\p{N}$])/u;
const BLOCK_BEGINS = /\n {0,3}(?:\$\$|\\\[)/g;
const BEGINS = /\\[([]|(?<![\p{L}\p{N}\\$])\$/u;

const MATHS_SIGN = /[\\^_=<>{}|+*/]/;

/** Whether this is a price and the words behind it, up to the dollar of the next price. */
export const isMoney = (text) =>
  /^\d/.test(text) && /\s\p{L}{2,}|\p{L}{3,}|[,;]\s/u.test(text) && !MATHS_SIGN.test(text);

const isBlank = (text) => text.trim() === "";

/** Reads maths that stands in its own lines, at the beginning of the text. */
export function readMathsBlock(text) {
  const match = BLOCK.exec(text);
  const source = match?.[1] ?? match?.[2];
  return source === undefined || isBlank(source) ? null : { raw: match[0], source, isDisplay: true };
}

/** Reads maths that stands in a line, at the beginning of the text. */
export function readMaths(text) {
  const display = DISPLAY.exec(text);
  const match = display ?? BRACKETS.exec(text) ?? DOLLARS.exec(text);
  if (!match) return null;
  const source = match[1] ?? match[2];
  const isPlainDollar = !display && text[0] === "$";
  if (isBlank(source) || (isPlainDollar && isMoney(source))) return null;
  return { raw: match[0], source, isDisplay: display !== null };
}

/** Where maths may begin in a line; -1 where nowhere. A dollar behind a letter or a digit begins none. */
export const seekMaths = (text) => text.search(BEGINS);

/** Where, at the end of a line, the next lines are maths; -1 where nowhere. */
export function seekMathsBlock(text) {
  for (const { index } of text.matchAll(BLOCK_BEGINS)) if (readMathsBlock(text.slice(index + 1))) return index + 1;
  return -1;
}
