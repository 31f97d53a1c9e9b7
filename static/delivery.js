// Rule: what waits, messages and what is asked without one, goes out in the order in which it was written, in each session
// one after the other, and again on each new connection, until the server has it. A session that the server does not
// know is made first, under the id that it has here. The server runs no message twice, so several tabs may deliver the
// same one.

import { retryDelay } from "./model/backoff.js";
import { lacking } from "./model/beginning.js";
import { createFrame } from "./model/frame.js";

// What refuses a message now would take it later.
const FOR_NOW = new Set(["unreachable", "shutting_down", "too_many_turns", "too_many_frames", "too_many_sockets"]);

// What stands in front of the server answers 502 or the like, in words of its own, while that is away.
export const isForNow = ({ code, status }) => FOR_NOW.has(code) || (status >= 502 && code === "unknown");

export class Delivery {
  #sent = new Map(); // session id → the message that is under way on this connection
  #making = new Set(); // ids of sessions that are being made
  #timers = new Map(); // session id → when to try again
  #tries = 0;

  /**
   * @param {{socket: object, api: object, onMade: (transcript: object, session: object) => void,
   *   onRefused: (transcript: object, messageId: string, message: string) => void}} options
   */
  constructor({ socket, api, onMade, onRefused }) {
    Object.assign(this, { socket, api, onMade, onRefused });
  }

  /** A new connection: nothing is under way on it. */
  reset() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#sent.clear();
    this.#tries = 0;
  }

  /** Sends what is next in a conversation, unless it is under way. */
  next(transcript) {
    const { sessionId, begins } = transcript;
    const [entry] = transcript.outgoing;
    if (!entry || !this.socket.isOpen || this.#timers.has(sessionId)) return;
    if (begins) this.#make(transcript);
    else if (this.#sent.get(sessionId) !== entry.messageId) this.#send(transcript, entry);
  }

  /** The page goes: all that waits goes out, since nobody will be here to send it one by one. */
  flush(transcript) {
    if (transcript.begins) return;
    const under = this.#sent.get(transcript.sessionId);
    for (const entry of transcript.outgoing) if (entry.messageId !== under) this.#send(transcript, entry);
  }

  /** Tries again in a while. */
  later(transcript) {
    const { sessionId } = transcript;
    clearTimeout(this.#timers.get(sessionId));
    const again = () => {
      this.#timers.delete(sessionId);
      this.#sent.delete(sessionId);
      this.next(transcript);
    };
    this.#timers.set(sessionId, setTimeout(again, retryDelay(this.#tries)));
    this.#tries += 1;
  }

  /** The session is gone. */
  forget(sessionId) {
    clearTimeout(this.#timers.get(sessionId));
    this.#timers.delete(sessionId);
  }

  #send(transcript, entry) {
    if (this.socket.send(createFrame(transcript.sessionId, entry))) {
      this.#sent.set(transcript.sessionId, entry.messageId);
    }
  }

  async #make(transcript) {
    const { sessionId } = transcript;
    if (this.#making.has(sessionId)) return;
    this.#making.add(sessionId);
    try {
      const session = await this.#made(transcript);
      this.#tries = 0;
      this.onMade(transcript, session);
    } catch (error) {
      if (error.status === undefined) throw error;
      if (isForNow(error)) this.later(transcript);
      // Without a user (401) it waits for who logs in.
      else if (error.status !== 401) this.#refuseAll(transcript, error.message);
    } finally {
      this.#making.delete(sessionId);
    }
  }

  // What cannot be said when it is made, and what is changed meanwhile, is said before it counts as made.
  async #made(transcript) {
    const { sessionId } = transcript;
    let session = await this.api.createSession(transcript.begins, sessionId);
    let said = null;
    while (transcript.begins !== null && transcript.begins !== said) {
      said = transcript.begins;
      const { fields = null, settings = null } = lacking(said, session) ?? {};
      if (fields) session = await this.api.changeSession(sessionId, fields);
      if (settings) session = await this.api.changeChat(sessionId, settings);
    }
    return session;
  }

  #refuseAll(transcript, message) {
    for (const { messageId } of transcript.unacknowledged) this.onRefused(transcript, messageId, message);
  }
}
