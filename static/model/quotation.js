// Rule: somebody's words as a Markdown quotation, with room behind it for one's own.

export function quotationOf(text) {
  const lines = text.trim().split(/\r?\n/);
  return `${lines.map((line) => (line === "" ? ">" : `> ${line}`)).join("\n")}\n\n`;
}
