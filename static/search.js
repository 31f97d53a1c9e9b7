// Rule: what is typed is searched for a moment later, page by page; an answer to what is not typed any more is dropped.

const WAIT_MS = 150;
const WORD = /[\p{L}\p{N}]/u;

export class Search {
  #asked = 0;
  #timer;
  #isLoading = false;
  words = ""; // those of which the hits are shown; empty where none are
  hits = [];
  hasMore = false;
  isComplete = true;

  /** @param {{api: object, onChange: () => void, onProblem: (message: string) => void}} options */
  constructor({ api, onChange, onProblem }) {
    Object.assign(this, { api, onChange, onProblem });
  }

  /** What stands in the box has changed. */
  type(text) {
    const words = this.#begin(text);
    if (words !== "") this.#timer = setTimeout(() => this.#ask(words), WAIT_MS);
  }

  /** Somebody wants to see it now. */
  async now(text) {
    const words = this.#begin(text);
    if (words !== "") await this.#ask(words);
  }

  #begin(text) {
    const words = WORD.test(text) ? text.trim() : "";
    clearTimeout(this.#timer);
    this.#asked += 1;
    if (words === "") this.#take("", null);
    return words;
  }

  /** Asks for the next page; once at a time. */
  async more() {
    if (!this.hasMore || this.#isLoading) return;
    this.#isLoading = true;
    await this.#ask(this.words, this.hits);
    this.#isLoading = false;
  }

  async #ask(words, before = []) {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const page = await this.api.search(words, before.at(-1)?.id ?? null);
      if (asked === this.#asked) this.#take(words, page, before);
    } catch (error) {
      if (asked === this.#asked) this.onProblem(error.message);
    }
  }

  #take(words, page, before = []) {
    this.words = words;
    this.hits = [...before, ...(page?.data ?? [])];
    this.hasMore = page?.has_more ?? false;
    this.isComplete = page?.["verbatim:complete"] ?? true;
    this.onProblem("");
    this.onChange();
  }
}
