/** Whether a part of the client could not be fetched: the line is down, or an upgrade took it away. */
export const isChunk = (wrong: unknown): boolean => wrong instanceof Error && /dynamically imported module|importing a module script|preload CSS|module script failed/i.test(wrong.message);

const mark = 'desk.reloaded';

/** Once a minute: a page that is broken anew after loading anew would turn in a circle. */
export function mayReload(store: Pick<Storage, 'getItem' | 'setItem'>, now = Date.now()): boolean {
  if (now - Number(store.getItem(mark) ?? 0) < 60_000) return false;
  store.setItem(mark, String(now));
  return true;
}
