// Rule: what one tab leaves behind, the others of this browser deliver. A tab that goes sends what it can, and says that
// it goes; the others look into the outbox then, and whenever they have a new connection.

const CHANNEL = "verbatim.outbox";
const LEFT = "left";

export class Neighbours {
  /** @param {{outbox: object, socket: object, conversations: object, onTaken: () => void}} options */
  constructor({ outbox, socket, conversations, onTaken }) {
    Object.assign(this, { outbox, socket, conversations, onTaken });
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.onmessage = ({ data }) => data === LEFT && this.#takeOver();
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("beforeunload", (event) => outbox.isKept || event.preventDefault());
    document.addEventListener("visibilitychange", () => this.#returned());
  }

  /** Takes the outbox as it is now. */
  async look() {
    await this.outbox.refresh();
    this.conversations.restore();
    this.onTaken();
  }

  async #takeOver() {
    await this.look();
    this.conversations.deliver();
  }

  // Nothing tells a tab without a connection what the others have written meanwhile.
  #returned() {
    if (document.visibilityState === "visible" && !this.socket.isOpen) this.look();
  }

  #leave() {
    this.conversations.flush();
    if (this.outbox.waiting > 0) this.channel.postMessage(LEFT);
  }
}
