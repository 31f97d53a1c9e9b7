// Rule: a dialog is closed by its button, by Escape, and by a press beside it. A press that begins or ends within it
// closes nothing: who selects words to the end of a field often lets go beside the dialog.

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLButtonElement} button
 */
export function letClose(dialog, button) {
  let hasBegunBeside = false;
  button.addEventListener("click", () => dialog.close());
  dialog.addEventListener("pointerdown", (event) => {
    hasBegunBeside = isBeside(dialog, event);
  });
  dialog.addEventListener("click", (event) => {
    if (hasBegunBeside && isBeside(dialog, event)) dialog.close();
  });
}

// To the browser what lies around a dialog is the dialog too, and so is the edge within it.
function isBeside(dialog, { target, clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return target === dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
}
