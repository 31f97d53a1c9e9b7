// Rule: keeps every opened conversation true to the server, over any number of connections. It is the only
// module that says frames. A conversation once opened stays attached until the connection ends, since leaving it
// in mid-answer would lose the place.

import { Delivery, isForNow } from "./delivery.js";
import { ItemPages } from "./item_pages.js";
import { createFrame, frameBytes, refusedSize, sizeProblem, USUAL_LIMIT_BYTES } from "./model/frame.js";
import { newId } from "./model/ids.js";
import { restore } from "./model/restored.js";
import { EventRouter, sessionOf } from "./model/router.js";
import { Transcript } from "./model/transcript.js";

export class Conversations {
  #transcripts = new Map(); // by session id
  #attached = new Set(); // session ids, of this connection
  #router = new EventRouter();

  /**
   * @param {{socket: object, api: object, outbox: object, onChange: (transcript: Transcript) => void,
   *   onProblem: (message: string, transcript?: Transcript) => void, onNews: (frame: object) => void}} options
   */
  constructor({ socket, api, outbox, onChange, onProblem, onNews }) {
    Object.assign(this, { socket, api, outbox, onChange, onProblem, onNews });
    const onGone = (conversation) => this.receiveNews({ type: "verbatim:conversation.deleted", conversation });
    this.items = new ItemPages({ api, onChange, onGone, onProblem });
    const onMade = (transcript, session) => this.#made(transcript, session);
    const onRefused = (transcript, messageId, message) => this.#refuse(transcript, messageId, message);
    this.delivery = new Delivery({ socket, api, onMade, onRefused });
    this.current = null; // the session that is shown
    this.maxFrameBytes = USUAL_LIMIT_BYTES; // set once the server has said it
  }

  /** Shows a session: what is known at once, the rest as it comes. */
  open(sessionId) {
    this.current = sessionId;
    const transcript = this.#ensure(sessionId);
    if (transcript.begins) return transcript;
    if (!this.items.has(sessionId)) this.items.load(transcript);
    if (this.socket.isOpen) this.#attach(transcript);
    return transcript;
  }

  /** Gives a new conversation its session, which the server is told of with the first message. */
  begin(transcript, sessionId, metadata) {
    Object.assign(transcript, { sessionId, begins: metadata });
    this.#transcripts.set(sessionId, transcript);
  }

