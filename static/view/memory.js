// Rule: shows what is remembered of the user, and lets them add to it, change it, take it away and switch it off. A fact of
// which nothing else is known than before keeps its row, so that news take nothing from who unfolds or edits it.

import { t } from "../text.js";
import { letClose } from "./closing.js";
import { byId, h, place } from "./dom.js";
import { factRow } from "./fact_row.js";

const HANDFUL = 5;

export class MemoryDialog {
  #dialog = byId("memory");
  #list = byId("facts");
  #problem = byId("memory-problem");
  #input = byId("new-fact");
  #switch = byId("memory-on");
  #all = byId("forget-all");
  #surely = byId("forget-all-surely");
  #find = byId("find-fact");
  #marked = new Set();
  #known = []; // the facts with their rows
  #asked = 0; // how often it was asked what there is
  #told = 0; // the latest of these that was answered

  /** @param {{api: object, titleOf: (sessionId: string) => string, onOpen: (sessionId: string, itemId?: string) => void}} options */
  constructor({ api, titleOf, onOpen }) {
    this.api = api;
    this.acts = {
      titleOf,
      onOpen: (sessionId, itemId) => this.#leaveFor(sessionId, itemId, onOpen),
      onEdit: (fact, text) => this.#attempt(() => this.api.editFact(fact.id, text)),
      onForget: (fact) => this.#forget(() => this.api.forget(fact.id)),
    };
    byId("memory-form").addEventListener("submit", (event) => this.#add(event));
    this.#find.addEventListener("input", () => this.#look());
    letClose(this.#dialog, byId("close-memory"));
    this.#switch.addEventListener("change", () => this.#attempt(() => this.api.switchMemory(this.#switch.checked)));
    this.#all.addEventListener("click", () => this.#ask(true));
    this.#surely.addEventListener("click", () => this.#forget(() => this.api.forgetAll()));
  }

  /** @param {string[]} marked the facts that an answer had, which are shown as such */
  async open(marked = []) {
    this.#marked = new Set(marked);
    this.#find.value = "";
    this.#ask(false);
    this.#problem.textContent = "";
    this.#dialog.showModal();
    const problem = await this.#load();
    if (problem !== "") this.#problem.textContent = problem; // else what was refused meanwhile stays
  }

  async #add(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (text === "") return;
    const isDone = await this.#attempt(() => this.api.remember(text));
    if (isDone && this.#input.value.trim() === text) this.#input.value = ""; // not what was typed meanwhile
  }

  // What was refused is shown beside what is there, not instead of it.
  async #attempt(change) {
    let refusal = "";
    await change().catch((error) => {
      refusal = error.message;
    });
    const problem = await this.#load();
    this.#ask(false);
    this.#problem.textContent = refusal || problem;
    return (refusal || problem) === "";
  }

  /** @returns {Promise<string>} why it is not known what there is; empty where it is */
  async #load() {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const memory = await this.api.memory();
      if (asked < this.#told) return ""; // what was asked for later has come sooner
      this.#told = asked;
      this.#show(memory);
      return "";
    } catch (error) {
      return error.message;
    }
  }

  #show({ data, enabled }) {
    const before = new Map(this.#known.map(({ sign, row }) => [sign, row]));
    this.#known = data.map((fact) => this.#rowOf(fact, before));
    const rows = this.#known.map(({ row }) => row);
    const focused = document.activeElement?.dataset.focus;
    place(this.#list, rows.length > 0 ? rows : [h("li", { class: "empty" }, t("memory.none"))]);
    const same = focused && this.#list.querySelector(`[data-focus="${CSS.escape(focused)}"]`);
    if (focused) (same ?? this.#input).focus();
    this.#find.hidden = data.length <= HANDFUL && this.#find.value === "";
    this.#look();
    this.#list.querySelector(".marked")?.scrollIntoView({ block: "nearest" });
    this.#switch.checked = enabled;
    for (const field of byId("memory-form").elements) field.disabled = !enabled;
    this.#all.disabled = rows.length === 0;
  }

  #rowOf(fact, before) {
    const isMarked = this.#marked.has(fact.id);
    const titles = sourcesOf(fact).map(({ conversation }) => conversation && this.acts.titleOf(conversation));
    const sign = JSON.stringify([fact, isMarked, titles]);
    return { said: saidBy(fact), sign, row: before.get(sign) ?? factRow(fact, this.acts, isMarked) };
  }

  #look() {
    const words = plain(this.#find.value).split(" ").filter(Boolean);
    let count = 0;
    for (const { said, row } of this.#known) {
      row.hidden = !words.every((word) => said.includes(word));
      count += row.hidden ? 0 : 1;
    }
    byId("facts-state").textContent = words.length > 0 ? t("memory.found", { count }) : "";
  }

  #ask(isAsked) {
    this.#all.hidden = isAsked;
    this.#surely.hidden = !isAsked;
    if (isAsked) this.#surely.focus();
  }

  async #forget(change) {
    await this.#attempt(change);
    this.#input.focus();
  }

  #leaveFor(sessionId, itemId, onOpen) {
    this.#dialog.close();
    onOpen(sessionId, itemId);
  }
}

const plain = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();

/** What a fact says, and said before. */
const saidBy = ({ text, history }) => plain([text, ...history.map((former) => former.text)].join(" "));

const sourcesOf = ({ sources, history }) => [...sources, ...history.flatMap((former) => former.sources)];
