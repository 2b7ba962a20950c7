import { expect, test, vi } from 'vitest';
import { newOnes } from './live';
import { Replies } from './replies';

/** An answer that comes when it is let go. */
function held<T>(): { ask: () => Promise<T>; answer: (value: T) => void } {
  let answer!: (value: T) => void;
  const asked = new Promise<T>((done) => { answer = done; });
  return { ask: () => asked, answer };
}

const key = 'order a';
const here = new AbortController().signal;

test('What was asked for before something was done on the telephone does not undo it, and is asked for anew', async () => {
  const replies = new Replies('me');
  replies.put(key, { status: 'dispatched' });
  const old = held<{ status: string }>();
  const asked = replies.refresh(key, old.ask, here);

  replies.change<{ status: string }>(key, (o) => ({ ...o, status: 'accepted' }));
  old.answer({ status: 'dispatched' });

  expect(await asked).toBe(false);
  expect(replies.get(key)?.value).toEqual({ status: 'accepted' });
  expect(await replies.refresh(key, () => Promise.resolve({ status: 'working' }), here)).toBe(true);
  expect(replies.get(key)?.value).toEqual({ status: 'working' });
});

test('What happens is told at once to whoever shows something, and of much that happens no more than is of use', () => {
  vi.useFakeTimers();
  const replies = new Replies('me');
  let told = 0;
  const off = replies.onStir(() => told++);

  for (let n = 0; n < 20; n++) replies.stir();
  vi.advanceTimersByTime(100);
  expect(told).toBe(1);
  for (let n = 0; n < 20; n++) replies.stir();
  vi.advanceTimersByTime(1_000);
  expect(told).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(told).toBe(2);

  off();
  replies.stir();
  vi.advanceTimersByTime(5_000);
  expect(told).toBe(2);
  vi.useRealTimers();
});

test('Of dangers only those are new that were not there before, and at first none', () => {
  expect(newOnes(undefined, ['a', 'b'])).toEqual([]);
  expect(newOnes(new Set(['a']), ['a', 'b'])).toEqual(['b']);
});

test('What was done to one order leaves the answer about another', async () => {
  const replies = new Replies('me');
  const other = held<string>();
  const asked = replies.refresh('order b', other.ask, here);

  replies.change(key, (o) => o);
  other.answer('as it is');

  expect(await asked).toBe(true);
  expect(replies.get('order b')?.value).toBe('as it is');
});

test('An answer that nobody waits for any more is not shown', async () => {
  const replies = new Replies('me');
  const gone = new AbortController();
  const late = held<string>();
  const asked = replies.refresh(key, late.ask, gone.signal);

  gone.abort();
  late.answer('too late');
  await asked;

  expect(replies.get(key)).toBeUndefined();
});

test('Whoever listens hears of what is put and of what is changed', () => {
  const replies = new Replies('me');
  let heard = 0;
  const stop = replies.listen(() => { heard += 1; });

  replies.put(key, 1);
  replies.change<number>(key, (n) => n + 1);
  stop();
  replies.put(key, 3);

  expect([heard, replies.get(key)?.value]).toEqual([2, 3]);
});
