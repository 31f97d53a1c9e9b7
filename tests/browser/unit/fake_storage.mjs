// Rule: a localStorage for tests, which can be told to throw.

export class FakeStorage {
  #values = new Map();
  isBroken = false;

  static install() {
    const storage = new FakeStorage();
    Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true, writable: true });
    return storage;
  }

  get length() {
    return this.#checked.size;
  }

  key = (at) => [...this.#checked.keys()][at] ?? null;
  getItem = (key) => this.#checked.get(key) ?? null;
  setItem = (key, value) => void this.#checked.set(key, String(value));
  removeItem = (key) => void this.#checked.delete(key);

  get #checked() {
    if (this.isBroken) throw new Error("QuotaExceededError");
    return this.#values;
  }
}
