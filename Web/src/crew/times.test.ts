import { describe, expect, test } from 'vitest';
import { instantOf, tomorrowAtNine, wallOf } from './times';

describe('the community’s wall', () => {
  test('shows its own time, also over the end of a year', () => {
    expect(wallOf(Date.parse('2026-12-31T16:30:00Z'), 'Asia/Shanghai')).toBe('2027-01-01T00:30');
    expect(instantOf('2027-01-01T00:30', 'Asia/Shanghai')).toBe('2026-12-31T16:30:00.000Z');
    expect(tomorrowAtNine(Date.parse('2026-12-30T17:00:00Z'), 'Asia/Shanghai')).toBe('2027-01-01T09:00');
  });

  test.each([['2026-03-29T00:59', '2026-03-29T00:59:00.000Z'], ['2026-03-29T02:01', '2026-03-29T01:01:00.000Z'], ['2026-10-25T03:00', '2026-10-25T03:00:00.000Z']])('%s in London is %s', (wall, at) =>
    expect(instantOf(wall, 'Europe/London')).toBe(at));
});
