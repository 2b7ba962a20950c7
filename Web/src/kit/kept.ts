import dayjs from 'dayjs';

/** What was typed into a form and is not sent yet: kept in this tab, for whoever is signed in, until it is sent or thrown away. */
export interface Kept {
  values: Record<string, unknown>;
  /** Of an edit: the version that it was begun on, and its fields as they were. */
  seen?: number;
  before?: Record<string, unknown>;
  /** Under which it was sent and no answer came. */
  key?: string;
  at: string;
}

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** It is for the next minutes, not for ever. */
export const longest = 24 * 60 * 60_000;

const all = 'desk.typed.';

const places = 'names of places';

/** A form that is begun often and never sent fills the tab's store, the oldest of it gives way. */
export const most = 60;

/** What was typed about one thing by one person. */
export class Typed {
  private readonly store: Store;
  private readonly prefix: string;

  constructor(store: Store, staffId: string) {
    this.store = store;
    this.prefix = `${all}${staffId}.`;
  }

  of(about: string, now = Date.now()): Kept | undefined {
    const kept = this.read(this.prefix + about);
    if (kept && now - Date.parse(kept.at) < longest) return { ...kept, values: unpacked(kept.values), before: kept.before && unpacked(kept.before) };
    this.store.removeItem(this.prefix + about);
    return undefined;
  }

  keep(about: string, kept: Kept): void {
    const text = JSON.stringify({ ...kept, values: packed(kept.values), before: kept.before && packed(kept.before) });
    const others = this.keys().filter((key) => key !== this.prefix + about);
    if (others.length >= most) {
      const at = new Map(others.map((key) => [key, this.read(key)?.at ?? '']));
      others.sort((a, b) => at.get(a)!.localeCompare(at.get(b)!)).slice(0, others.length - most + 1).forEach((key) => this.store.removeItem(key));
    }
    try {
      this.store.setItem(this.prefix + about, text);
    } catch {
      // Full, or forbidden: what was typed is still in the form.
    }
  }

  forget(about: string): void {
    this.store.removeItem(this.prefix + about);
  }

  /** How many forms were begun and not sent. */
  count(now = Date.now()): number {
    return this.keys().filter((key) => key !== this.prefix + places && now - Date.parse(this.read(key)?.at ?? '') < longest).length;
  }

  forgetAll(): void {
    for (const key of this.keys()) this.store.removeItem(key);
  }

  private keys(): string[] {
    return keys(this.store, this.prefix);
  }

  private read(key: string): Kept | undefined {
    return read(this.store, key);
  }
}

/** What is too old goes, whoever typed it. */
export function sweep(store: Store, now = Date.now()): void {
  for (const key of keys(store, all)) {
    const kept = read(store, key);
    if (!kept || now - Date.parse(kept.at) >= longest) store.removeItem(key);
  }
}

const keys = (store: Store, beginning: string): string[] => Array.from({ length: store.length }, (_, i) => store.key(i)!).filter((key) => key.startsWith(beginning));

function read(store: Store, key: string): Kept | undefined {
  try {
    const kept = JSON.parse(store.getItem(key) ?? 'null') as Kept | null;
    return kept && typeof kept.at === 'string' && kept.values && typeof kept.values === 'object' ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Times of pickers as text and back, wherever they stand. */
export function packed(value: Record<string, unknown>): Record<string, unknown> {
  const pack = (v: unknown): unknown =>
    dayjs.isDayjs(v) ? { $time: v.toISOString() }
    : Array.isArray(v) ? v.map(pack)
    : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).filter(([, x]) => typeof x !== 'function').map(([k, x]) => [k, pack(x)]))
    : v;
  return pack(value) as Record<string, unknown>;
}

export function unpacked(value: Record<string, unknown>): Record<string, unknown> {
  const unpack = (v: unknown): unknown =>
    Array.isArray(v) ? v.map(unpack)
    : v && typeof v === 'object' ? ('$time' in v ? dayjs(v.$time as string) : Object.fromEntries(Object.entries(v).map(([k, x]) => [k, unpack(x)])))
    : v;
  return unpack(value) as Record<string, unknown>;
}

/** One form that is being filled in: its words, and the key under which they were sent, from the first of either until it is done. */
export class InHand {
  /** Something was typed. */
  touched = false;
  key: string | undefined;

  private readonly about: string | null | undefined;

  /** @param about What is done to what, by its id; null is not kept at all. */
  constructor(about: string | null | undefined) {
    this.about = about;
  }

  /** As it is now. What was sent without a word typed is kept for its key: without it the next press would do it twice. */
  keep(now: Pick<Kept, 'values' | 'seen' | 'before'>): void {
    if (!this.about) return;
    if (this.touched || this.key) mine.keep(this.about, { ...now, key: this.key, at: new Date().toISOString() });
    else mine.forget(this.about);
  }

  /** What was begun before a reload, if anything was. */
  restore(): Kept | undefined {
    const kept = this.about ? mine.of(this.about) : undefined;
    if (!kept) return undefined;
    this.touched = true;
    this.key = kept.key;
    return kept;
  }

  /** Sent, or thrown away. */
  settle(): void {
    this.touched = false;
    this.key = undefined;
    if (this.about) mine.forget(this.about);
  }
}

const nothing: Store = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined, key: () => null, length: 0 };

let mine = new Typed(nothing, '');

/** Whoever is signed in: nobody else is shown what they typed. */
export function typesHere(staffId: string): void {
  let store: Store = nothing;
  try {
    store = sessionStorage;
  } catch {
    // Forbidden in this browser.
  }
  sweep(store);
  mine = new Typed(store, staffId);
}

export const typed = (): Typed => mine;

/** How the last few places and customers were called that were chosen: a form that comes back has only their ids. */
export function keepPlace({ value, label }: { value: string; label: string }): void {
  const { [value]: _, ...others } = mine.of(places)?.values ?? {};
  mine.keep(places, { values: Object.fromEntries([...Object.entries(others).slice(-19), [value, label]]), at: new Date().toISOString() });
}

export function keptPlace(value: string): { value: string; label: string } | undefined {
  const label = mine.of(places)?.values[value];
  return typeof label === 'string' ? { value, label } : undefined;
}
