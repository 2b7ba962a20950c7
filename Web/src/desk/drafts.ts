import type { Progress } from './registering';

/** What was typed for a call and is not saved yet: kept in this browser for one person, by community, until it is saved or thrown away. */
export interface Draft extends Progress {
  draftId: string;
  communityId: string;
  customerId?: string;
  /** By which the clerk knows it again. */
  caller?: string;
  /** Of the telephone system, when it opened the desk. */
  phone?: string;
  place?: { communityId: string; placeId: string; name: string };
  values: Record<string, unknown>;
  at: string;
}

export const most = 5;

/** A draft is for the next minutes, not for ever: after a day it is gone, whoever's it was. */
export const longest = 24 * 60 * 60_000;

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

const all = 'desk.draft.';
const prefix = (staffId: string) => `${all}${staffId}.`;

/** This person's drafts in these communities, the latest first; what cannot be read is none. */
export function draftsOf(store: Store, staffId: string, communityIds: readonly string[], now = Date.now()): Draft[] {
  for (const key of keys(store, all)) {
    const drafts = read(store, key);
    const fresh = drafts.filter((d) => now - Date.parse(d.at) < longest);
    if (fresh.length < drafts.length || drafts.length === 0) write(store, key, fresh);
  }
  return communityIds.flatMap((id) => read(store, prefix(staffId) + id)).sort((a, b) => b.at.localeCompare(a.at));
}

/** Keeps the draft under its community and takes it away from any other; the oldest give way. A browser without room keeps none. */
export function keepDraft(store: Store, staffId: string, draft: Draft): void {
  const key = prefix(staffId) + draft.communityId;
  forgetDraft(store, staffId, draft.draftId, key);
  write(store, key, [draft, ...read(store, key).filter((d) => d.draftId !== draft.draftId)].slice(0, most));
}

export function forgetDraft(store: Store, staffId: string, draftId: string, except?: string): void {
  for (const key of keys(store, prefix(staffId))) {
    const drafts = read(store, key);
    if (key !== except && drafts.some((d) => d.draftId === draftId)) write(store, key, drafts.filter((d) => d.draftId !== draftId));
  }
}

/** How many calls this person began and did not save. */
export const countDraftsOf = (store: Store, staffId: string, now = Date.now()): number =>
  keys(store, prefix(staffId)).reduce((sum, key) => sum + read(store, key).filter((d) => now - Date.parse(d.at) < longest).length, 0);

/** At sign-out nothing that a caller said stays in the browser. */
export function forgetDraftsOf(store: Store, staffId: string): void {
  for (const key of keys(store, prefix(staffId))) store.removeItem(key);
}

function keys(store: Store, beginning: string): string[] {
  return Array.from({ length: store.length }, (_, i) => store.key(i)!).filter((key) => key.startsWith(beginning));
}

function read(store: Store, key: string): Draft[] {
  try {
    const drafts: unknown = JSON.parse(store.getItem(key) ?? '[]');
    return Array.isArray(drafts) ? (drafts as Draft[]).filter((d) => d && typeof d.draftId === 'string' && typeof d.at === 'string' && !!d.values) : [];
  } catch {
    return [];
  }
}

function write(store: Store, key: string, drafts: Draft[]): void {
  try {
    if (drafts.length) store.setItem(key, JSON.stringify(drafts));
    else store.removeItem(key);
  } catch {
    // Full, or forbidden: what was typed is still in the form.
  }
}
