import { expect, test } from 'vitest';
import { everyOne, loadAll, onPaper } from './printing';

function pagesOf(count: number, failsAt?: number) {
  let asked = 0;
  const at = (n: number): Parameters<typeof loadAll>[0] => ({
    hasNextPage: n < count,
    isError: n === failsAt,
    fetchNextPage: () => {
      asked += 1;
      return Promise.resolve(at(n === failsAt ? n : n + 1));
    },
  });
  return { first: at(1), asked: () => asked };
}

test('Before it is printed every page is there', async () => {
  const list = pagesOf(4);
  expect(await loadAll(list.first, 50)).toBe(true);
  expect(list.asked()).toBe(3);
  expect(await loadAll(pagesOf(1).first, 50)).toBe(true);
});

test('A page that cannot be had keeps half a list off the paper, and no list is longer than paper', async () => {
  expect(await loadAll(pagesOf(4, 3).first, 50)).toBe(false);
  const long = pagesOf(1_000);
  expect(await loadAll(long.first, 50)).toBe(true);
  expect(long.asked()).toBe(49);
});

test('For a sheet everything is read beside the list, which stays as short as it was; no more than asked for', async () => {
  const asked: (string | undefined)[] = [];
  const read = (after: string | undefined) => {
    asked.push(after);
    const n = Number(after ?? 0);
    return Promise.resolve({ items: [n, n + 1], next: n < 6 ? String(n + 2) : null });
  };

  expect(await everyOne(read)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(asked).toEqual([undefined, '2', '4', '6']);
  expect(await everyOne(read, 3)).toEqual([0, 1, 2]);
  expect(asked.length).toBe(6);
});

test('What was read for the paper stands there while it is printed, for its own filter, and never for long', () => {
  const paper = { of: 'open', at: 1_000, rows: ['a', 'b'] };
  expect(onPaper(paper, 'open', 15_000)).toEqual(['a', 'b']);
  expect(onPaper(paper, 'resolved', 15_000)).toBeUndefined();
  expect(onPaper(paper, 'open', 61_000)).toBeUndefined();
  expect(onPaper(undefined, 'open', 0)).toBeUndefined();
});
