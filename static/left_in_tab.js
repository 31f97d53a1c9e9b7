// Rule: what is half written in a tab is kept with each letter, by the tab itself, for the page that comes after its death:
// the draft of a chat is one for all tabs, and what is written in the place of a message is in no draft yet. A page
// that goes in good order leaves drafts only.

import { eraseInTab, readInTab, writeInTab } from "./model/storage.js";

const KEY = "verbatim.left";

/** @param {{user: string, sessionId: string | null, typed: string, edits: string[]}} left */
export function leaveInTab(left) {
  if (left.typed === "" && left.edits.length === 0) leaveNothing();
  else writeInTab(KEY, JSON.stringify(left));
}

export const leaveNothing = () => eraseInTab(KEY);

/** @returns {{sessionId: string | null, typed: string, edits: string[]} | null} what a page of this user has left, once */
export function takeFromTab(user) {
  const left = parsed(readInTab(KEY));
  leaveNothing();
  return left?.user === user && Array.isArray(left.edits) ? left : null;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not ours
  }
}
