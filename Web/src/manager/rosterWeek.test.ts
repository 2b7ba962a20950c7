import { expect, test } from 'vitest';
import type { ShiftLine } from '../api/client';
import { copiedInto, mondayOf, planFor, spanOf, weekAfter } from './rosterWeek';

const shift = (startsAt: string, endsAt: string, more: Partial<ShiftLine> = {}): ShiftLine =>
  ({ shiftId: startsAt, duty: 'desk', teamId: null, teamName: null, teamNameEn: null, staffId: 'a', staffName: null, startsAt, endsAt, swappedFromId: null, swappedFromName: null, ...more });

test('A week begins on its Monday, at midnight there', () => {
  expect(['2026-03-02', '2026-03-04', '2026-03-08'].map(mondayOf)).toEqual(['2026-03-02', '2026-03-02', '2026-03-02']);
  expect(spanOf('2026-03-02', 'Asia/Shanghai')).toEqual({ from: '2026-03-01T16:00:00.000Z', to: '2026-03-08T16:00:00.000Z' });
});

test('A shift is copied at the same time of the wall’s clock, also over the change of the clocks', () => {
  const night = shift('2026-03-21T21:00:00Z', '2026-03-22T05:00:00Z'); // Saturday 22:00 to Sunday 06:00 in Berlin, a week before the clocks change

  expect(copiedInto('2026-03-23', [night], [], 'Europe/Berlin')).toEqual([{ duty: 'desk', teamId: null, staffId: 'a', startsAt: '2026-03-28T21:00:00.000Z', endsAt: '2026-03-29T04:00:00.000Z' }]);
});

test('What is planned already is not planned twice, what only reaches into the week is not of it, and a swap is not inherited', () => {
  const before = [
    shift('2026-03-01T12:00:00Z', '2026-03-02T00:00:00Z'), // Sunday evening: the week before's
    shift('2026-03-02T01:00:00Z', '2026-03-02T09:00:00Z'),
    shift('2026-03-03T01:00:00Z', '2026-03-03T09:00:00Z', { staffId: 'b', swappedFromId: 'c' }),
  ];
  const there = [shift('2026-03-09T01:00:00Z', '2026-03-09T09:00:00Z')];

  expect(copiedInto('2026-03-09', before, there, 'Asia/Shanghai').map((s) => [s.staffId, s.startsAt])).toEqual([['c', '2026-03-10T01:00:00.000Z']]);
  expect(copiedInto('2026-03-09', before, [...there, shift('2026-03-10T01:00:00Z', '2026-03-10T09:00:00Z', { staffId: 'd', swappedFromId: 'c' })], 'Asia/Shanghai')).toEqual([]);
});

test('What was looked up for one week is not planned in the one that is shown later', () => {
  const shifts = copiedInto('2026-03-09', [shift('2026-03-02T01:00:00Z', '2026-03-02T09:00:00Z')], [], 'Asia/Shanghai');
  const plan = { monday: '2026-03-09', shifts };

  expect(planFor(plan, '2026-03-09')).toBe(shifts);
  expect(planFor(plan, weekAfter('2026-03-09', 1))).toBeUndefined();
  expect(planFor(undefined, '2026-03-09')).toBeUndefined();
});
