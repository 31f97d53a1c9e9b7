// Rule: a dialog with the fields of what is chosen for answers, and the line that says whether that is kept. A choice is
// kept as it is made; nothing has to be saved.

import { AnswerForm } from "./answer_form.js";
import { letClose } from "./closing.js";
import { byId } from "./dom.js";
import { KeptLine } from "./kept_line.js";

export class AnswersDialog {
  /**
   * @param {string} name the dialog's, with which the names of its parts begin
   * @param {{onChange: (change: object) => Promise<void>}} options
   */
  constructor(name, { onChange }) {
    this.dialog = byId(name);
    this.line = new KeptLine(byId(`${name}-state`), byId(`${name}-problem`));
    this.form = new AnswerForm(byId(`${name}-answers`), {
      onChange: (change) => this.line.attempt(() => onChange(change)),
      onProblem: (message) => this.line.refuse(message),
    });
    letClose(this.dialog, byId(`close-${name}`));
  }

  get isOpen() {
    return this.dialog.open;
  }

  open() {
    this.line.clear();
    this.form.begin();
    this.dialog.showModal();
  }
}
