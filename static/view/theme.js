// Rule: light, dark, or as the system has it. The choice belongs to this browser, as screens differ; theme.js takes it up
// before the first paint.

import { erase, read, write } from "../model/storage.js";

const KEY = "verbatim.theme"; // as in theme.js
const SYSTEM = "system";

export const THEMES = [SYSTEM, "light", "dark"];

export const chosenTheme = () => (THEMES.includes(read(KEY)) ? read(KEY) : SYSTEM);

export function chooseTheme(theme) {
  if (theme === SYSTEM) erase(KEY);
  else write(KEY, theme);
  showTheme();
}

/** The page, and what the browser draws around it. */
export function showTheme(theme = chosenTheme()) {
  if (theme === SYSTEM) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    meta.dataset.scheme ??= /dark/.test(meta.media) ? "dark" : "light";
    meta.media = mediaOf(meta.dataset.scheme, theme);
  }
}

/** A theme that is chosen in one tab is that of all. */
export function followTheme() {
  addEventListener("storage", ({ key }) => (key === KEY || key === null) && showTheme());
}

function mediaOf(scheme, theme) {
  if (theme === SYSTEM) return `(prefers-color-scheme: ${scheme})`;
  return scheme === theme ? "all" : "not all";
}
