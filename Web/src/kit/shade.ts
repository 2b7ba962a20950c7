import { useSyncExternalStore } from 'react';

export type Shade = 'light' | 'dark';

const kept = 'desk.shade';

/** What was chosen here before, else what the system prefers. */
export const shadeOf = (chosen: string | null, systemIsDark: boolean): Shade => (chosen === 'light' || chosen === 'dark' ? chosen : systemIsDark ? 'dark' : 'light');

const system = () => matchMedia('(prefers-color-scheme: dark)');
/** Paper is white. */
const paper = () => matchMedia('print');
const now = () => (paper().matches ? 'light' : shadeOf(localStorage.getItem(kept), system().matches));
const told = new Set<() => void>();

function changed(): void {
  document.documentElement.dataset.shade = now();
  for (const tell of told) tell();
}

/** Before anything is drawn; follows the system from then on. */
export function startShade(): void {
  system().addEventListener('change', changed);
  paper().addEventListener('change', changed);
  changed();
}

export function choose(shade: Shade): void {
  localStorage.setItem(kept, shade);
  changed();
}

const listen = (tell: () => void) => {
  told.add(tell);
  return () => told.delete(tell);
};

export const useShade = (): Shade => useSyncExternalStore(listen, now);
