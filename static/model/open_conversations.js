// Rule: the conversations that are open, one for each session.

import { sessionOf } from "./router.js";
import { Transcript } from "./transcript.js";

export class OpenConversations {
  #bySession = new Map();

  [Symbol.iterator]() {
    return this.#bySession.values();
  }

  get(sessionId) {
    return this.#bySession.get(sessionId);
  }

  /** The session's conversation, a new one where there is none. */
  ensure(sessionId) {
    if (!this.#bySession.has(sessionId)) this.put(new Transcript(sessionId));
    return this.get(sessionId);
  }

  put(transcript) {
    this.#bySession.set(transcript.sessionId, transcript);
  }

  remove(sessionId) {
    this.#bySession.delete(sessionId);
  }

  /** Whether it is the one of its session; where that was deleted it is not. */
  has(transcript) {
    return this.get(transcript.sessionId) === transcript;
  }

  /** The one that a response belongs to. */
  ofResponse(responseId, response) {
    return this.get(sessionOf(responseId, response)) ?? [...this].find((one) => one.has(responseId));
  }

  /** The one in which this goes out, or was refused. */
  waitingFor(messageId) {
    return [...this].find((one) => one.isWaitingFor(messageId));
  }
}
