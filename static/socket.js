// Rule: one WebSocket that comes back by itself. It knows nothing of what is said over it: whoever listens to
// `onOpen` says again what a new connection has to know, cursors included. So nothing is queued here.

import { retryDelay } from "./model/backoff.js";
import { Pulse } from "./model/pulse.js";

const CHECK_MS = 1_000;
// A connection that was heard for less than this may end for the reason that ended the one before.
const HEALTHY_MS = 5_000;
const PING = JSON.stringify({ type: "verbatim:ping" });

export class Socket {
  pulse = new Pulse();
  #socket = null;
  #attempt = 0; // tries since the last healthy connection
  #retry = null; // the timer of the next try
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
    document.addEventListener("resume", () => this.hurry()); // the browser had frozen the tab
    window.addEventListener("pageshow", (event) => event.persisted && this.hurry());
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("offline", () => this.#ask()); // a server on this machine stays
    setInterval(() => this.#check(), CHECK_MS);
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** @returns {boolean} whether the frame was handed to an open connection */
  send(frame) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(frame));
    this.pulse.say(performance.now());
    return true;
  }

  /** The reader is back, or the network is: tries now what would be tried later, and asks what seems to stand. */
  hurry() {
    if (this.pulse.verdict(performance.now()) === "gone") this.drop();
    if (this.#retry === null) return this.#ask();
    this.#attempt = 0;
    this.#connect();
  }

  /** Gives this connection up for another, after a while. */
  drop() {
    const socket = this.#socket;
    if (socket === null) return;
    this.#lose(); // the close of a half-open connection may take minutes to be reported
    socket.close();
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = null;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    this.#heardSince = null;
    this.pulse.begin(performance.now());
    socket.onopen = () => this.#socket === socket && this.#open();
    socket.onmessage = (event) => this.#socket === socket && this.#receive(event.data);
    socket.onclose = (event) => this.#socket === socket && this.#lose(event?.code);
  }

  #open() {
    this.pulse.open(performance.now());
    this.onOpen();
  }

  #receive(data) {
    const now = performance.now();
    this.pulse.hear(now);
    this.#heardSince ??= now;
    this.onFrame(JSON.parse(data));
  }

  #lose(code) {
    this.#socket = null;
    if (this.#heardSince !== null && performance.now() - this.#heardSince >= HEALTHY_MS) this.#attempt = 0;
    this.#retry = setTimeout(() => this.#connect(), retryDelay(this.#attempt));
    this.#attempt += 1;
    this.onAway(code);
  }

  #check() {
    if (this.#socket === null) return;
    const verdict = this.pulse.verdict(performance.now());
    if (verdict === "ask") this.#ask();
    else if (verdict === "gone") this.drop();
  }

  #ask() {
    if (!this.isOpen) return;
    this.#socket.send(PING);
    this.pulse.ask(performance.now());
  }
}
