import { useEffect, useSyncExternalStore } from 'react';
import type { ToldLine } from '../api/client';

/**
 * What somebody was told on their screen and by no other way, and has not looked at here. By its ids, in this browser, and over a sign-out
 * as well: they say nothing of anybody.
 */
const name = (staffId: string) => `desk.told.${staffId}`;

/** So many are asked for, and a few times as many remembered: what was looked at does not become new when another is gone. */
export const asked = 50;
const remembered = 4 * asked;

type Store = Pick<Storage, 'getItem' | 'setItem'>;

function idsOf(text: string): string[] {
  try {
    const ids: unknown = JSON.parse(text || '[]');
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

const read = (store: Store, staffId: string): string => store.getItem(name(staffId)) ?? '';

/** How many of these stand on the screen alone and were not looked at; of what came by another way its own sign tells. */
export function unseenOf(told: readonly ToldLine[], seen: string): number {
  const ids = new Set(idsOf(seen));
  return told.filter((m) => m.channel === 'screen' && !ids.has(m.messageId)).length;
}

/** All of these were looked at. */
export function look(store: Store, staffId: string, told: readonly ToldLine[]): void {
  const before = idsOf(read(store, staffId));
  const known = new Set(before);
  const fresh = told.map((m) => m.messageId).filter((id) => !known.has(id));
  if (fresh.length === 0) return;
  try {
    store.setItem(name(staffId), JSON.stringify([...fresh, ...before].slice(0, remembered)));
  } catch {
    // Full, or forbidden: it is counted again.
  }
}

const nothing: Store = { getItem: () => null, setItem: () => undefined };

function storeHere(): Store {
  try {
    return localStorage;
  } catch {
    return nothing;
  }
}

const looked = 'desk:looked';

export function useUnseen(staffId: string, told: readonly ToldLine[] | undefined): number {
  const seen = useSyncExternalStore(
    (then) => {
      addEventListener('storage', then);
      addEventListener(looked, then);
      return () => { removeEventListener('storage', then); removeEventListener(looked, then); };
    },
    () => read(storeHere(), staffId),
  );
  return unseenOf(told ?? [], seen);
}

/** Whoever has these before their eyes has seen them; a page that nobody looks at has shown nothing. */
export function useLooked(staffId: string | undefined, told: readonly ToldLine[] | undefined): void {
  const ids = told?.map((m) => m.messageId).join();
  useEffect(() => {
    if (!staffId || !told?.length) return;
    const note = () => {
      if (document.visibilityState !== 'visible') return;
      look(storeHere(), staffId, told);
      dispatchEvent(new Event(looked));
    };
    note();
    document.addEventListener('visibilitychange', note);
    return () => document.removeEventListener('visibilitychange', note);
  }, [staffId, ids]);
}
