// Rule: what is chosen for all chats and for this page, and what can be done with everything that is kept. A choice is
// kept as it is made; nothing has to be saved.

import { groupsOf } from "../model/choices.js";
import { chosenLanguage, language, languages, setLanguage, t } from "../text.js";
import { AnswerForm } from "./answer_form.js";
import { byId, h } from "./dom.js";
import { KeptLine } from "./kept_line.js";
import { chooseTheme, chosenTheme } from "./theme.js";

export class SettingsDialog {
  #dialog = byId("settings");
  #line = new KeptLine(byId("settings-state"), byId("settings-problem"));
  #model = byId("settings-model");
  #language = byId("settings-language");

  /** @param {{onChange: (change: object) => Promise<void>, onErase: () => void}} options */
  constructor({ onChange, onErase }) {
    this.form = new AnswerForm(byId("settings-answers"), {
      onChange: (change) => this.#line.attempt(() => onChange(change)),
      onProblem: (message) => this.#line.refuse(message),
    });
    this.#model.addEventListener("change", () =>
      this.#line.attempt(() => onChange({ model: this.#model.value || null })),
    );
    for (const input of this.#dialog.querySelectorAll('[name="theme"]')) {
      input.addEventListener("change", () => chooseTheme(input.value));
    }
    this.#language.replaceChildren(
      h("option", { value: "" }, t("settings.browserLanguage")),
      ...languages.map((code) => h("option", { value: code, lang: code }, nameOf(code))),
    );
    this.#language.addEventListener("change", () => this.#speak());
    byId("erase").addEventListener("click", onErase);
    byId("close-settings").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  open() {
    this.#line.clear();
    this.form.begin();
    this.#language.value = chosenLanguage() ?? "";
    for (const input of this.#dialog.querySelectorAll('[name="theme"]')) input.checked = input.value === chosenTheme();
    this.#dialog.showModal();
  }

  /** @param {object} chosen @param {{offer: object, takes: (name: string) => boolean, model: string}} from */
  show(chosen, { offer, takes, model }) {
    this.form.show(chosen, { above: {}, takes, model });
    const groups = groupsOf(offer).filter((group) => group.models.length > 0);
    const first = offer.models?.[0]?.id ?? "";
    const options = groups.map((group) =>
      h(
        "optgroup",
        { label: group.server ?? t("model.builtIn") },
        ...group.models.map(({ id }) => h("option", { value: id }, id)),
      ),
    );
    const gone = chosen.model && !offer.models?.some(({ id }) => id === chosen.model);
    const missing = gone ? [h("option", { value: chosen.model }, t("model.gone", { model: chosen.model }))] : [];
    this.#model.replaceChildren(
      h("option", { value: "" }, t("settings.firstModel", { model: first })),
      ...missing,
      ...options,
    );
    this.#model.value = chosen.model ?? "";
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
