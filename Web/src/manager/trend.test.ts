import { expect, test } from 'vitest';
import { trend } from './trend';

const of = (period: string, key: string, requests: number) => ({ period, key, requests, name: key, nameEn: key });

test('Periods in which nothing was asked for stand in the trend with a zero', () => {
  const { periods, lines } = trend([of('2026-01-05', 'a', 2), of('2026-01-26', 'a', 1), of('2026-01-12', 'b', 4)], 'week');

  expect(periods).toEqual(['2026-01-05', '2026-01-12', '2026-01-19', '2026-01-26']);
  expect(lines.map((l) => [l.key, l.total, l.counts])).toEqual([['b', 4, [0, 4, 0, 0]], ['a', 3, [2, 0, 0, 1]]]);
});

test('Months follow each other over the turn of the year, days over the change of the clocks', () => {
  expect(trend([of('2025-11-01', 'a', 1), of('2026-02-01', 'a', 1)], 'month').periods).toEqual(['2025-11-01', '2025-12-01', '2026-01-01', '2026-02-01']);
  expect(trend([of('2026-03-28', 'a', 1), of('2026-03-30', 'a', 1)], 'day').periods).toEqual(['2026-03-28', '2026-03-29', '2026-03-30']);
  expect(trend([], 'day')).toEqual({ periods: [], lines: [] });
});
