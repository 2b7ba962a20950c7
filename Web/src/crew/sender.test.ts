import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { consentTo, judge } from './queue';
import type { Action } from './queue';
import { send } from './sender';

const quoted = (consentedBy: string | null, of: Partial<Action> = {}): Action => ({
  seq: 1, owner: 'me', key: 'k', orderId: 'a', number: 12345, place: null, step: 'quote', body: { lines: [], consentedBy }, at: '2026-03-02T01:00:00.000Z', state: 'pending', tries: 0, notBefore: 0, ...of,
});

/** The desk took it and said so; the line drops before all of the body is there. */
const breaksOff = (asked: Headers[]) => vi.stubGlobal('fetch', (_: string, how: RequestInit) => {
  asked.push(new Headers(how.headers));
  const body = new ReadableStream({
    start(to) {
      to.enqueue(new TextEncoder().encode('{"quoteId":"q","tot'));
      to.error(new TypeError('network error'));
    },
  });
  return Promise.resolve(new Response(body, { status: 201, headers: { 'Content-Type': 'application/json' } }));
});

beforeEach(() => vi.stubGlobal('localStorage', { getItem: () => 'crew-phone 1', setItem: () => undefined }));
afterEach(() => vi.unstubAllGlobals());

test('A quote with the owner’s yes whose reply breaks off was not answered: it is sent again under its key, and the yes follows then', async () => {
  const asked: Headers[] = [];
  breaksOff(asked);
  const quote = quoted('李先生');

  const first = await send(quote);
  expect([first.status, judge(first.status, first.problem?.code ?? '')]).toEqual([0, 'again']);

  vi.stubGlobal('fetch', (_: string, how: RequestInit) => {
    asked.push(new Headers(how.headers));
    return Promise.resolve(Response.json({ quoteId: 'q', total: 80 }, { status: 201 }));
  });
  const second = await send(quote);

  expect(asked.map((h) => h.get('Idempotency-Key'))).toEqual(['k', 'k']);
  expect(judge(second.status, '')).toBe('sent');
  expect(consentTo(quote, second.reply)).toMatchObject({ step: 'consent', body: { quoteId: 'q', consentedBy: '李先生', amount: 80 } });
});

test('Whoever did it and when goes with it, however late it is sent', async () => {
  const asked: Headers[] = [];
  breaksOff(asked);
  await send(quoted(null, { owner: '01900000-0000-7000-8000-000000000001', at: '2026-03-01T23:00:00.000Z' }));

  expect(['Actor', 'Device-Time', 'Device'].map((name) => asked[0]!.get(name))).toEqual(['01900000-0000-7000-8000-000000000001', '2026-03-01T23:00:00.000Z', 'crew-phone 1']);
});

test('Where nothing follows from what was answered, its head is enough', async () => {
  breaksOff([]);

  expect(await send(quoted(null))).toMatchObject({ status: 201 });
  expect(await send(quoted('李先生', { state: 'refused', why: { code: 'quote.withdrawn', status: 409, title: '', faults: [] }, report: 'pending' }))).toMatchObject({ status: 201 });
});
