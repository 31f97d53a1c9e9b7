// Rule: hears every act on a message in one place. Whether an act is possible is looked up when somebody comes near its
// button, and again when it is pressed: nothing is kept true for thousands of messages that nobody looks at.

import { t } from "../text.js";
import { copyText } from "./clipboard.js";
import { nameOf } from "./foot.js";

const SAID_FOR_MS = 1_500;

export class ActBar {
  #near = null; // the article that is pointed at or has the focus
  #hindered = new Set(); // articles that show an act as impossible
  #selected = ""; // what was selected in a message when its button went down

  /**
   * @param {{element: HTMLElement, shownBy: (article: Element) => {view: object, entry: object} | undefined,
   *   reasonFor: (act: string, entry: object) => string | null, onAct: (act: string, entry: object, text: string) => void,
   *   onHindered: (reason: string) => void}} options
   */
  constructor({ element, shownBy, reasonFor, onAct, onHindered }) {
    Object.assign(this, { shownBy, reasonFor, onAct, onHindered });
    for (const name of ["pointerover", "focusin"])
      element.addEventListener(name, (event) => this.#approach(event.target));
    element.addEventListener("pointerdown", (event) => this.#note(event.target), true);
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (button) this.#press(button);
    });
  }

  /** Something has changed that may make acts possible or impossible. */
  refresh() {
    const articles = new Set([...this.#hindered, ...(this.#near ? [this.#near] : [])]);
    this.#hindered.clear();
    for (const article of articles) this.#look(article);
  }

  #look(article) {
    const shown = this.shownBy(article);
    if (!shown?.view.foot) return;
    const isHindered = shown.view.foot.refresh((act) => this.reasonFor(act, shown.entry));
    if (isHindered) this.#hindered.add(article);
  }

  #approach(target) {
    const article = target.closest?.("article");
    if (!article || article === this.#near) return;
    this.#near = article;
    this.#look(article);
  }

  // A button that is pressed may end the selection.
  #note(target) {
    const selection = getSelection();
    const article = target.closest?.("article");
    const isWithin =
      article && selection.rangeCount > 0 && article.contains(selection.getRangeAt(0).commonAncestorContainer);
    this.#selected = isWithin ? selection.toString().trim() : "";
  }

  #key(event) {
    const versions = event.target.closest(".versions");
    if (!versions || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    const isBack = (event.key === "ArrowLeft") !== (getComputedStyle(versions).direction === "rtl");
    this.#press(versions.querySelector(`[data-act=${isBack ? "previous" : "next"}]`));
  }

  #press(button) {
    const shown = this.shownBy(button.closest("article"));
    if (!shown) return;
    const { act } = button.dataset;
    const reason = this.reasonFor(act, shown.entry);
    this.refresh();
    if (reason) return this.onHindered(reason);
    if (act === "copy") return this.#copy(button, shown.entry.text);
    this.onAct(act, shown.entry, this.#selected || shown.entry.text);
  }

  async #copy(button, text) {
    const isCopied = await copyText(text);
    const said = isCopied ? t("code.copied") : t("code.notCopied");
    Object.assign(button.dataset, { said });
    Object.assign(button, { ariaLabel: said, title: said });
    setTimeout(() => {
      delete button.dataset.said;
      Object.assign(button, { ariaLabel: nameOf("copy"), title: nameOf("copy") });
    }, SAID_FOR_MS);
  }
}
