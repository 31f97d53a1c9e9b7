// Rule: what is chosen for all chats and for this page, and what can be done with everything that is kept.

import { groupsOf } from "../model/choices.js";
import { chosenLanguage, language, languages, setLanguage, t } from "../text.js";
import { AnswersDialog } from "./answers_dialog.js";
import { byId, h } from "./dom.js";
import { chooseTheme, chosenTheme } from "./theme.js";

export class SettingsDialog extends AnswersDialog {
  #model = byId("settings-model");
  #language = byId("settings-language");
  #themes = [...this.dialog.querySelectorAll('[name="theme"]')];
  #listed = ""; // what the list of models says

  /** @param {{onChange: (change: object) => Promise<void>, onErase: () => void}} options */
  constructor({ onChange, onErase }) {
    super("settings", { onChange });
    const choose = () => onChange({ model: this.#model.value || null });
    this.#model.addEventListener("change", () => this.line.attempt(choose));
    for (const input of this.#themes) input.addEventListener("change", () => chooseTheme(input.value));
    this.#language.replaceChildren(
      h("option", { value: "" }, t("settings.browserLanguage")),
      ...languages.map((code) => h("option", { value: code, lang: code }, nameOf(code))),
    );
    this.#language.addEventListener("change", () => this.#speak());
    byId("erase").addEventListener("click", onErase);
  }

  open() {
    this.#language.value = chosenLanguage() ?? "";
    for (const input of this.#themes) input.checked = input.value === chosenTheme();
    super.open();
  }

  /** @param {object} chosen @param {{offer: object, takes: (name: string) => boolean, model: string}} from */
  show(chosen, { offer, takes, model }) {
    this.form.show(chosen, { above: {}, takes, model });
    this.#list(offer, chosen.model);
    this.#model.value = chosen.model ?? "";
  }

  // A list that somebody may have opened is made anew only where it says something else.
  #list(offer, chosen) {
    const servers = groupsOf(offer)
      .filter(({ models }) => models.length > 0)
      .map(({ server, models }) => ({ label: server ?? t("model.builtIn"), names: models.map(({ id }) => id) }));
    const first = offer.models?.[0]?.id ?? "";
    const missing = chosen && !offer.models?.some(({ id }) => id === chosen) ? chosen : null;
    const listed = JSON.stringify([first, missing, servers]);
    if (listed === this.#listed) return;
    this.#listed = listed;
    const option = (value, text = value) => h("option", { value }, text);
    this.#model.replaceChildren(
      option("", t("settings.firstModel", { model: first })),
      ...(missing ? [option(missing, t("model.gone", { model: missing }))] : []),
      ...servers.map(({ label, names }) => h("optgroup", { label }, ...names.map((name) => option(name)))),
    );
  }

  // The page is read anew, since its words are; what is half written anywhere is kept first.
  async #speak() {
    await this.form.flush();
    setLanguage(this.#language.value || null);
    location.reload();
  }
}

/** What a language calls itself. */
const nameOf = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code) ?? language;
