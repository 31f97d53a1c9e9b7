import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

const script = readFileSync(new URL("../../../static/theme.js", import.meta.url), "utf8");

function themeWith(localStorage) {
  const dataset = {};
  const globals = { document: { documentElement: { dataset } } };
  Object.defineProperty(globals, "localStorage", { get: localStorage });
  runInNewContext(script, globals);
  return dataset.theme;
}

test("a chosen theme is there before the page is painted", () => {
  assert.equal(
    themeWith(() => ({ getItem: (key) => (key === "verbatim.theme" ? "dark" : null) })),
    "dark",
  );
  assert.equal(
    themeWith(() => ({ getItem: () => "light" })),
    "light",
  );
});

test("nothing chosen, anything odd, or no storage: as the system has it", () => {
  assert.equal(
    themeWith(() => ({ getItem: () => null })),
    undefined,
  );
  assert.equal(
    themeWith(() => ({ getItem: () => "purple" })),
    undefined,
  );
  assert.equal(
    themeWith(() => {
      throw new Error("forbidden");
    }),
    undefined,
  );
});