  /** Takes the outbox as it is. What waits goes out with `resume` or `deliver`. */
  restore() {
    const changed = restore(this.#transcripts, this.outbox, (sessionId) => this.#ensure(sessionId));
    for (const transcript of changed) this.onChange(transcript);
  }

  /** Sends what waits, on a connection that stands. */
  deliver() {
    for (const transcript of this.#transcripts.values()) {
      if (!this.socket.isOpen || transcript.unsent.length === 0) continue;
      if (!transcript.begins) this.#attach(transcript);
      this.delivery.next(transcript);
    }
  }

  /** The page goes. */
  flush() {
    for (const transcript of this.#transcripts.values()) this.delivery.flush(transcript);
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
    if (problem) this.#refuse(transcript, messageId, problem);
    else if (entry) this.delivery.next(transcript);
    this.onChange(transcript);
  }

  /** The server closed the connection over the size of a frame. Sent again, the same frame would close the next one. */
  refuseLargest() {
    let largest = null;
    for (const transcript of this.#transcripts.values()) {
      for (const entry of transcript.unacknowledged) {
        const bytes = frameBytes(transcript.sessionId, entry);
        if (bytes > (largest?.bytes ?? 0)) largest = { transcript, entry, bytes };
      }
    }
    if (largest) this.#refuse(largest.transcript, largest.entry.messageId, refusedSize(largest.bytes));
  }

  /**
   * Asks for an answer without a question: another one to a message, or more of one.
   * @param {object} place `verbatim:after` or `verbatim:continue`
   * @returns {string | null} the name under which the answer or a refusal comes; null without a connection
   */
  askAgain(transcript, place, model = null) {
    const messageId = newId();
    const isSent = this.socket.send(createFrame(transcript.sessionId, { messageId, text: "", model, place }));
    return isSent ? messageId : null;
  }

  /** This page has had another path shown: it need not wait for the news of it. */
  pathShown(transcript) {
    transcript.leavePath();
    return this.items.load(transcript);
  }

  /** Takes a message that the server does not have out of the conversation. */
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
    for (const [sessionId, transcript] of this.#transcripts) {
      if (sessionId !== this.current && transcript.unsent.length === 0) this.#letGo(sessionId);
      else this.#resumeOne(transcript);
    }
  }

  receive(frame) {
    const listener = LISTENERS[frame.type];
    if (listener) this[listener](frame);
    else if (frame.type.startsWith("response.")) this.receiveEvent(frame);
  }

  receiveAttached({ conversation, response_id: runningId }) {
    const transcript = this.#transcripts.get(conversation);
    if (transcript) this.items.load(transcript, runningId);
  }

  receiveItem({ conversation, item, response_id: responseId, "verbatim:after": after }) {
    const transcript = this.#transcripts.get(conversation);
    if (!transcript) return;
    if (item.type !== "message") return this.items.load(transcript); // what a program ran is not shown, but what was before it
    if (transcript.addItem(item, responseId, after)) this.items.load(transcript);
    this.onChange(transcript);
  }

  receivePath({ conversation }) {
    const transcript = this.#transcripts.get(conversation);
    if (!transcript) return;
    transcript.leavePath();
    this.items.load(transcript);
  }

  receiveEvent(event) {
    const responseId = this.#router.responseOf(event);
    const transcript = this.#transcriptOf(responseId, event);
    for (const messageId of event.response ? [event.stream_id, event.response.metadata?.client_message_id] : []) {
      this.outbox.dropSend(messageId);
      transcript?.acknowledge(messageId, responseId);
    }
    if (!transcript) return;
    this.delivery.next(transcript);
    transcript.apply(responseId, event);
    this.onChange(transcript);
    // What stands at the same place only the items tell.
    if (ENDS.has(event.type) && transcript.forks.delete(responseId)) this.items.load(transcript);
  }

  receiveError({ stream_id: messageId, error }) {
    // The server goes away in a moment; the send stays pending and goes out again when it is back.
    if (error.code === "shutting_down") return;
    const transcript = [...this.#transcripts.values()].find((one) => one.isWaitingFor(messageId));
    // The message was answered, and the answer deleted: it is not asked again.
    if (error.code === "response_not_found" && transcript) this.withdraw(transcript, messageId);
    const outOfDate = transcript ?? this.#transcripts.get(this.current);
    if (OUT_OF_DATE.has(error.code)) return outOfDate && this.items.load(outOfDate); // one that is gone was said to be
    if (transcript && isForNow(error)) return this.delivery.later(transcript);
    if (transcript) this.#refuse(transcript, messageId, error.message);
    else this.onProblem(error.message, transcript, { ...error, messageId });
  }

  receiveNews(frame) {
    if (frame.type === "verbatim:conversation.deleted") this.remove(frame.conversation);
    const begun = this.#transcripts.get(frame.conversation.id);
    if (begun?.begins) this.#made(begun); // by another tab
    this.onNews(frame);
  }

  ignore() {}

  #refuse(transcript, messageId, message) {
    transcript.setRefusal(messageId, message);
    this.#keepUnsent(transcript);
    this.delivery.next(transcript);
    this.onChange(transcript);
    this.onProblem(message, transcript);
  }

  #keepUnsent(transcript) {
    const { sessionId, begins } = transcript;
    if (this.#transcripts.get(sessionId) !== transcript) return; // deleted
    for (const entry of transcript.unsent) this.outbox.keepSend(sessionId, { ...entry, begins });
  }

  /** The server knows the session now. */
  #made(transcript, session = null) {
    const { sessionId } = transcript;
    // Deleted here while it was being made.
    if (this.#transcripts.get(sessionId) !== transcript) return this.api.deleteSessions([sessionId]).catch(() => {});
    transcript.begins = null;
    this.#keepUnsent(transcript);
    if (session) this.onNews({ type: "verbatim:conversation.updated", conversation: session });
    if (this.socket.isOpen) this.#attach(transcript);
    this.delivery.next(transcript);
  }

  #letGo(sessionId) {
    this.#transcripts.delete(sessionId);
    this.#attached.delete(sessionId);
    this.items.forget(sessionId);
  }

  #ensure(sessionId) {
    if (!this.#transcripts.has(sessionId)) this.#transcripts.set(sessionId, new Transcript(sessionId));
    return this.#transcripts.get(sessionId);
  }

  #transcriptOf(responseId, event) {
    const named = this.#transcripts.get(sessionOf(responseId, event.response));
    return named ?? [...this.#transcripts.values()].find((one) => one.has(responseId));
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

// What is shown is not what there is: the items tell.
const OUT_OF_DATE = new Set(["response_not_found", "conversation_not_found"]);

const ENDS = new Set(["response.completed", "response.incomplete", "response.failed"]);

const LISTENERS = {
  "verbatim:conversation.attached": "receiveAttached",
  "verbatim:conversation.detached": "ignore",
  "verbatim:conversation.item": "receiveItem",
  "verbatim:conversation.path": "receivePath",
  "verbatim:conversation.item_deleted": "receivePath",
  "verbatim:conversation.updated": "receiveNews",
  "verbatim:conversation.deleted": "receiveNews",
  "verbatim:response.snapshot": "receiveEvent",
  "verbatim:settings.updated": "onNews",
  "verbatim:keepalive": "ignore",
  error: "receiveError",
};
