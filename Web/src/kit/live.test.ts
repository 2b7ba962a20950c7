import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LiveEvent } from '../api/client';
import { Changes } from './live';

const moved = (requestId: string) => ({ what: 'requestAmended', subjectKind: 'request', subjectId: requestId, requestIds: [requestId] }) as unknown as LiveEvent;

let client: QueryClient;
let changes: Changes;
/** What the desk holds: how often it was changed; and how many ever asked for it. */
let stands: number;
let asked: number;
beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient();
  changes = new Changes(client);
  [stands, asked] = [0, 0];
});
afterEach(() => {
  changes.stop();
  vi.useRealTimers();
});

/** A list that is read at once and takes so long to arrive. */
function shown(queryKey: readonly unknown[], takes: number): { shows: () => number | undefined; leave: () => void } {
  const observer = new QueryObserver<number>(client, {
    queryKey,
    queryFn: ({ signal }) => {
      asked += 1;
      const read = stands;
      return new Promise((arrives, breaks) => {
        setTimeout(() => arrives(read), takes);
        signal.addEventListener('abort', () => breaks(new Error('cancelled')));
      });
    },
  });
  return { shows: () => observer.getCurrentResult().data, leave: observer.subscribe(() => undefined) };
}

async function happens(): Promise<void> {
  stands += 1;
  changes.add(moved('r'));
  await vi.advanceTimersByTimeAsync(1_000);
}

describe('what happens is shown', () => {
  test('A list that takes longer than the next event is shown all the same, and keeps up as long as events come', async () => {
    const list = shown(['requests'], 5_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(list.shows()).toBe(0);

    for (let n = 0; n < 20; n++) await happens();

    expect(list.shows()).toBeGreaterThanOrEqual(10);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(list.shows()).toBe(20);
  });

  test('What changes while a list is read for the first time is asked once more, and no oftener', async () => {
    const list = shown(['requests'], 5_000);
    for (let n = 0; n < 3; n++) await happens();

    await vi.advanceTimersByTimeAsync(20_000);

    expect(list.shows()).toBe(3);
    expect(asked).toBe(2);
  });

  test('What happened elsewhere while something was read asks for nothing more', async () => {
    const record = shown(['request', 'another'], 5_000);
    for (let n = 0; n < 3; n++) await happens();

    await vi.advanceTimersByTimeAsync(20_000);

    expect([record.shows(), asked]).toEqual([0, 1]);
  });

  test('A quick list is asked at once, and at most once in a while', async () => {
    const list = shown(['requests'], 20);
    await vi.advanceTimersByTimeAsync(100);
    asked = 0;

    for (let n = 0; n < 15; n++) {
      stands += 1;
      changes.add(moved('r'));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([asked, list.shows()]).toEqual([2, 15]);
  });

  test('After a reset everything is asked anew but who is signed in; what is shown no more is not', async () => {
    const [list, session, left] = [shown(['teams', 'c'], 10), shown(['session'], 10), shown(['teams', 'd'], 10)];
    await vi.advanceTimersByTimeAsync(100);
    left.leave();
    stands = 7;

    changes.all();
    await vi.advanceTimersByTimeAsync(1_000);

    expect([list.shows(), session.shows(), asked]).toEqual([7, 0, 4]);
  });
});
