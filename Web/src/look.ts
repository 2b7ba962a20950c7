import type { SignedIn } from './api/client';
import { screensOf } from './api/roles';

/** Whose pages were shown on this device last: which of the two applications an address that both know is opened with. */
const kept = 'desk.look';

export type Look = 'desk' | 'crew';

export const lookOf = (who: SignedIn): Look => (screensOf(who).crew && !screensOf(who).desk ? 'crew' : 'desk');

export const remember = (who: SignedIn): void => localStorage.setItem(kept, lookOf(who));

export const lastLook = (): string | null => localStorage.getItem(kept);

/** `/crew` is the crews' own; the front door and an order's page go to whoever was here last, an order's page first to the crews: it is the lighter one. */
export function isForCrew(path: string, last: string | null): boolean {
  if (path === '/crew' || path.startsWith('/crew/')) return true;
  return path === '/' ? last === 'crew' : path.startsWith('/work-orders/') && last !== 'desk';
}
