// Rule: Markdown to HTML, as a string. HTML in the text is not HTML but text and is shown as it was written: a
// word between angle brackets is a word too. What comes out still passes the sanitizer before it is shown.

import { Lexer, Marked, Parser } from "marked";
import { isInlineImage, isKeptImage } from "./images.js";
import { readMaths, readMathsBlock, seekMaths, seekMathsBlock } from "./maths.js";

const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;

const nothing = () => undefined;

const marked = new Marked({
  gfm: true,
  breaks: false,
  // Without these tokenizers an angle bracket is plain text, and the renderer escapes it.
  tokenizer: { html: nothing, tag: nothing },
  renderer: {
    image({ href, text, title }) {
      const [address, name] = [escapeHtml(href), escapeHtml(text)];
      if (isInlineImage(href) || isKeptImage(href)) return `<img src="${address}" alt="${name}">`;
      return `<a href="${address}" title="${escapeHtml(title ?? "")}">${name || address}</a>`;
    },
  },
  // The source waits in a code element until it is drawn; what cannot be drawn stays there.
  extensions: [
    {
      name: "mathsBlock",
      level: "block",
      start: seekMathsBlock,
      tokenizer: (text) => tokenOf("mathsBlock", readMathsBlock(text)),
      renderer: (token) => `<p>${codeOf(token)}</p>\n`,
    },
    {
      name: "maths",
      level: "inline",
      start: seekMaths,
      tokenizer: (text, tokens) => (isBehindWord(text, tokens) ? undefined : tokenOf("maths", readMaths(text))),
      renderer: (token) => codeOf(token),
    },
  ],
});

const tokenOf = (type, maths) => (maths ? { type, ...maths } : undefined);
const isBehindWord = (text, tokens) => text[0] === "$" && /[\p{L}\p{N}]$/u.test(tokens.at(-1)?.raw ?? "");
const codeOf = ({ raw, isDisplay }) =>
  `<code class="maths${isDisplay ? " display" : ""}">${escapeHtml(raw.trim())}</code>`;

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/**
 * @param {Record<string, object>} definitions what the names of links stand for in other blocks
 * @returns {string} HTML that is not yet sanitized
 */
export function parseMarkdown(text, definitions = {}) {
  const lexer = new Lexer(marked.defaults);
  Object.assign(lexer.tokens.links, definitions);
  return Parser.parse(lexer.lex(text), marked.defaults);
}

/** What the names of links stand for, by the lines `[name]: address` of a text; null where it has none. */
export function definitionsIn(text) {
  if (!DEFINITION.test(text)) return null;
  const { links } = new Lexer(marked.defaults).lex(text);
  return Object.keys(links).length > 0 ? links : null;
}
