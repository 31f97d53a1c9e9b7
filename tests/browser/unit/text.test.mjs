import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import german from "../../../static/language/de.js";
import english from "../../../static/language/en.js";
import { languageFor, localeFor, setLanguage, speaker } from "../../../static/text.js";
import { FakeStorage } from "./fake_storage.mjs";

const STATIC = join(dirname(fileURLToPath(import.meta.url)), "../../../static");
const CALL = /\b(?:t|parts)\(\s*"([^"]+)"/g;
const MARK = /data-text(?:-\w+)?="([^"]+)"/g;

const read = (path) => readFileSync(join(STATIC, path), "utf8");
const sources = ["", "model", "view"].flatMap((folder) =>
  readdirSync(join(STATIC, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:js|html)$/.test(entry.name))
    .map((entry) => join(folder, entry.name)),
);
const all = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);
const used = new Set(sources.flatMap((path) => all(read(path), path.endsWith(".html") ? MARK : CALL)));
const forms = (word) => (typeof word === "string" ? { other: word } : word);
const placeholders = (text) => new Set(all(text, /\{(\w+)\}/g));
const sorted = (names) => [...names].sort();

test("both languages have the same keys", () => {
  assert.deepEqual(sorted(Object.keys(german)), sorted(Object.keys(english)));
});

test("each text has the same placeholders in both languages, and a form for each plural", () => {
  for (const key of Object.keys(english)) {
    const [ours, theirs] = [forms(english[key]), forms(german[key])];
    assert.deepEqual(sorted(placeholders(theirs.other)), sorted(placeholders(ours.other)), key);
    assert.equal(typeof english[key], typeof german[key], key);
    for (const [locale, word] of Object.entries({ en: english[key], de: german[key] })) {
      if (typeof word === "string") continue;
      assert.deepEqual(
        sorted(Object.keys(word)),
        sorted(new Intl.PluralRules(locale).resolvedOptions().pluralCategories),
      );
      for (const form of Object.values(word)) {
        for (const name of placeholders(form)) assert.ok(placeholders(word.other).has(name), `${key}: ${name}`);
      }
    }
  }
});

test("each key that the page uses exists, and each that exists is used", () => {
  assert.deepEqual(sorted(used), sorted(Object.keys(english)));
});

test("the document says in English what its keys say", () => {
  const page = read("index.html");
  const stands = [...page.matchAll(/<[^>]*\bdata-text="([^"]+)"[^>]*>([^<]*)</g)];
  const attributes = { label: "aria-label", placeholder: "placeholder", title: "title" };
  for (const [tag] of page.matchAll(/<[^>]+>/g)) {
    for (const [, name, key] of tag.matchAll(/\bdata-text-(\w+)="([^"]+)"/g)) {
      const value = new RegExp(`\\s${attributes[name]}=(?:"([^"]*)"|'([^']*)')`).exec(tag);
      stands.push([tag, key, value?.[1] ?? value?.[2]]);
    }
  }
  assert.ok(stands.length > 40);
  for (const [tag, key, text] of stands) assert.equal(text, english[key], tag);
});

test("values take their places, numbers as the locale writes them", () => {
  const words = { a: "{who} and {who}: {size}", b: { one: "{count} hit", other: "{count} hits" } };
  const { t, parts } = speaker(words, "de-DE");
  assert.equal(t("a", { who: "Ada", size: 1234567 }), "Ada and Ada: 1.234.567");
  assert.deepEqual(
    [0, 1, 2].map((count) => t("b", { count })),
    ["0 hits", "1 hit", "2 hits"],
  );
  const element = {};
  assert.deepEqual(parts("a", { who: element, size: "{who}" }), [element, " and ", element, ": ", "{who}"]);
});

test("what was chosen is spoken, else the first of the browser's languages that is known, else English", () => {
  assert.equal(languageFor("en", ["de-DE"]), "en");
  assert.equal(languageFor(null, ["fr-FR", "de-AT", "en"]), "de");
  assert.equal(languageFor("", ["DE"]), "de");
  assert.equal(languageFor("tlh", ["fr"]), "en");
  assert.equal(languageFor("constructor", []), "en");
});

test("numbers and dates are written as in the reader's country", () => {
  assert.equal(localeFor("en", ["de-DE", "en-GB"]), "en-GB");
  assert.equal(localeFor("de", ["en-US"]), "de");
});

test("a choice is kept, and can be left to the browser again", () => {
  const storage = FakeStorage.install();
  setLanguage("de");
  assert.equal(storage.getItem("verbatim.language"), "de");
  setLanguage(null);
  assert.equal(languageFor(storage.getItem("verbatim.language"), ["en"]), "en");
});
