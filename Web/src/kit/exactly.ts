import { useSyncExternalStore } from 'react';

const kept = 'desk.times';
const told = new Set<() => void>();

/** Whether lists say when something was, instead of how long ago. The other one is a tap, a hover or the focus away. */
export const useExactly = (): boolean => useSyncExternalStore((tell) => {
  told.add(tell);
  return () => told.delete(tell);
}, () => localStorage.getItem(kept) === 'exact');

export function sayExactly(exactly: boolean): void {
  if (exactly) localStorage.setItem(kept, 'exact');
  else localStorage.removeItem(kept);
  for (const tell of told) tell();
}
