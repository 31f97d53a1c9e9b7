// Rule: Markdown to HTML, as a string. HTML in the text is not HTML but text and is shown as it was written: a
// word between angle brackets is a word too. What comes out still passes the sanitizer before it is shown.

import { Marked } from "marked";

const nothing = () => undefined;

const marked = new Marked({
  gfm: true,
  breaks: false,
  // Without these tokenizers an angle bracket is plain text, and the renderer escapes it.
  tokenizer: { html: nothing, tag: nothing },
  renderer: {
    // A picture from elsewhere would be a request to another host: it becomes a link to it.
    image({ href, text, title }) {
      const isInline = /^data:image\/(?:png|jpeg|gif|webp);base64,/i.test(href);
      if (isInline) return `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`;
      return `<a href="${escapeHtml(href)}" title="${escapeHtml(title ?? "")}">${escapeHtml(text || href)}</a>`;
    },
  },
});

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** @returns {string} HTML that is not yet sanitized */
export const parseMarkdown = (text) => marked.parse(text);
