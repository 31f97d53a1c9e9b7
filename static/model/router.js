// Rule: says which response an event belongs to. Only the first and the last event of a response name it; those
// between are told apart by their item, by the stream of the request, or by what the socket began last.

export class EventRouter {
  #byItem = new Map();
  #byStream = new Map();
  #latest = null;
  #streams = 0;

  /** To be called when a new socket opens: what was begun on the old one says nothing about the new one. */
  reset() {
    this.#byStream.clear();
    this.#latest = null;
  }

  /** @returns {string} a name for the stream in which the page asks for a response that it knows */
  streamFor(responseId) {
    this.#streams += 1;
    const streamId = `again-${this.#streams}`;
    this.#byStream.set(streamId, responseId);
    return streamId;
  }

  /** @returns {string | null} the id of the event's response */
  responseOf(event) {
    const responseId = event.response?.id ?? event.response_id ?? this.#guess(event);
    if (responseId) this.#learn(event, responseId);
    return responseId;
  }

  #guess(event) {
    const itemId = event.item_id ?? event.item?.id;
    return this.#byItem.get(itemId) ?? this.#byStream.get(event.stream_id) ?? this.#latest;
  }

  #learn(event, responseId) {
    const itemId = event.item_id ?? event.item?.id;
    if (itemId) this.#byItem.set(itemId, responseId);
    if (event.stream_id) this.#byStream.set(event.stream_id, responseId);
    else if (event.response) this.#latest = responseId;
    if (ENDS.has(event.type)) this.#forget(responseId);
  }

  #forget(responseId) {
    for (const map of [this.#byItem, this.#byStream]) {
      for (const [key, value] of map) if (value === responseId) map.delete(key);
    }
  }
}

const ENDS = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** The session that a response belongs to: named by the response, else by its id. */
export function sessionOf(responseId, response) {
  const conversation = response?.conversation;
  if (conversation) return typeof conversation === "string" ? conversation : conversation.id;
  return /^resp_(.+)_[0-9a-f]{16}$/.exec(responseId ?? "")?.[1] ?? null;
}
