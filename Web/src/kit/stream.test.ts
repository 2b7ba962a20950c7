import { afterEach, expect, test, vi } from 'vitest';
import { follow } from './stream';

afterEach(() => { vi.unstubAllGlobals(); vi.restoreAllMocks(); });

test('A stream that breaks off is read on from the last event that arrived; what was missed meanwhile comes with it', async () => {
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('document', new EventTarget());
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const asked: (string | undefined)[] = [];
  const stop = new AbortController();
  vi.stubGlobal('fetch', (_: string, how: { headers: Record<string, string> }) => {
    asked.push(how.headers['Last-Event-ID']);
    if (asked.length === 3) stop.abort();
    return Promise.resolve(new Response(`data: {}\nid: place-${asked.length}\n\n`));
  });
  const told: (string | undefined)[] = [];

  await follow(undefined, stop.signal, (said) => told.push(said.id), () => undefined);

  expect(asked).toEqual([undefined, 'place-1', 'place-2']);
  expect(told.slice(0, 2)).toEqual(['place-1', 'place-2']);
});
