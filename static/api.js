// Rule: the only module that uses fetch. An answer that is not a success becomes an ApiError that says why, in words for
// the reader.

import { beginningOf } from "./model/beginning.js";
import { refusalOf } from "./model/refusal.js";
import { t } from "./text.js";

const ITEMS_PAGE_SIZE = 60;
const SESSIONS_PAGE_SIZE = 50;

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status; // 0 where no answer came
    this.code = code;
  }
}

export class Api {
  /** @param {{onUnauthorized: () => void}} hooks */
  constructor({ onUnauthorized }) {
    this.onUnauthorized = onUnauthorized;
  }

  whoAmI = () => this.#request("GET", "/v1/me");
  logIn = (key) => this.#request("POST", "/v1/login", { key });
  logOut = () => this.#request("POST", "/v1/logout", {});
  deleteMe = () => this.#request("DELETE", "/v1/me");

  /** The models on offer, and the servers that do not answer. */
  models = async () => {
    const { data, "verbatim:silent": silent = [] } = await this.#request("GET", "/v1/models");
    return { models: data, silent };
  };

  /** What is chosen for all chats, and for one; a change says what it changes, and null leaves that open. */
  settings = () => this.#request("GET", "/v1/settings");
  changeSettings = (change) => this.#request("PATCH", "/v1/settings", change);
  changeChat = (id, change) => this.#request("PATCH", `${sessionPath(id)}/settings`, change);

  /** One page of the sessions, in their order: `data` and `has_more`. The query may say `archived` and `named`. */
  sessions = (after = null, query = {}) =>
    this.#request(
      "GET",
      `/v1/conversations?${new URLSearchParams({ limit: SESSIONS_PAGE_SIZE, ...query })}${afterOf(after)}`,
    );
  session = (id) => this.#request("GET", sessionPath(id));
  /** The same id again is the same session. */
  createSession = (begins, id) => this.#request("POST", "/v1/conversations", { id, ...beginningOf(begins) });
  changeSession = (id, fields) => this.#request("POST", sessionPath(id), fields);
  deleteSessions = (ids, options) => this.#request("POST", "/v1/deletions", { conversations: ids }, options);
  cancel = (responseId) => this.#request("POST", `/v1/responses/${encodeURIComponent(responseId)}/cancel`);

  search = (words, after = null) => this.#request("GET", `/v1/search?q=${encodeURIComponent(words)}${afterOf(after)}`);
  showPath = (id, message) => this.#request("POST", `${sessionPath(id)}/path`, { message });

  /** The model servers on the server's machine. */
  detect = () => this.#request("POST", "/v1/model_servers/detect");

  /** All facts, `data`, and whether memory is `enabled`. */
  memory = () => this.#request("GET", "/v1/memory");
  remember = (text) => this.#request("POST", "/v1/memory", { text });
  switchMemory = (enabled) => this.#request("PATCH", "/v1/memory", { enabled });
  forgetAll = () => this.#request("DELETE", "/v1/memory");
  editFact = (factId, text) => this.#request("POST", `/v1/memory/${encodeURIComponent(factId)}`, { text });
  forget = (factId) => this.#request("DELETE", `/v1/memory/${encodeURIComponent(factId)}`);

  /** The last items of a session, oldest first; whether there are more before them (`hasMore`). */
  async items(id) {
    const { data, has_more: hasMore } = await this.#page(id, "desc", null);
    return { items: data.reverse(), hasMore };
  }

  /** The items right before an item (`desc`) or right behind it (`asc`; null: the first of all), oldest first. */
  async itemsBeside(id, order, itemId) {
    const { data, has_more: hasMore } = await this.#page(id, order, itemId);
    return { items: order === "desc" ? data.reverse() : data, hasMore };
  }

  #page = (id, order, after) =>
    this.#request("GET", `${sessionPath(id)}/items?order=${order}&limit=${ITEMS_PAGE_SIZE}${afterOf(after)}`);

  /** The bytes of an image that this server keeps. */
  async image(address) {
    const response = await fetch(address, { credentials: "same-origin" }).catch(() => null);
    if (!response?.ok) throw new ApiError(response?.status ?? 0, "unknown", t("message.imageAway"));
    return response.blob();
  }

  async #request(method, path, body, options = {}) {
    const init = { method, credentials: "same-origin", headers: { Accept: "application/json" }, ...options };
    if (body !== undefined) {
      init.headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    const response = await fetch(path, init).catch(() => {
      throw new ApiError(0, "unreachable", t("api.unreachable"));
    });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    if (response.status === 401 && path !== "/v1/login") this.onUnauthorized();
    throw errorOf(response.status, answer.error);
  }
}

const afterOf = (id) => (id === null ? "" : `&after=${encodeURIComponent(id)}`);

const sessionPath = (id) => `/v1/conversations/${encodeURIComponent(id)}`;

function errorOf(status, error) {
  const code = error?.code ?? "unknown";
  const message = error?.message ?? t("api.status", { status: String(status) });
  return new ApiError(status, code, refusalOf({ code, message }));
}
