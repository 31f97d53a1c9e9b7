// Rule: keeps every opened conversation true to the server, over any number of connections. With what delivers and what
// listens it is the only module that knows frames. A conversation once opened stays attached until the connection ends,
// since leaving it in mid-answer would lose the place.

import { Delivery } from "./delivery.js";
import { ItemPages } from "./item_pages.js";
import { Listener } from "./listener.js";
import { amended } from "./model/beginning.js";
import { frameBytes, refusedSize, sizeProblem, USUAL_LIMIT_BYTES } from "./model/frame.js";
import { newId } from "./model/ids.js";
import { OpenConversations } from "./model/open_conversations.js";
import { restore } from "./model/restored.js";
import { EventRouter } from "./model/router.js";

export class Conversations {
  #open = new OpenConversations();
  #attached = new Set(); // session ids, of this connection
  #router = new EventRouter();
  #listener;

  /**
   * @param {{socket: object, api: object, outbox: object, onChange: (transcript: Transcript) => void,
   *   onProblem: (message: string, transcript?: Transcript) => void, onNews: (frame: object) => void}} options
   */
  constructor({ socket, api, outbox, onChange, onProblem, onNews }) {
    Object.assign(this, { socket, api, outbox, onChange, onProblem, onNews });
    const onGone = (conversation) => this.receive({ type: "verbatim:conversation.deleted", conversation });
    const onMade = (transcript, session) => this.made(transcript, session);
    const onRefused = (transcript, messageId, message) => this.refuse(transcript, messageId, message);
    this.items = new ItemPages({ api, onChange, onGone, onProblem });
    this.delivery = new Delivery({ socket, api, onMade, onRefused });
    const { items, delivery } = this;
    const hooks = { onChange, onProblem, onNews };
    const parts = { open: this.#open, router: this.#router, items, delivery, outbox, conversations: this };
    this.#listener = new Listener({ ...parts, ...hooks });
    this.current = null; // the session that is shown
    this.maxFrameBytes = USUAL_LIMIT_BYTES; // set once the server has said it
  }

  /** Shows a session: what is known at once, the rest as it comes. */
  open(sessionId) {
    this.current = sessionId;
    const transcript = this.#open.ensure(sessionId);
    if (transcript.begins) return transcript;
    if (!this.items.has(sessionId)) this.items.load(transcript);
    if (this.socket.isOpen) this.#attach(transcript);
    return transcript;
  }

  /** Gives a new conversation its session, which the server is told of with the first message. */
  begin(transcript, sessionId, metadata) {
    Object.assign(transcript, { sessionId, begins: metadata });
    this.#open.put(transcript);
  }

  /**
   * Changes what a session begins with.
   * @param {object} change see `amended`
   * @returns {boolean} false: the server knows the session, and is to be asked
   */
  amend(sessionId, change) {
    const transcript = this.#open.get(sessionId);
    if (!transcript?.begins) return false;
    transcript.begins = amended(transcript.begins, change);
    this.#keepUnsent(transcript);
    return true;
  }

  /** The server knows the session now. */
  made(transcript, session = null) {
    const { sessionId } = transcript;
    // Deleted here while it was being made.
    if (!this.#open.has(transcript)) return this.api.deleteSessions([sessionId]).catch(() => {});
    transcript.begins = null;
    this.#keepUnsent(transcript);
    if (session) this.onNews({ type: "verbatim:conversation.updated", conversation: session });
    if (this.socket.isOpen) this.#attach(transcript);
    this.delivery.next(transcript);
  }

  /** Takes the outbox as it is. What waits goes out with `resume` or `deliver`. */
  restore() {
    for (const transcript of restore(this.#open, this.outbox)) this.onChange(transcript);
  }

  /** Sends what waits, on a connection that stands. */
  deliver() {
    for (const transcript of this.#open) {
      if (!this.socket.isOpen || transcript.kept.length === 0) continue;
      if (!transcript.begins) this.#attach(transcript);
      this.delivery.next(transcript);
    }
  }

  /** The page goes. */
  flush() {
    for (const transcript of this.#open) this.delivery.flush(transcript);
  }

  /** @returns {string | null} why the server would not take this message */
  problemWith(transcript, text, model, images = []) {
    const entry = { messageId: newId(), text, images, model };
    return sizeProblem(frameBytes(transcript.sessionId, entry), this.maxFrameBytes);
  }

  /** @param {string | null} [after] the item behind which the message is to stand, in the place of what stands there */
  send(transcript, text, model, after, images = []) {
    const messageId = newId();
    transcript.addPending(messageId, text, model, after, images);
    this.#keepUnsent(transcript);
    this.delivery.next(transcript);
    this.onChange(transcript);
    return messageId;
  }

  sendAgain(transcript, messageId) {
    transcript.setRefusal(messageId, null);
    this.#keepUnsent(transcript);
    const entry = transcript.unacknowledged.find((pending) => pending.messageId === messageId);
    const problem = entry && this.problemWith(transcript, entry.text, entry.model, entry.images);
    if (problem) this.refuse(transcript, messageId, problem);
    else if (entry) this.delivery.next(transcript);
    this.onChange(transcript);
  }

  /**
   * The server does not take a message, which stays as not sent, or what was asked without one, which is asked no more.
   * @param {object} [refusal] the server's own words
   */
  refuse(transcript, messageId, message, refusal) {
    if (transcript.asks.some((ask) => ask.messageId === messageId)) this.withdraw(transcript, messageId);
    else transcript.setRefusal(messageId, message);
    this.#keepUnsent(transcript);
    this.delivery.next(transcript);
    this.onChange(transcript);
    this.onProblem(message, transcript, refusal);
  }

  /** The server closed the connection over the size of a frame. Sent again, the same frame would close the next one. */
  refuseLargest() {
    let largest = null;
    for (const transcript of this.#open) {
      for (const entry of transcript.unacknowledged) {
        const bytes = frameBytes(transcript.sessionId, entry);
        if (bytes > (largest?.bytes ?? 0)) largest = { transcript, entry, bytes };
      }
    }
    if (largest) this.refuse(largest.transcript, largest.entry.messageId, refusedSize(largest.bytes));
  }

  /**
   * Asks for an answer without a question: another one to a message, or more of one.
   * @param {object} place `verbatim:after` or `verbatim:continue`
   * @returns {string} the name under which the answer or a refusal comes
   */
  askAgain(transcript, place, model = null) {
    const messageId = newId();
    transcript.ask({ messageId, model, place });
    this.#keepUnsent(transcript);
    this.delivery.next(transcript);
    this.onChange(transcript);
    return messageId;
  }

  /** This page has had another path shown: it need not wait for the news of it. */
  pathShown(transcript) {
    transcript.leavePath();
    return this.items.load(transcript);
  }

  /** Takes a message that the server does not have out of the conversation, or what was asked without one. */
  withdraw(transcript, messageId) {
    const entry = transcript.unsent.find((unsent) => unsent.messageId === messageId);
    transcript.withdraw(messageId);
    this.outbox.dropSend(messageId);
    if (entry?.after !== undefined && transcript.sessionId) this.items.load(transcript); // what it stood in the place of
    this.delivery.next(transcript);
    this.onChange(transcript);
  }

  async stop(transcript) {
    const responseId = transcript.running?.responseId;
    if (!responseId || this.socket.send({ type: "response.cancel", response_id: responseId })) return;
    await this.api.cancel(responseId).catch((error) => this.onProblem(error.message, transcript));
  }

  /** The session is gone, and with it what waited to be said in it. */
  remove(sessionId) {
    this.#letGo(sessionId);
    this.delivery.forget(sessionId);
    this.outbox.dropSession(sessionId);
  }

  /** A new connection: says again what it has to know. Conversations that nobody waits for are let go. */
  resume() {
    this.#attached.clear();
    this.#router.reset();
    this.delivery.reset();
    for (const transcript of this.#open) {
      const { sessionId, kept } = transcript;
      if (sessionId !== this.current && kept.length === 0) this.#letGo(sessionId);
      else this.#resumeOne(transcript);
    }
  }

  receive(frame) {
    this.#listener.hear(frame);
  }

  #keepUnsent(transcript) {
    const { sessionId, begins } = transcript;
    if (!this.#open.has(transcript)) return; // deleted
    for (const entry of transcript.kept) this.outbox.keepSend(sessionId, { ...entry, begins });
  }

  #letGo(sessionId) {
    this.#open.remove(sessionId);
    this.#attached.delete(sessionId);
    this.items.forget(sessionId);
  }

  #resumeOne(transcript) {
    // With the cursor first: a response is sent once per connection, so attaching the conversation then adds nothing.
    const { running } = transcript;
    if (running && running.cursor >= 0) {
      const cursor = { response_id: running.responseId, starting_after: running.cursor };
      const stream_id = this.#router.streamFor(running.responseId);
      this.socket.send({ type: "verbatim:response.attach", ...cursor, stream_id });
    }
    if (!transcript.begins) this.#attach(transcript);
    this.delivery.next(transcript);
  }

  #attach(transcript) {
    if (this.#attached.has(transcript.sessionId)) return;
    this.#attached.add(transcript.sessionId);
    transcript.beginAgain();
    this.socket.send({ type: "verbatim:conversation.attach", conversation: transcript.sessionId });
  }
}
