import type { Action } from './queue';

/**
 * What the telephone keeps: what was done and not yet told (with its photos), what was being typed, and the last that the desk said. Each
 * under the person whose it is; whoever signs out takes all of it along.
 */
const name = 'desk-crew';

interface KeptReply { owner: string; key: string; at: number; value: unknown }

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open(name, 1);
    asked.onupgradeneeded = () => {
      const db = asked.result;
      db.createObjectStore('actions', { keyPath: 'seq', autoIncrement: true }).createIndex('owner', 'owner');
      db.createObjectStore('photos', { keyPath: 'key' }).createIndex('owner', 'owner');
      db.createObjectStore('kept', { keyPath: ['owner', 'key'] }).createIndex('owner', 'owner');
      db.createObjectStore('drafts', { keyPath: ['owner', 'key'] }).createIndex('owner', 'owner');
    };
    asked.onsuccess = () => {
      // A later version of the pages wants to change it: let go, and open it anew when it is needed.
      asked.result.onversionchange = () => { asked.result.close(); opened = undefined; };
      done(asked.result);
    };
    asked.onerror = () => failed(asked.error);
  });
  opened.catch(() => { opened = undefined; });
  return opened;
}

type Stores = 'actions' | 'photos' | 'kept' | 'drafts';

/** One transaction; done when it is durable. */
async function within<T>(stores: Stores[], mode: IDBTransactionMode, work: (tx: IDBTransaction) => { result?: T } | void): Promise<T> {
  const db = await database();
  return new Promise((done, failed) => {
    const tx = db.transaction(stores, mode, { durability: 'strict' });
    const asked = work(tx);
    tx.oncomplete = () => done((asked as IDBRequest | undefined)?.result as T);
    tx.onabort = () => failed(tx.error);
    tx.onerror = () => failed(tx.error);
  });
}

export const actionsOf = (owner: string): Promise<Action[]> => within<Action[]>(['actions'], 'readonly', (tx) => tx.objectStore('actions').index('owner').getAll(owner));

/** The action and its photo, or neither. */
export async function addAction(action: Omit<Action, 'seq'>, photo?: ArrayBuffer): Promise<Action> {
  const seq = await within<number>(['actions', 'photos', 'drafts'], 'readwrite', (tx) => {
    if (photo) tx.objectStore('photos').put({ key: action.key, owner: action.owner, bytes: photo });
    else tx.objectStore('drafts').delete(IDBKeyRange.bound([action.owner, draftOf(action)], [action.owner, `${draftOf(action)}\uffff`]));
    return tx.objectStore('actions').add(action) as IDBRequest<number>;
  });
  return { ...action, seq };
}

/** Only what is still there: what was discarded meanwhile stays so. A photo that was sent is not needed any more. */
export const putAction = (action: Action): Promise<void> =>
  within<void>(['actions', 'photos'], 'readwrite', (tx) => {
    const actions = tx.objectStore('actions');
    const there = actions.get(action.seq);
    there.onsuccess = () => { if (there.result) actions.put(action); };
    if (action.photo && action.state === 'sent') tx.objectStore('photos').delete(action.key);
  });

export const removeAction = (action: Action): Promise<void> =>
  within<void>(['actions', 'photos'], 'readwrite', (tx) => {
    tx.objectStore('actions').delete(action.seq);
    tx.objectStore('photos').delete(action.key);
  });

/** Nothing waits for its time any more, and the next wait is a short one again. */
export const forgetWaits = (owner: string): Promise<void> =>
  within<void>(['actions'], 'readwrite', (tx) => {
    const walk = tx.objectStore('actions').index('owner').openCursor(owner);
    walk.onsuccess = () => {
      const at = walk.result;
      if (!at) return;
      const action = at.value as Action;
      if (action.notBefore > 0) at.update({ ...action, notBefore: 0, tries: 0 });
      at.continue();
    };
  });

export const photoOf = async (key: string): Promise<ArrayBuffer | undefined> => (await within<{ bytes: ArrayBuffer } | undefined>(['photos'], 'readonly', (tx) => tx.objectStore('photos').get(key)))?.bytes;

export const readKept = (owner: string, key: string): Promise<KeptReply | undefined> => within<KeptReply | undefined>(['kept'], 'readonly', (tx) => tx.objectStore('kept').get([owner, key]));

export const writeKept = (owner: string, key: string, value: unknown): Promise<void> => within<void>(['kept'], 'readwrite', (tx) => void tx.objectStore('kept').put({ owner, key, at: Date.now(), value }));

export const keptKeys = async (owner: string): Promise<string[]> => (await within<[string, string][]>(['kept'], 'readonly', (tx) => tx.objectStore('kept').index('owner').getAllKeys(owner) as unknown as { result?: [string, string][] })).map(([, key]) => key);

export const dropKept = (owner: string, key: string): Promise<void> => within<void>(['kept'], 'readwrite', (tx) => void tx.objectStore('kept').delete([owner, key]));

export const readDraft = async <T>(owner: string, key: string): Promise<T | undefined> => (await within<{ value: T } | undefined>(['drafts'], 'readonly', (tx) => tx.objectStore('drafts').get([owner, key])))?.value;

export const writeDraft = (owner: string, key: string, value: unknown): Promise<void> => within<void>(['drafts'], 'readwrite', (tx) => void tx.objectStore('drafts').put({ owner, key, value }));

export const dropDraft = (owner: string, key: string): Promise<void> => within<void>(['drafts'], 'readwrite', (tx) => void tx.objectStore('drafts').delete([owner, key]));

/** Under what it is kept what is being typed for the next such step; the owner's word is on one quote, which is named behind it, and never slips onto another. */
export const draftOf = (a: Pick<Action, 'orderId' | 'step'>): string => `${a.orderId} ${a.step}`;

/** And while something that was refused is put right. */
export const correctionOf = (a: Pick<Action, 'key'>): string => `correct ${a.key}`;

function empty(tx: IDBTransaction, store: Stores, owner: (name: string) => boolean): void {
  const walk = tx.objectStore(store).openCursor();
  walk.onsuccess = () => {
    const at = walk.result;
    if (!at) return;
    if (owner((at.value as { owner: string }).owner)) at.delete();
    at.continue();
  };
}

/** What the desk said is forgotten, of everybody: the session is over, or another person begins. What somebody did, or typed, stays theirs. */
export const forgetReplies = (butOf?: string): Promise<void> => within<void>(['kept'], 'readwrite', (tx) => empty(tx, 'kept', (owner) => owner !== butOf));

/** Signed out: nothing of this person stays. */
export const forgetPerson = (person: string): Promise<void> =>
  within<void>(['actions', 'photos', 'kept', 'drafts'], 'readwrite', (tx) => {
    for (const store of ['actions', 'photos', 'drafts'] as const) empty(tx, store, (owner) => owner === person);
    empty(tx, 'kept', () => true);
  });
