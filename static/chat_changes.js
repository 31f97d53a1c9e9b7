// Rule: what is changed about a chat is changed at the server; about one that the server does not know yet, in what it
// begins with. Each change ends with the chat as it is then.

import { givenName } from "./model/title.js";

export class ChatChanges {
  /** @param {{api: object, outbox: object, conversations: () => object}} parts */
  constructor({ api, outbox, conversations }) {
    Object.assign(this, { api, outbox, conversations });
  }

  async rename({ id, metadata }, title) {
    return this.#amended(id, { title }) ?? this.api.changeSession(id, { metadata: givenName(metadata, title) });
  }

  /** @param {object} fields where it is to stand: `verbatim:pinned`, `verbatim:archived` */
  async shelve(id, fields) {
    return this.#amended(id, { shelf: fields }) ?? this.api.changeSession(id, fields);
  }

  /** @param {object} settings what is to be chosen for it; null leaves that open */
  async choose(id, settings) {
    return this.#amended(id, { settings }) ?? this.api.changeChat(id, settings);
  }

  #amended(id, change) {
    if (!this.conversations().amend(id, change)) return null;
    return this.outbox.unmade.find((session) => session.id === id);
  }
}
