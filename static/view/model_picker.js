// Rule: who answers, where there is a choice: a button that says it, and a list to choose from, by server, with a field to
// search in where the list is long. The list has one place in the order of tabs; arrows move within it, Enter
// chooses, Escape and leaving it change nothing.

import { groupsOf, matching } from "../model/choices.js";
import { t } from "../text.js";
import { byId, h } from "./dom.js";

const HANDFUL = 7;

export class ModelPicker {
  #button = byId("model");
  #name = byId("model-name");
  #panel = byId("model-panel");
  #field = byId("model-search");
  #list = byId("model-list");
  #none = byId("model-none");
  #offer = { models: null, silent: [] };
  #model = null;
  #active = null; // the option that Enter chooses

  /** @param {{onChoose: (model: string) => void, onOpen: () => void}} options */
  constructor({ onChoose, onOpen }) {
    this.onChoose = onChoose;
    this.onOpen = onOpen;
    this.#button.addEventListener("click", () => (this.#panel.hidden ? this.open() : this.#close()));
    this.#button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      this.open();
    });
    this.#panel.addEventListener("keydown", (event) => this.#press(event));
    this.#field.addEventListener("input", () => this.#fill());
    this.#list.addEventListener("click", (event) => this.#choose(event.target.closest("[data-model]")));
    this.#list.addEventListener("pointermove", (event) => this.#activate(event.target.closest("[data-model]"), false));
    byId("model-place").addEventListener("focusout", ({ relatedTarget }) => {
      if (!byId("model-place").contains(relatedTarget)) this.#panel.hidden = true;
      this.#button.setAttribute("aria-expanded", String(!this.#panel.hidden));
    });
  }

  /** @param {{models: object[] | null, silent: string[]}} offer */
  offer(offer) {
    const isNew = JSON.stringify(offer) !== JSON.stringify(this.#offer);
    this.#offer = offer;
    byId("model-place").hidden = (offer.models?.length ?? 0) < 2 && offer.silent.length === 0;
    // Who is choosing keeps what is marked, and presses what was there when the press began.
    if (isNew && !this.#panel.hidden) this.#fill(this.#active?.dataset.model);
  }

  /** @param {string | null} model who answers; null leaves it to the server */
  show(model) {
    this.#model = model;
    const shown = model ?? this.#offer.models?.[0]?.id ?? "";
    if (this.#name.textContent === shown) return;
    this.#name.textContent = shown;
    this.#button.setAttribute("aria-label", t("model.current", { model: shown }));
  }

  open() {
    this.onOpen();
    this.#panel.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    this.#field.value = "";
    this.#field.hidden = (this.#offer.models?.length ?? 0) <= HANDFUL;
    this.#fill();
    this.#focused.focus();
  }

  #close() {
    this.#panel.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
    this.#button.focus();
  }

  get #focused() {
    return this.#field.hidden ? this.#list : this.#field;
  }

  get #options() {
    return [...this.#list.querySelectorAll("[data-model]")];
  }

  /** @param {string | null | undefined} marked the model that Enter chooses, where it is listed */
  #fill(marked = this.#model) {
    const groups = matching(groupsOf(this.#offer), this.#field.value);
    const isGrouped = groupsOf(this.#offer).length > 1;
    this.#list.replaceChildren(...groups.map((group, at) => this.#group(group, at, isGrouped)));
    this.#none.textContent = groups.length === 0 ? t("model.none") : "";
    const options = this.#options;
    this.#activate(options.find((option) => option.dataset.model === marked) ?? options[0] ?? null);
  }

  #group({ server, models, isSilent }, at, isGrouped) {
    const options = models.map((model, place) =>
      h(
        "div",
        {
          role: "option",
          id: `model-${at}-${place}`,
          "data-model": model.id,
          "aria-selected": String(model.id === this.#model),
        },
        model.id,
      ),
    );
    if (!isGrouped) return h("div", { role: "presentation" }, ...options);
    const name = h("div", { class: "server", id: `server-${at}`, role: "presentation" }, server ?? t("model.builtIn"));
    const silent = isSilent ? silentOption() : null;
    return h("div", { role: "group", "aria-labelledby": `server-${at}` }, name, silent, ...options);
  }

  #activate(option, isShown = true) {
    if (!option && this.#options.length > 0) return;
    this.#active?.classList.remove("active");
    this.#active = option;
    option?.classList.add("active");
    for (const element of [this.#field, this.#list]) {
      if (option) element.setAttribute("aria-activedescendant", option.id);
      else element.removeAttribute("aria-activedescendant");
    }
    if (isShown) option?.scrollIntoView({ block: "nearest" });
  }

  #press(event) {
    const options = this.#options;
    const at = options.indexOf(this.#active);
    const isInField = event.target === this.#field;
    if (event.key === "ArrowDown") this.#activate(options[(at + 1) % options.length]);
    else if (event.key === "ArrowUp") this.#activate(options.at(at <= 0 ? -1 : at - 1));
    else if (event.key === "Home" && !isInField) this.#activate(options[0]);
    else if (event.key === "End" && !isInField) this.#activate(options.at(-1));
    else if ((event.key === "Enter" && !event.isComposing) || (event.key === " " && !isInField))
      this.#choose(this.#active);
    else if (event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #choose(option) {
    if (!option) return;
    this.#close();
    this.onChoose(option.dataset.model);
  }
}

const silentOption = () => h("div", { role: "option", class: "silent", "aria-disabled": "true" }, t("model.silent"));
