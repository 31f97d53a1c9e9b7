// Rule: one quiet line of facts; its details are there for who points at it. Without facts there is no line.

/**
 * @param {HTMLElement} element
 * @param {{text: string, details: string} | null} facts
 */
export function showFacts(element, facts) {
  element.textContent = facts?.text ?? "";
  element.title = facts?.details ?? "";
  element.hidden = facts === null;
}
