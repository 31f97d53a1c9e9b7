// A connection without a network, for tests of what is said over it.

import { Conversations } from "../../../static/conversations.js";
import { Outbox } from "../../../static/model/outbox.js";

export const R = "resp_s_0000000000000001";
export const response = { id: R, status: "in_progress", metadata: {} };

class FakeSocket {
  isOpen = true;
  sent = [];

  send(frame) {
    if (this.isOpen) this.sent.push(frame);
    return this.isOpen;
  }
}

/** Lets what was asked for arrive. */
export const flushed = () => new Promise((resolve) => setImmediate(resolve));

/** Conversations with a socket that only notes what is sent, and an API that answers with these items. */
export function begin({ items = [] } = {}) {
  const socket = new FakeSocket();
  const problems = [];
  const news = [];
  const api = { items: async () => ({ items }) };
  const hooks = { onChange() {}, onProblem: (message) => problems.push(message), onNews: (frame) => news.push(frame) };
  const outbox = new Outbox();
  return { socket, api, outbox, problems, news, conversations: new Conversations({ socket, api, outbox, ...hooks }) };
}

/** What a later page would find in the outbox. */
export async function kept() {
  const outbox = new Outbox();
  await outbox.open("");
  return outbox.sends;
}

/** The types of what was sent. */
export const types = (socket) => socket.sent.map((frame) => frame.type);
