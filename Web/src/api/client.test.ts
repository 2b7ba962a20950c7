import { afterEach, expect, test, vi } from 'vitest';
import { actAs, api, told } from './client';
import { Problem } from './problems';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A desk that takes the call and never answers. */
const hangs = () => vi.stubGlobal('fetch', (_: Request, { signal }: { signal: AbortSignal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason as Error))));

test('A call that hangs is as good as one that did not arrive: it can be pressed again', async () => {
  vi.useFakeTimers();
  hangs();
  const call = told(api.DELETE('/api/session', { baseUrl: 'http://desk' } as never)).catch((e: unknown) => e);

  await vi.advanceTimersByTimeAsync(29_000);
  expect(await Promise.race([call, Promise.resolve('waiting')])).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1_000);

  expect(await call).toBeInstanceOf(Problem);
  expect(((await call) as Problem).code).toBe('network.unreachable');
});

test('Once its answer is read, nothing waits for a call any more', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ staffId: 's' })));
  await told(api.GET('/api/session', { baseUrl: 'http://desk' } as never));
  expect(vi.getTimerCount()).toBe(0);

  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no line')));
  await told(api.GET('/api/session', { baseUrl: 'http://desk' } as never)).catch(() => undefined);
  expect(vi.getTimerCount()).toBe(0);
});

test('What nobody waits for any more is no trouble', async () => {
  hangs();
  const gone = new AbortController();
  const call = told(api.GET('/api/session', { baseUrl: 'http://desk', signal: gone.signal } as never)).catch((e: unknown) => e);
  gone.abort();

  expect(((await call) as DOMException).name).toBe('AbortError');
});

test('Once it is known whose the page is, every call says so, but the question who is here and the sign-in', async () => {
  const asked: [string, string | null][] = [];
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push([`${request.method} ${new URL(request.url).pathname}`, request.headers.get('Actor')]);
    return Promise.resolve(Response.json({}));
  });
  const at = { baseUrl: 'http://desk' } as never;
  await told(api.GET('/api/communities', at));
  actAs('01900000-0000-7000-8000-000000000001');
  await told(api.GET('/api/communities', at));
  await told(api.GET('/api/session', at));
  await told(api.POST('/api/session', at));
  await told(api.DELETE('/api/session', at));

  expect(asked).toEqual([
    ['GET /api/communities', null], ['GET /api/communities', '01900000-0000-7000-8000-000000000001'], ['GET /api/session', null], ['POST /api/session', null], ['DELETE /api/session', '01900000-0000-7000-8000-000000000001'],
  ]);
});
