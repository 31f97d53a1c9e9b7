// Rule: what a reader can do with a message, and, where they cannot at this moment, why not.

import { isRunning } from "./response.js";

/** An answer that was cut short, and is the last of all, can be gone on with. */
export const isUnfinished = (entry) => entry.role === "assistant" && CUT_SHORT.has(entry.status);

// Its events say more exactly what its item calls incomplete.
const CUT_SHORT = new Set(["incomplete", "cancelled", "failed"]);

/** The user's message that an answer answers; null where it is not among the entries. */
export function questionOf(entries, answer) {
  const at = entries.indexOf(answer);
  const before = entries.slice(0, Math.max(at, 0));
  const question = before.findLast((entry) => entry.role === "user" || entry.role === "gap");
  return question?.role === "user" && question.itemId ? question : null;
}

/** @returns {string | null} the message that stands `step` further on at the place of this one */
export function alternativeTo(entry, step) {
  const { alternatives = [] } = entry;
  const at = alternatives.indexOf(entry.itemId);
  return at < 0 ? null : (alternatives[at + step] ?? null);
}

/**
 * @param {string} act
 * @param {object} entry the message as it is shown
 * @param {{entries: object[], isAsking?: boolean, isConnected: boolean,
 *   cannotContinue: (model: string | null) => boolean}} state isAsking: whether an answer is asked for that has not begun
 * @returns {string | null} the key of the reason why that is not possible now
 */
export function hindrance(act, entry, { entries, isAsking = false, isConnected, cannotContinue }) {
  if (!CHANGES.has(act)) return null;
  if (isAsking || entries.some(isRunning) || entries.some((other) => other.pending && !other.error))
    return "turn.notNow";
  if (act === "edit") return entry.after === undefined ? "turn.notLoaded" : null;
  if (!isConnected) return "turn.away";
  if (act === "regenerate" && !questionOf(entries, entry)) return "turn.notLoaded";
  if (act === "continue" && cannotContinue(entry.model)) return "turn.cannotContinue";
  if (act === "previous" && !alternativeTo(entry, -1)) return "turn.first";
  if (act === "next" && !alternativeTo(entry, 1)) return "turn.last";
  return null;
}

const CHANGES = new Set(["edit", "regenerate", "continue", "previous", "next"]);
