// Rule: obeys the table of shortcuts and lists it. What has a button is done by pressing it, so that a shortcut does what
// the button does, and nothing where the button is not there. While a dialog is open the keys are its own.

import { actOf, ariaOf, labelsOf, SHORTCUTS } from "../model/shortcuts.js";
import { t } from "../text.js";
import { letClose } from "./closing.js";
import { byId, h } from "./dom.js";

const NAMES = {
  new: t("shortcuts.new"),
  search: t("shortcuts.search"),
  previous: t("shortcuts.previous"),
  next: t("shortcuts.next"),
  list: t("shortcuts.list"),
  write: t("shortcuts.write"),
  send: t("shortcuts.send"),
  line: t("shortcuts.line"),
  edit: t("shortcuts.edit"),
  stop: t("shortcuts.stop"),
  copy: t("shortcuts.copy"),
  undo: t("shortcuts.undo"),
  settings: t("shortcuts.settings"),
  help: t("shortcuts.help"),
  close: t("shortcuts.close"),
};
const BUTTONS = {
  new: "#new-chat",
  search: "#open-search",
  stop: "#stop",
  copy: '#transcript .assistant [data-act="copy"]',
  undo: "#undo",
  settings: "#open-settings",
  help: "#open-shortcuts",
};
const WORDS = {
  Mod: t("keys.control"),
  Shift: t("keys.shift"),
  Enter: t("keys.enter"),
  Escape: t("keys.escape"),
};

export const isMac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);

export class Shortcuts {
  #dialog = byId("shortcuts");

  /** @param {{onWrite: () => void, onList: () => void}} options what has no button of its own */
  constructor({ onWrite, onList }) {
    this.does = { write: onWrite, list: onList, previous: () => step(-1), next: () => step(1) };
    byId("open-shortcuts").addEventListener("click", () => this.#open());
    letClose(this.#dialog, byId("close-shortcuts"));
    document.addEventListener("keydown", (event) => this.#key(event));
    for (const shortcut of SHORTCUTS) label(shortcut);
  }

  #key(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const act = actOf(event, { isMac, field: fieldOf(event.target) });
    const doIt = act && (this.does[act] ?? pressOf(act));
    if (!doIt) return;
    event.preventDefault();
    doIt();
  }

  #open() {
    const rows = SHORTCUTS.filter(isThere).map(({ act, keys }) => [
      h("dt", {}, ...shown(keys)),
      h("dd", {}, NAMES[act]),
    ]);
    byId("shortcut-list").replaceChildren(...rows.map((row) => h("div", {}, ...row)));
    this.#dialog.showModal();
  }
}

// A page that has no such button has no such shortcut; what is only hidden at the moment comes again.
const isThere = ({ act }) =>
  !BUTTONS[act]?.startsWith("#open-") || document.querySelector(`${BUTTONS[act]}:not([hidden])`);

function shown(keys) {
  return keys.flatMap((one, at) => {
    const combination = labelsOf(one, isMac, WORDS).map((name) => h("kbd", {}, name));
    return at === 0 ? combination : [` ${t("shortcuts.or")} `, ...combination];
  });
}

function label(shortcut) {
  const button = BUTTONS[shortcut.act]?.startsWith("#") && document.querySelector(BUTTONS[shortcut.act]);
  if (!button) return;
  button.setAttribute("aria-keyshortcuts", ariaOf(shortcut, isMac));
  // The document names the keys as they are elsewhere.
  if (isMac)
    button.title = button.title.replace(/\([^)]*\)$/, `(${labelsOf(shortcut.keys[0], isMac, WORDS).join("")})`);
}

function pressOf(act) {
  const button = [...document.querySelectorAll(BUTTONS[act])].at(-1);
  const isReady = button && !button.disabled && !button.closest("[hidden]");
  return isReady ? () => button.click() : null;
}

function step(by) {
  const links = [...document.querySelectorAll('#sessions a[href^="/chat/"]')];
  const at = links.findIndex((link) => link.getAttribute("aria-current") === "page");
  const next = at < 0 ? links.at(by > 0 ? 0 : -1) : links[at + by];
  next?.click();
  next?.scrollIntoView({ block: "nearest" });
}

function fieldOf(target) {
  if (!target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")) return "none";
  return target.value === "" ? "empty" : "filled";
}
