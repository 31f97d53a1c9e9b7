// Rule: the only module that knows IndexedDB: messages under way, by their id, and images that are attached, each with
// the name of its user. What is kept is on the disk when it is said to be. Where there is no database, or it does not
// answer, each call fails.

const SENDS = { name: "verbatim", shelf: "sends", key: "messageId" };
const IMAGES = { name: "verbatim.images", shelf: "drafts", key: "key" };
const USER = "user";
// A database that takes longer is none: the page does not wait for it.
const ANSWER_MS = 3_000;

export class OutboxStore {
  #database = null; // the promise of it

  /**
   * @param {{name: string, shelf: string, key: string}} [place] the database, its only store, and what that is sorted by
   * @param {IDBFactory} [factory]
   */
  constructor(place = SENDS, factory = globalThis.indexedDB) {
    Object.assign(this, { place, factory });
  }

  /** Where images wait that are attached. It is a database of its own: a page of before has the other one open. */
  static ofImages = () => new OutboxStore(IMAGES);

  /** @returns {Promise<object[]>} what is kept for a user, in no order */
  async all(user) {
    return inTime(settled((await this.#shelf()).index(USER).getAll(user)));
  }

  /** @returns {Promise<object | undefined>} */
  async get(key) {
    return inTime(settled((await this.#shelf()).get(key)));
  }

  put = (entry) => this.#change((shelf) => shelf.put(entry));
  remove = (key) => this.#change((shelf) => shelf.delete(key));

  async #shelf() {
    const { shelf } = this.place;
    return (await this.#open()).transaction(shelf).objectStore(shelf);
  }

  async #change(act) {
    const { shelf } = this.place;
    const transaction = (await this.#open()).transaction(shelf, "readwrite", { durability: "strict" });
    act(transaction.objectStore(shelf));
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    await inTime(done);
  }

  #open() {
    this.#database ??= this.#opened().catch((error) => {
      this.#database = null; // it may open another time
      throw error;
    });
    return this.#database;
  }

  async #opened() {
    const { name, shelf, key } = this.place;
    const request = this.factory.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(shelf, { keyPath: key }).createIndex(USER, USER);
    };
    const database = await inTime(settled(request));
    const forget = () => {
      this.#database = null;
    };
    database.onclose = forget; // the user has cleared what sites keep
    database.onversionchange = () => {
      database.close();
      forget();
    };
    return database;
  }
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function inTime(answer) {
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("the database does not answer")), ANSWER_MS);
  });
  return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
}
