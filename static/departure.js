// Rule: who leaves does so in all tabs of this browser: when nothing of theirs is kept any more, none shows it either.

const CHANNEL = "verbatim.departure";

export class Departure {
  #channel = new BroadcastChannel(CHANNEL);

  /** @param {() => void} onLeft the user has left in another tab */
  constructor(onLeft) {
    this.#channel.onmessage = () => onLeft();
  }

  tell() {
    this.#channel.postMessage("left");
  }

  /** All begins anew. This page shows nothing any more, not even where the browser brings it back as it was. */
  go() {
    document.body.hidden = true;
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    location.assign("/");
  }
}
