// Drafts and the outbox of reports in IndexedDB: nothing a citizen typed is lost with the network.

const NAME = "thanglong-report";

export interface Draft {
  /** the report's own identifier: sending twice makes one case */
  key: string;
  fields: [string, string][];
  photos: Photo[];
  step: number;
  saved: number;
}

export interface Photo {
  name: string;
  content: Blob;
  /** the server's id once uploaded */
  id?: string;
}

export interface Waiting extends Draft {
  tries: number;
  next: number;
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("draft");
      request.result.createObjectStore("outbox", { keyPath: "key" });
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

async function run<T>(store: string, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  return new Promise((done, failed) => {
    const request = work(database.transaction(store, mode).objectStore(store));
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

export const keepDraft = (draft: Draft): Promise<unknown> => run("draft", "readwrite", (store) => store.put(draft, "report"));
export const readDraft = (): Promise<Draft | undefined> => run("draft", "readonly", (store) => store.get("report") as IDBRequest<Draft | undefined>);
export const dropDraft = (): Promise<unknown> => run("draft", "readwrite", (store) => store.delete("report"));
export const queue = (waiting: Waiting): Promise<unknown> => run("outbox", "readwrite", (store) => store.put(waiting));
export const queued = (): Promise<Waiting[]> => run("outbox", "readonly", (store) => store.getAll() as IDBRequest<Waiting[]>);
export const dequeue = (key: string): Promise<unknown> => run("outbox", "readwrite", (store) => store.delete(key));
