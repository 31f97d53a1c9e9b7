// Rule: colours code, for the languages that chats are full of. Code in any other language stays as it is:
// guessing is slow and often wrong.

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = { bash, css, diff, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
// Beyond this, colouring would be felt as a pause.
const LONGEST_CODE = 100_000;

for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** @returns {string | null} HTML of the coloured code; null where there is nothing to colour */
export function highlight(code, language) {
  if (code.length > LONGEST_CODE || !hljs.getLanguage(language)) return null;
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}

/** How a language is called: by its own name, where it is one of these. */
export function nameOfLanguage(language) {
  const name = hljs.getLanguage(language.toLowerCase())?.name ?? language;
  return name.includes(",") ? language.toUpperCase() : name;
}
