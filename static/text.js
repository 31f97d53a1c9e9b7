// Rule: every word that a reader sees comes from here, in one language: the one that was chosen, or else the first of the
// browser's that is spoken here. English is part of the page; another language is fetched only where it is wanted.

import english from "./language/en.js";
import { read, write } from "./model/storage.js";

const KEY = "verbatim.language";
const LOADERS = { en: async () => english, de: async () => (await import("./language/de.js")).default };

/** The languages that are spoken here, as codes. */
export const languages = Object.keys(LOADERS);

const primary = (tag) => tag.toLowerCase().split("-")[0];

/** @returns {string} the code of the language to speak */
export function languageFor(chosen, preferred) {
  return [chosen ?? "", ...preferred].map(primary).find((code) => languages.includes(code)) ?? "en";
}

/** @returns {string} how numbers and dates are written: as in the browser's country, where that speaks the language */
export function localeFor(code, preferred) {
  return preferred.find((tag) => primary(tag) === code) ?? code;
}

/** Words in one language: `t` gives a text, `parts` its pieces. */
export function speaker(words, locale) {
  const plurals = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const shown = (value) => (typeof value === "number" ? numbers.format(value) : value);
  const formOf = (key, { count }) => {
    const word = words[key];
    return typeof word === "string" ? word : (word[plurals.select(count)] ?? word.other);
  };
  const parts = (key, values = {}) =>
    formOf(key, values)
      .split(/\{(\w+)\}/)
      .map((piece, at) => (at % 2 === 0 ? piece : shown(values[piece])))
      .filter((piece) => piece !== "");
  return { parts, t: (key, values) => parts(key, values).join("") };
}

const preferred = globalThis.navigator?.languages ?? [];
const wanted = languageFor(read(KEY), preferred);
const loaded = await LOADERS[wanted]().catch(() => null);

/** The language that is spoken; English, too, where the words of another did not come. */
export const language = loaded ? wanted : "en";

/** How numbers and dates are written. */
export const locale = localeFor(language, preferred);

/**
 * `t(key, values)`: the text, with each `{name}` replaced by its value. Where the text depends on a number, that is the
 * value `count`. `parts(key, values)`: the same as a list, for values that are elements.
 */
export const { t, parts } = speaker(loaded ?? english, locale);

/** @returns {string | null} the language that was chosen here; null leaves it to the browser */
export const chosenLanguage = () => read(KEY) || null;

/** Chooses a language for good, or (null) leaves it to the browser. It is spoken from the next load of the page on. */
export function setLanguage(code) {
  write(KEY, code ?? "");
  tellServer(code ?? "");
}

// With the document the server announces the words that will be wanted, so that they come at once.
function tellServer(code) {
  const age = code ? 365 * 24 * 3600 : 0;
  // biome-ignore lint/suspicious/noDocumentCookie: the CookieStore is not in every browser that this page is for
  if (globalThis.document) document.cookie = `verbatim_language=${code}; path=/; max-age=${age}; SameSite=Lax`;
}
