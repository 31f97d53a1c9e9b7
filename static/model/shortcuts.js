// Rule: the one table of shortcuts, from which they are obeyed and listed. None is a key that browsers or screen readers
// take for themselves; one that writes or edits acts only where no text is being written.

/** `Mod` is Ctrl, on a Mac Cmd. `native` ones are obeyed elsewhere, where what they concern is. */
export const SHORTCUTS = [
  { act: "new", keys: ["Alt+Shift+N"] },
  { act: "search", keys: ["Mod+K", "/"] },
  { act: "previous", keys: ["Alt+ArrowUp"] },
  { act: "next", keys: ["Alt+ArrowDown"] },
  { act: "list", keys: ["Alt+Shift+L"] },
  { act: "write", keys: ["Alt+Shift+M"] },
  { act: "send", keys: ["Enter"], native: true },
  { act: "line", keys: ["Shift+Enter"], native: true },
  { act: "edit", keys: ["ArrowUp"], native: true },
  { act: "stop", keys: ["Mod+."] },
  { act: "copy", keys: ["Alt+Shift+C"] },
  { act: "undo", keys: ["Mod+Z"] },
  { act: "settings", keys: ["Alt+Shift+S"] },
  { act: "help", keys: ["?"] },
  { act: "close", keys: ["Escape"], native: true },
];

// What these do to a text that is being written.
const EDITING = new Set(["Mod+Z", "Alt+ArrowUp", "Alt+ArrowDown"]);
const WRITING = new Set(["/", "?"]);

/**
 * @param {KeyboardEvent} event
 * @param {{isMac: boolean, field: "none" | "empty" | "filled"}} where the field that has the focus, if any
 * @returns {string | null} what is to be done
 */
export function actOf(event, { isMac, field }) {
  const isPressed = (keys) => matches(event, keys, isMac) && isFree(keys, field);
  return SHORTCUTS.find(({ keys, native }) => !native && keys.some(isPressed))?.act ?? null;
}

function isFree(keys, field) {
  if (WRITING.has(keys)) return field === "none";
  return !EDITING.has(keys) || field !== "filled";
}

function matches(event, keys, isMac) {
  const parts = keys.split("+");
  const key = parts.pop();
  const has = (modifier) => parts.includes(modifier);
  if (event.ctrlKey !== (has("Mod") && !isMac) || event.metaKey !== (has("Mod") && isMac)) return false;
  if (event.altKey !== has("Alt")) return false;
  // On many keyboards a sign is typed with Shift.
  if (event.shiftKey !== has("Shift") && !/^\W$/.test(key)) return false;
  return nameOf(event) === key;
}

// With Option a Mac's keys write other letters: then their place on the keyboard says which one is meant.
function nameOf({ key = "", code = "" }) {
  if (/^[a-z]$/i.test(key)) return key.toUpperCase();
  return /^Key[A-Z]$/.test(code) ? code.slice(3) : key;
}

const MAC = { Mod: "⌘", Alt: "⌥", Shift: "⇧" };
const SIGNS = { ArrowUp: "↑", ArrowDown: "↓" };

/**
 * @param {{Mod: string, Shift: string, Enter: string, Escape: string}} words what these are called, elsewhere than on a Mac
 * @returns {string[]} what stands on the keys
 */
export function labelsOf(keys, isMac, words) {
  const named = isMac ? { ...words, ...MAC } : words;
  return keys.split("+").map((key) => named[key] ?? SIGNS[key] ?? key);
}

/** For `aria-keyshortcuts`. */
export function ariaOf({ keys }, isMac) {
  return keys.map((one) => one.replace("Mod", isMac ? "Meta" : "Control")).join(" ");
}
