// Rule: while there is nobody to answer but what is built in, the empty chat says quietly how a model is connected, in two
// steps. Whether one runs on the server's machine is looked for only when the button is pressed.

import { isBuiltInOnly } from "../model/choices.js";
import { t } from "../text.js";
import { codeBlock } from "./code_block.js";
import { byId, h } from "./dom.js";

const EXAMPLE_URL = "http://127.0.0.1:11434/v1";
const START = "ollama run llama3.2";
const SHOWN_MODELS = 4;

const setLine = (environment) => `${environment} make run`;
const setting = (url) => `VERBATIM_UPSTREAM_URL=${url}`;
const tableOf = (url) => `[servers.home]\nurl = "${url}"`;

export class FirstRun {
  #card = byId("first-run");
  #button = byId("detect");
  #state = byId("detected-state");
  #found = byId("detected");

  /** @param {{api: object}} options */
  constructor({ api }) {
    this.api = api;
    this.#button.addEventListener("click", () => this.#detect());
  }

  /** @param {{offer: {models: object[] | null, silent: string[]}, mayDetect: boolean, hasKeys: boolean}} known */
  show({ offer, mayDetect, hasKeys }) {
    // Where others were let in, they cannot change the configuration.
    const isWanted = !hasKeys && isBuiltInOnly(offer);
    if (isWanted && this.#card.hidden) this.#fill();
    this.#card.hidden = !isWanted;
    this.#button.hidden = !mayDetect;
  }

  #fill() {
    byId("start-lines").replaceChildren(codeBlock(START, "sh", false));
    this.#showLines({ environment: setting(EXAMPLE_URL), toml: tableOf(EXAMPLE_URL) });
  }

  #showLines({ environment, toml }) {
    byId("set-lines").replaceChildren(codeBlock(setLine(environment), "sh", false));
    byId("table-lines").replaceChildren(codeBlock(toml, "TOML", false));
  }

  async #detect() {
    this.#button.setAttribute("aria-disabled", "true");
    this.#state.textContent = t("first.looking");
    try {
      this.#show((await this.api.detect()).data);
    } catch (error) {
      this.#state.textContent = error.message;
    } finally {
      this.#button.removeAttribute("aria-disabled");
    }
  }

  #show(found) {
    this.#state.textContent = found.length === 0 ? t("first.none") : t("first.found", { count: found.length });
    this.#found.hidden = found.length === 0;
    this.#found.replaceChildren(...found.map((server) => this.#row(server)));
    if (found.length > 0) this.#showLines(found[0]);
  }

  #row(server) {
    const name = server.program || t("first.unnamed");
    const listed = server.models.slice(0, SHOWN_MODELS).join(", ");
    const models = server.models.length > SHOWN_MODELS ? `${listed} …` : listed;
    const take = () => {
      this.#showLines(server);
      this.#state.textContent = t("first.taken", { name, url: server.id });
    };
    const about = h(
      "span",
      { class: "about" },
      h("strong", {}, name),
      ` ${server.id}`,
      h("span", { dir: "auto" }, models),
    );
    const use = {
      type: "button",
      class: "plain",
      click: take,
      "aria-label": t("first.useNamed", { name, url: server.id }),
    };
    return h("li", {}, about, h("button", use, t("first.use")));
  }
}
