// Rule: images that are attached belong to the chat in which they were attached: they are shown there only, and again
// when it is opened again, by whichever page. What is attached before those of a former page are read stands behind them.

export class Attached {
  #place = placeOf(null); // where what is attached now belongs
  #hasEnded = false;

  /** @param {{outbox: {user: string, images: object}, composer: object}} parts */
  constructor({ outbox, composer }) {
    Object.assign(this, { outbox, composer });
    composer.attachments.place = this.#place;
  }

  /** Another chat is shown. */
  async show(sessionId) {
    const place = placeOf(sessionId);
    this.#place = place;
    this.composer.attachments.place = place;
    this.composer.images = [];
    const kept = await this.outbox.images.of(this.outbox.user, sessionId);
    place.isRead = true;
    // What is kept already is not kept again: another tab may have taken it off meanwhile.
    const isKept = place.images.length === 0 && place.sessionId === sessionId;
    if (isKept) this.#take(place, kept);
    else this.#put(place, [...kept, ...place.images]);
  }

  /** The new chat that is shown has a session now: what is attached is on its way in it. */
  begin(sessionId) {
    this.#keep(null, []);
    this.#place.sessionId = sessionId;
  }

  /** The user has attached, removed or sent some. */
  changed(images) {
    this.#put(this.#place, images);
  }

  /** Images that have reached nobody come back, ahead of what is attached. */
  giveBack(images) {
    if (images.length > 0) this.#put(this.#place, [...images, ...this.#place.images]);
  }

  /** Takes off again what was given back. */
  takeOff(images) {
    this.#put(
      this.#place,
      this.#place.images.filter((image) => !images.includes(image)),
    );
  }

  /** A large image is ready when its chat is not shown any more. */
  late(place, image) {
    const { most } = this.composer.attachments;
    const { sessionId, images } = this.#place;
    if (place.sessionId !== sessionId) this.#add(place, image, most);
    else if (images.length < most) this.#put(this.#place, [...images, image]);
  }

  /** Nothing is kept from here on. */
  end() {
    this.#hasEnded = true;
  }

  get images() {
    return this.#place.images;
  }

  #take(place, images) {
    place.images = images;
    if (place === this.#place && this.composer.images !== images) this.composer.images = images;
  }

  #put(place, images) {
    this.#take(place, images);
    // Those that are not read yet must not be overwritten.
    if (place.isRead) this.#keep(place.sessionId, images);
  }

  #add({ sessionId }, image, most) {
    if (!this.#hasEnded) this.outbox.images.add(this.outbox.user, sessionId, image, most);
  }

  #keep(sessionId, images) {
    if (!this.#hasEnded) this.outbox.images.keep(this.outbox.user, sessionId, images);
  }
}

const placeOf = (sessionId) => ({ sessionId, images: [], isRead: false });
