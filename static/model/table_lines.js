// Rule: tells the lines of a table apart, for tables whose lines begin and end with a bar. Others are not cut.

const DELIMITER = /^\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$/;

/** Whether this is the line between the head and the rows. */
export const isDelimiter = (line) => DELIMITER.test(line);

/** How many columns a line has; 0 where it does not begin and end with a bar. */
export function columnsOf(line) {
  const inner = /^\|(.*[^\\])\|[ \t]*\n?$/.exec(line)?.[1];
  return inner === undefined ? 0 : inner.split(/(?<!\\)\|/).length;
}
