// Rule: the only module that knows IndexedDB: messages under way, by their id, each with the name of its user. What is
// kept is on the disk when it is said to be. Where there is no database, or it does not answer, each call fails.

const NAME = "verbatim";
const SENDS = "sends";
const USER = "user";
// A database that takes longer is none: the page does not wait for it.
const ANSWER_MS = 3_000;

export class OutboxStore {
  #database = null; // the promise of it

  /** @param {IDBFactory} [factory] */
  constructor(factory = globalThis.indexedDB) {
    this.factory = factory;
  }

  /** @returns {Promise<object[]>} what is kept for a user, in no order */
  async all(user) {
    const sends = (await this.#open()).transaction(SENDS).objectStore(SENDS);
    return inTime(settled(sends.index(USER).getAll(user)));
  }

  put = (send) => this.#change((sends) => sends.put(send));
  remove = (messageId) => this.#change((sends) => sends.delete(messageId));

  async #change(act) {
    const transaction = (await this.#open()).transaction(SENDS, "readwrite", { durability: "strict" });
    act(transaction.objectStore(SENDS));
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
    const request = this.factory.open(NAME, 1);
    request.onupgradeneeded = () => {
      const sends = request.result.createObjectStore(SENDS, { keyPath: "messageId" });
      sends.createIndex(USER, USER);
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
