// Rule: what to show of Markdown that is still being written, so that nothing is seen that is gone a moment later: a
// line of nothing but marks waits for its first word, a word that is to be bold is bold before its last asterisk comes,
// and a link's address and unfinished maths are not shown. It changes the last paragraph only.

import { isMoney } from "./maths.js";

const ONLY_MARKS = /^[\s\d.)\-*+_=~`|>#:!$[\\]*$/;
// A line that begins a part of its own: an item, a heading, a quote, a row.
const PART = /^[\s>]*(?:[-*+]\s|\d{1,9}[.)]\s|#{1,6}\s|\|)/;
const FENCE = /^[\s>]*(?:[-*+]\s+|\d{1,9}[.)]\s+)*(?:`{3,}|~{3,})/;
// What a link or an image has before it is whole.
const LINK = /!?\[((?:[^[\]\\]|\\.)*)\]\([^()\s]*(?:\s+["'(][^"')]*["']?)?$/;
const IMAGE = /!(?:\[[^\]]*)?$/;
// Longer maths, or a longer sum, is shown as it is written.
const LONGEST_WAIT = 2_000;
const LONGEST_DOLLAR_WAIT = 200;

/** @returns {string} Markdown */
export function showable(markdown) {
  const lines = markdown.split("\n");
  if (lines.filter((line) => FENCE.test(line)).length % 2 === 1) return withoutClosingMarks(lines).join("\n");
  if (ONLY_MARKS.test(lines.at(-1))) lines[lines.length - 1] = "";
  if (isHeadOfTable(lines)) return "";
  const first = beginOfPart(lines);
  const part = lines.slice(first).join("\n");
  return [...lines.slice(0, first), closed(withoutHalves(part))].join("\n");
}

// In code the only thing that may vanish again is the fence that closes it.
function withoutClosingMarks(lines) {
  return /^[\s>]*[`~]+$/.test(lines.at(-1)) ? [...lines.slice(0, -1), ""] : lines;
}

// Its bars are text until the line beneath it says that they are none.
function isHeadOfTable(lines) {
  const [head, ...rest] = lines.filter((line) => line.trim() !== "");
  return head?.startsWith("|") === true && rest.length === 0;
}

function beginOfPart(lines) {
  for (let at = lines.length - 1; at > 0; at -= 1) {
    if (PART.test(lines[at]) || lines[at - 1].trim() === "") return at;
  }
  return 0;
}

function withoutHalves(part) {
  const text = withoutMaths(part);
  const link = LINK.exec(text);
  if (link && !isInCode(text, link.index)) return text.slice(0, link.index) + (link[0][0] === "!" ? "" : link[1]);
  return isInCode(text, text.length) ? text : text.replace(IMAGE, "");
}

const isInCode = (text, at) => (text.slice(0, at).match(/`/g) ?? []).length % 2 === 1;

const CLOSERS = { "\\(": "\\)", "\\[": "\\]", $$: "$$", $: "$" };

function withoutMaths(part) {
  const opening = /`+|\\[([]|\\.|\$\$|(?<![\p{L}\p{N}])\$(?!\s)/gsu;
  for (let match = opening.exec(part); match; match = opening.exec(part)) {
    const [mark] = match;
    const closer = mark[0] === "`" ? mark : CLOSERS[mark];
    if (!closer) continue;
    const end = part.indexOf(closer, opening.lastIndex);
    const rest = part.slice(opening.lastIndex);
    if (end >= 0) opening.lastIndex = end + closer.length;
    else if (mark[0] === "`") return part;
    else if (mayBeMaths(mark, rest)) return part.slice(0, match.index);
  }
  // A dollar or a backslash at the very end has not said yet what it is.
  return part.replace(/(?<![\\\p{L}\p{N}])(?:\$|\\)$/u, "");
}

function mayBeMaths(mark, rest) {
  if (mark !== "$") return rest.length < LONGEST_WAIT;
  return rest.length < LONGEST_DOLLAR_WAIT && !isMoney(rest) && !/^\d[\d.,]*[\s\p{P}]*$/u.test(rest);
}

/** Closes what is emphasised, struck or code, and not closed yet. */
function closed(text) {
  const body = text.replace(/[*_~]+$/, "");
  const space = body.slice(body.trimEnd().length);
  let words = body.slice(0, body.length - space.length);
  const open = openMarks(words);
  // A mark with nothing behind it has nothing to emphasise.
  while (open.length > 0 && words.endsWith(open.at(-1))) words = words.slice(0, -open.pop().length).trimEnd();
  return words + open.reverse().join("") + (open.length > 0 ? "" : space);
}

// One asterisk between letters is a product, more of them are emphasis in languages without spaces.
const isWithinWord = (mark) => mark[0] === "_" || mark === "*";

function openMarks(text) {
  const open = [];
  const mark = /\\.|(`+)|(\*{1,3}|_{1,3}|~~)/gs;
  for (let match = mark.exec(text); match; match = mark.exec(text)) {
    const [found, code, emphasis] = match;
    const before = text[match.index - 1] ?? " ";
    const after = text[match.index + found.length] ?? " ";
    if (code) {
      const end = text.indexOf(code, mark.lastIndex);
      if (end < 0) return [...open, code];
      mark.lastIndex = end + code.length;
    } else if (emphasis && open.at(-1) === emphasis && !/\s/.test(before)) open.pop();
    else if (emphasis && !/\s/.test(after) && !(isWithinWord(emphasis) && /[\p{L}\p{N}]/u.test(before)))
      open.push(emphasis);
  }
  return open;
}
