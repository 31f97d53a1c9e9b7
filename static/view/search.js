// Rule: the search box and what was found, for the mouse and for the keyboard: Ctrl+K, Cmd+K or / opens it, the arrows
// go through the hits, Enter opens one (in the box the first), Escape closes it.

import { plainSnippet } from "../model/snippet.js";
import { pathOf, titleOf } from "../model/title.js";
import { Search } from "../search.js";
import { locale, parts, t } from "../text.js";
import { letClose } from "./closing.js";
import { byId, h } from "./dom.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class SearchDialog {
  #dialog = byId("search");
  #words = byId("search-words");
  #list = byId("hits");
  #more = byId("more-hits");

  /** @param {{api: object, onOpen: (sessionId: string, itemId: string) => void}} options */
  constructor({ api, onOpen }) {
    this.onOpen = onOpen;
    this.search = new Search({ api, onChange: () => this.#show(), onProblem: (message) => this.#problem(message) });
    this.#words.addEventListener("input", () => this.search.type(this.#words.value));
    this.#more.addEventListener("click", () => this.#showMore());
    byId("search-form").addEventListener("submit", (event) => this.#openFirst(event));
    letClose(this.#dialog, byId("close-search"));
    this.#dialog.addEventListener("keydown", (event) => this.#leave(event) || this.#step(event));
  }

  /** Whether nothing can be searched on this server: then the button is not there, nor what its shortcuts press. */
  set isOff(isOff) {
    byId("open-search").hidden = isOff;
  }

  /** @param {string} [words] to look for; else those of the last time */
  open(words) {
    if (document.querySelector("dialog[open]")) return;
    if (words !== undefined) this.#words.value = words;
    this.#dialog.showModal();
    this.#words.focus();
    this.#words.select();
    this.search.now(this.#words.value); // what was found before may be out of date
  }

  get #links() {
    return [...this.#list.querySelectorAll("a")];
  }

  // A search box would take the first Escape for itself and empty itself.
  #leave(event) {
    if (event.key !== "Escape" || event.isComposing) return false;
    event.preventDefault();
    this.#dialog.close();
    return true;
  }

  #step(event) {
    const step = STEPS[event.key];
    const stops = [this.#words, ...this.#links];
    const at = stops.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
  }

  #show() {
    const { hits, hasMore, isComplete, words } = this.search;
    this.#list.replaceChildren(...hits.map((hit) => this.#row(hit)));
    this.#more.hidden = !hasMore;
    const rest = isComplete ? "" : ` ${t("search.incomplete")}`;
    byId("search-state").textContent = words === "" ? "" : foundInWords(hits.length, hasMore) + rest;
  }

  #problem(message) {
    byId("search-problem").textContent = message;
  }

  async #showMore() {
    const { length } = this.search.hits;
    await this.search.more();
    this.#links[length]?.focus();
  }

  #row(hit) {
    const day = new Date(hit.created_at * 1000);
    const who = hit.role === "user" ? t("message.you") : t("message.assistant");
    const time = h("time", { datetime: day.toISOString() }, day.toLocaleDateString(locale));
    const name = h("span", { class: "name" }, titleOf(hit));
    const where = h("span", { class: "where" }, name, ...parts("search.by", { who, day: time }));
    const snippet = plainSnippet(hit.snippet, hit.role);
    const pieces = snippet.map(({ text, match }) => (match ? h("mark", {}, text) : text));
    const click = (event) => this.#open(event, hit);
    return h(
      "li",
      {},
      h("a", { href: pathOf(hit.conversation), click }, where, h("span", { class: "snippet" }, ...pieces)),
    );
  }

  async #openFirst(event) {
    event.preventDefault();
    const words = this.#words.value;
    if (this.search.words === words.trim()) this.#links[0]?.click();
    else await this.search.now(words); // what is shown was found for other words
  }

  #open(event, hit) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.#dialog.close();
    this.onOpen(hit.conversation, hit.message);
  }
}

function foundInWords(count, hasMore) {
  if (count === 0) return t("search.none");
  return hasMore ? t("search.foundMore", { count }) : t("search.found", { count });
}
