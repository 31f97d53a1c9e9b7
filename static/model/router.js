// Rule: says which response an event belongs to. Only the first and the last event of a response name it, and those
// of one that goes on in a message that is there already; the others are told apart by their item, by the stream of
// the request, or by what the socket began last. An item may be opened again, by another response.

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
    const named = event.response?.id ?? event.response_id ?? event["verbatim:response_id"];
    const responseId = named ?? this.#guess(event);
    if (responseId) this.#learn(event, responseId);
    return responseId;
  }

  #guess(event) {
    const begun = event.stream_id ? this.#byStream.get(event.stream_id) : this.#latest;
    const ofItem = this.#byItem.get(event.item_id ?? event.item?.id);
    return (event.type === OPENS ? (begun ?? ofItem) : (ofItem ?? begun)) ?? this.#latest;
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

const OPENS = "response.output_item.added";
const ENDS = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** The session that a response belongs to: named by the response, else by its id. */
export function sessionOf(responseId, response) {
  const conversation = response?.conversation;
  if (conversation) return typeof conversation === "string" ? conversation : conversation.id;
  return /^resp_(.+)_[0-9a-f]{16}$/.exec(responseId ?? "")?.[1] ?? null;
}
