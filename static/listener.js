// Rule: what each frame of the server means for the conversations that are open. Of the server nothing is asked here but
// the items of what is out of date.

import { isForNow } from "./delivery.js";
import { lacking } from "./model/beginning.js";

export class Listener {
  /**
   * @param {object} parts open (the conversations), router, items, delivery, outbox, conversations, onChange, onProblem,
   *   onNews
   */
  constructor(parts) {
    Object.assign(this, parts);
  }

  hear(frame) {
    const act = HEARD[frame.type];
    if (act) this[act](frame);
    else if (frame.type.startsWith("response.")) this.hearEvent(frame);
  }

  hearAttached({ conversation, response_id: runningId }) {
    const transcript = this.open.get(conversation);
    if (transcript) this.items.load(transcript, runningId);
  }

  hearItem({ conversation, item, response_id: responseId, "verbatim:after": after }) {
    const transcript = this.open.get(conversation);
    if (!transcript) return;
    if (item.type !== "message") return this.items.load(transcript); // what a program ran is not shown, but what was before it
    if (transcript.addItem(item, responseId, after)) this.items.load(transcript);
    this.onChange(transcript);
  }

  hearPath({ conversation }) {
    const transcript = this.open.get(conversation);
    if (!transcript) return;
    transcript.leavePath();
    this.items.load(transcript);
  }

  hearEvent(event) {
    const responseId = this.router.responseOf(event);
    const transcript = this.open.ofResponse(responseId, event.response);
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

  hearError({ stream_id: messageId, error }) {
    // The server goes away in a moment; the send stays pending and goes out again when it is back.
    if (error.code === "shutting_down") return;
    const transcript = this.open.waitingFor(messageId);
    // It was answered, and the answer deleted: it is not asked again.
    if (error.code === "response_not_found" && transcript) this.conversations.withdraw(transcript, messageId);
    const outOfDate = transcript ?? this.open.get(this.conversations.current);
    if (OUT_OF_DATE.has(error.code)) return outOfDate && this.items.load(outOfDate); // one that is gone was said to be
    if (transcript && isForNow(error)) return this.delivery.later(transcript);
    const refusal = { ...error, messageId };
    if (transcript) this.conversations.refuse(transcript, messageId, error.message, refusal);
    else this.onProblem(error.message, transcript, refusal);
  }

  hearNews(frame) {
    const { conversation } = frame;
    if (frame.type === "verbatim:conversation.deleted") this.conversations.remove(conversation);
    const begun = this.open.get(conversation.id);
    // Another tab has made it. What it still lacks is said by that one, or by this one when it is its turn.
    if (begun?.begins && !lacking(begun.begins, conversation)) this.conversations.made(begun);
    this.onNews(frame);
  }

  ignore() {}
}

// What is shown is not what there is: the items tell.
const OUT_OF_DATE = new Set(["response_not_found", "conversation_not_found"]);

const ENDS = new Set(["response.completed", "response.incomplete", "response.failed"]);

const HEARD = {
  "verbatim:conversation.attached": "hearAttached",
  "verbatim:conversation.detached": "ignore",
  "verbatim:conversation.item": "hearItem",
  "verbatim:conversation.path": "hearPath",
  "verbatim:conversation.item_deleted": "hearPath",
  "verbatim:conversation.updated": "hearNews",
  "verbatim:conversation.deleted": "hearNews",
  "verbatim:response.snapshot": "hearEvent",
  "verbatim:settings.updated": "onNews",
  "verbatim:keepalive": "ignore",
  error: "hearError",
};
