// Rule: one WebSocket that comes back by itself. It knows nothing of what is said over it: whoever listens to
// `onOpen` says again what a new connection has to know, cursors included. So nothing is queued here.

import { retryDelay } from "./model/backoff.js";

// The server breaks its silence every 20 s; after this long the connection is taken for half-open.
const SILENCE_LIMIT_MS = 45_000;
const SILENCE_CHECK_MS = 5_000;
// A connection that was heard for less than this may end for the reason that ended the one before.
const HEALTHY_MS = 5_000;

export class Socket {
  #socket = null;
  #attempt = 0; // tries since the last healthy connection
  #retry = null; // the timer of the next try
  #heardAt = 0;
  #heardSince = null; // when the connection said its first frame
  #isStarted = false;

  /** @param {{url: string, onOpen: () => void, onFrame: (frame: object) => void, onAway: (code?: number) => void}} options */
  constructor({ url, onOpen, onFrame, onAway }) {
    Object.assign(this, { url, onOpen, onFrame, onAway });
  }

  /** Connects, and from then on sees to it that the connection comes back. */
  start() {
    if (this.#isStarted) return this.hurry();
    this.#isStarted = true;
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("pageshow", (event) => event.persisted && this.hurry());
    setInterval(() => this.#dropIfSilent(), SILENCE_CHECK_MS);
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** @returns {boolean} whether the frame was handed to an open connection */
  send(frame) {
    if (this.isOpen) this.#socket.send(JSON.stringify(frame));
    return this.isOpen;
  }

  /** Tries now what would be tried later: the reader is back, or the network is. */
  hurry() {
    this.#dropIfSilent();
    if (this.#retry === null) return;
    this.#attempt = 0;
    this.#connect();
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = null;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    this.#heardAt = performance.now();
    this.#heardSince = null;
    socket.onopen = () => this.#socket === socket && this.onOpen();
    socket.onmessage = (event) => this.#socket === socket && this.#receive(event.data);
    socket.onclose = (event) => this.#socket === socket && this.#lose(event?.code);
  }

  #receive(data) {
    this.#heardAt = performance.now();
    this.#heardSince ??= this.#heardAt;
    this.onFrame(JSON.parse(data));
  }

  #lose(code) {
    this.#socket = null;
    if (this.#heardSince !== null && performance.now() - this.#heardSince >= HEALTHY_MS) this.#attempt = 0;
    this.#retry = setTimeout(() => this.#connect(), retryDelay(this.#attempt));
    this.#attempt += 1;
    this.onAway(code);
  }

  #dropIfSilent() {
    if (this.#socket === null || performance.now() - this.#heardAt < SILENCE_LIMIT_MS) return;
    const socket = this.#socket;
    this.#lose(); // the close of a half-open connection may take minutes to be reported
    socket.close();
  }
}
