// Rule: what was found is shown in plain words, without the marks of Markdown, even where it is cut in their midst. Not a
// letter is lost of what was looked for, and it is marked as it came: where that stands in an address, the address stays.

// Stands for a letter of code, in which nothing is a mark.
const OF_CODE = "\u0000";
const FENCE = /^[ \t>]*(?:`{3,}|~{3,})[ \t]*([^\s`]*)[^\n`]*$/gm;
const SPAN = /(?<!\\)(`+)(?!`)(.*?[^`\n])\1(?!`)/g;
// Between the head of a table and its rows.
const DELIMITER = /^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*(?::?-+:?[ \t]*)?$/;
const WORD = /[\p{L}\p{N}]/u;

// What is named goes; where the text is cut, a part of a pair is enough.
const ADDRESS = String.raw`\]\((?:[^()\s]|\([^()\s]*\))*(?:[ \t]+(?:"[^"\n]*"|'[^'\n]*'))?\)`;
const EMPHASIS = /(?<![\w*\\])(?<a>\*{1,3}|~~)(?=\S).+?(?<=\S)(?<b>\1)(?![\w*])/dg;
const MARKS = [
  new RegExp(String.raw`(?<!\\)(?<a>!?\[)[^\]\n]*(?<b>${ADDRESS})`, "dg"),
  new RegExp(String.raw`^…[^[\]\n]*(?<a>${ADDRESS})`, "dg"),
  /(?<!\\)(?<a>!?\[)[^\]\n]*(?<b>\]\([^)\n]*)(?=…$)/dg,
  /(?<a><)(?:https?:\/\/|mailto:)[^\s<>]+(?<b>>)/dg,
  /^(?<a>[ \t]*(?:(?:#{1,6}|[-*+]|>+)[ \t]+)+(?:\[[ x]\][ \t]+)?)/dgim,
  /^(?<a>[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*)$/dgm,
  EMPHASIS,
  EMPHASIS, // within another
  /(?<=^…[^*~]*[^\s*~])(?<a>\*{2,3}|~~)(?![\w*])/dg,
  /(?<![\w*\\])(?<a>\*{2,3}|~~)(?=[^\s*~][^*~]*…$)/dg,
  /(?<=^…[^`]*)(?<a>`+)/dg,
  /(?<a>`+)(?=[^`]*…$)/dg,
];
// Of an item of a list behind another.
const BULLET = /(?<=^[ \t>]*[-*+][ \t].*\n\s*)^[ \t>]*(?<a>[-*+](?:[ \t]+\[[ x]\])?)(?=[ \t])/dgim;
// In what people write an underscore is more often a part of a name.
const UNDERSCORES = /(?<![\w\\])(?<a>_{1,3})(?=[^\s_]).+?(?<=[^\s_])(?<b>\1)(?!\w)/dg;
const ESCAPES = /(?<a>\\)(?=[*_`~#|])/dg;

/**
 * @param {{text: string, match: boolean}[]} pieces which are the text together
 * @param {string} role who said it; what the user wrote is no Markdown, though it often has its marks
 * @returns {{text: string, match: boolean}[]}
 */
export function plainSnippet(pieces, role) {
  const letters = pieces.flatMap(({ text, match }) =>
    Array.from({ length: text.length }, (_, at) => ({ letter: text[at], match, isCode: false })),
  );
  const rules = role === "user" ? [...MARKS, ESCAPES] : [...MARKS, UNDERSCORES, ESCAPES];
  const without = rules.reduce(unmarked, dotted(withoutBars(withoutSpans(withoutFences(letters)))));
  return piecesOf(without);
}

function piecesOf(letters) {
  const pieces = [];
  for (const { letter, match } of letters) {
    if (pieces.at(-1)?.match === match) pieces.at(-1).text += letter;
    else pieces.push({ text: letter, match });
  }
  return pieces;
}

const textOf = (letters) =>
  letters.map(({ letter, isCode }) => (isCode && letter !== "\n" ? OF_CODE : letter)).join("");

function unmarked(letters, mark) {
  const found = [...textOf(letters).matchAll(mark)];
  return edited(
    letters,
    found.map(({ indices }) => Object.values(indices.groups).filter(Boolean)),
  );
}

// A dot stands between the items of a list.
function dotted(letters) {
  const found = [...textOf(letters).matchAll(BULLET)];
  return edited(
    letters,
    found.map(({ indices }) => [[...indices.groups.a, "·"]]),
  );
}

/** @param {[number, number, string?][][]} edits from, to, and what stands there instead; all of a group, or none */
function edited(letters, edits) {
  const isWanted = (group) => !group.some(([from, to]) => letters.slice(from, to).some(isFound));
  const instead = new Map();
  for (const [from, to, sign = ""] of edits.filter(isWanted).flat()) {
    for (let at = from; at < to; at += 1) instead.set(at, at === from ? sign : "");
  }
  return letters.flatMap((one, at) => {
    const letter = instead.get(at) ?? one.letter;
    return letter === "" ? [] : [{ ...one, letter }];
  });
}

const isFound = ({ letter, match }) => match && WORD.test(letter);

function markCode(letters, from, to) {
  for (const one of letters.slice(from, to)) one.isCode = true;
}

// One alone that names no language ends what is cut before it.
function withoutFences(letters) {
  const fences = [...textOf(letters).matchAll(FENCE)].map((found) => [
    found.index,
    found.index + found[0].length,
    found[1],
  ]);
  const isCut = fences.length % 2 === 1 && fences[0][2] === "";
  const ends = isCut ? [[0, 0], ...fences] : fences;
  for (let at = 0; at < ends.length; at += 2) markCode(letters, ends[at][1], ends[at + 1]?.[0]);
  return edited(
    letters,
    fences.map(([from, to]) => [[from, to]]),
  );
}

function withoutSpans(letters) {
  const spans = [...textOf(letters).matchAll(SPAN)].map(({ index, 0: { length: whole }, 1: { length: ticks } }) => [
    [index, index + ticks],
    [index + whole - ticks, index + whole],
  ]);
  for (const [[, from], [to]] of spans) markCode(letters, from, to);
  return edited(letters, spans);
}

// A dot stands between the cells of a table.
function withoutBars(letters) {
  const lines = [...textOf(letters).matchAll(/^.*$/gm)].map(({ index, 0: line }) => ({ index, line }));
  const isRule = (at) => DELIMITER.test(lines[at]?.line ?? "");
  const isRow = (at) => {
    const { line } = lines[at] ?? { line: "" };
    if (!line.includes("|")) return false;
    return /^\s*\||^….*\|\s*$/.test(line) || isRule(at - 1) || isRule(at + 1);
  };
  const edits = lines.flatMap((one, at) => {
    if (isRule(at)) return [[[one.index, one.index + one.line.length]]];
    if (!isRow(at)) return [];
    const hasNext = isRow(at + 1) && (!isRule(at + 1) || isRow(at + 2));
    return barsOf(one.line).map(({ index, isOuter, isLast }) => {
      const place = one.index + index;
      return [[place, place + 1, isOuter && !(isLast && hasNext) ? "" : "·"]];
    });
  });
  return edited(letters, edits);
}

function barsOf(line) {
  return [...line.matchAll(/(?<!\\)\|/g)].map(({ index }) => {
    const isLast = line.slice(index + 1).trim() === "";
    return { index, isLast, isOuter: isLast || line.slice(0, index).trim() === "" };
  });
}
