/**
 * IndexedDB of the worker: the core's entries, which it sealed itself, and the device key, which
 * the browser keeps where no script can read it.
 *
 * Each worker that opens the store writes its own mark into it; a commit looks at the mark in the
 * same transaction. So a worker that lost the store to another tab cannot write any more, even if
 * it has not heard of it yet.
 */

const NAME = "wardline";
const VERSION = 1;
const ENTRIES = "entries";
const KEYS = "keys";
const OWNER = "owner";
const DEVICE_KEY = "device-key";

export type Entry = [name: string, value: Uint8Array];
export type Change = [name: string, value: Uint8Array | null];

export class Storage {
  readonly #database: IDBDatabase;
  readonly #owner: string;

  private constructor(database: IDBDatabase, owner: string) {
    this.#database = database;
    this.#owner = owner;
  }

  /** Opens the store and takes it over from whoever had it. */
  static async open(): Promise<Storage> {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(ENTRIES);
      request.result.createObjectStore(KEYS);
    };
    const database = await answer(request);
    const owner = crypto.randomUUID();
    const transaction = database.transaction(KEYS, "readwrite", { durability: "strict" });
    transaction.objectStore(KEYS).put(owner, OWNER);
    await completion(transaction);
    return new Storage(database, owner);
  }

  /** Everything that the core keeps. */
  async entries(): Promise<Entry[]> {
    const store = this.#database.transaction(ENTRIES, "readonly").objectStore(ENTRIES);
    const [names, values] = await Promise.all([
      answer(store.getAllKeys()),
      answer<Uint8Array[]>(store.getAll()),
    ]);
    return names.map((name, index) => [String(name), values[index] ?? new Uint8Array()]);
  }

  /** Writes all changes or none; resolves when they are on the disk. */
  async commit(changes: Change[]): Promise<void> {
    const transaction = this.#database.transaction([ENTRIES, KEYS], "readwrite", {
      durability: "strict",
    });
    const done = completion(transaction);
    const entries = transaction.objectStore(ENTRIES);
    const mark = transaction.objectStore(KEYS).get(OWNER);
    mark.onsuccess = () => {
      if (mark.result !== this.#owner) {
        transaction.abort();
        return;
      }
      for (const [name, value] of changes) {
        if (value === null) {
          entries.delete(name);
        } else {
          entries.put(value, name);
        }
      }
    };
    await done;
  }

  /** The device's P-256 key: made once, never extractable. */
  async deviceKey(): Promise<CryptoKeyPair> {
    const kept = await answer<CryptoKeyPair | undefined>(
      this.#database.transaction(KEYS, "readonly").objectStore(KEYS).get(DEVICE_KEY),
    );
    if (kept) {
      return kept;
    }
    const made = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
      "sign",
      "verify",
    ]);
    const transaction = this.#database.transaction(KEYS, "readwrite", { durability: "strict" });
    transaction.objectStore(KEYS).put(made, DEVICE_KEY);
    await completion(transaction);
    return made;
  }

  /** Deletes the device's key, unless the store has another owner by now. */
  async forgetDeviceKey(): Promise<void> {
    const transaction = this.#database.transaction(KEYS, "readwrite", { durability: "strict" });
    const done = completion(transaction);
    const keys = transaction.objectStore(KEYS);
    const mark = keys.get(OWNER);
    mark.onsuccess = () => {
      if (mark.result === this.#owner) {
        keys.delete(DEVICE_KEY);
      } else {
        transaction.abort();
      }
    };
    await done;
  }

  close(): void {
    this.#database.close();
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException("storage", "UnknownError"));
  });
}

function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = () =>
      reject(transaction.error ?? new DOMException("the store has another owner", "AbortError"));
    transaction.oncomplete = () => resolve();
    transaction.onerror = failed;
    transaction.onabort = failed;
  });
}
