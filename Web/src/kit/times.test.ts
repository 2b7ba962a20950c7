import { expect, test } from 'vitest';
import dayjs from 'dayjs';
import { exact, instantOf, relative, wallOf } from './times';

const now = Date.parse('2026-03-02T01:00:00Z');

test('A time is shown on the community’s wall, wherever the browser is', () => {
  expect(exact('2026-03-02T01:30:00Z', 'Asia/Shanghai', 'zh-CN', now)).toContain('09:30');
  expect(exact('2026-03-02T01:30:00Z', 'Europe/London', 'en', now)).toContain('01:30');
});

test('The year is named only where it is another one', () => {
  expect(exact('2026-03-02T01:30:00Z', 'Asia/Shanghai', 'en', now)).not.toContain('2026');
  expect(exact('2025-12-31T15:59:00Z', 'Asia/Shanghai', 'en', now)).toContain('2025');
});

test('Near times are told in the largest whole unit', () => {
  expect(relative('2026-03-02T03:10:00Z', now, 'en')).toBe('in 2 hours');
  expect(relative('2026-03-01T01:00:00Z', now, 'zh-CN')).toBe('昨天');
});

test('What is picked on a wall comes back to that wall, also across the change of the clocks', () => {
  for (const zone of ['Asia/Shanghai', 'Europe/London', 'America/New_York']) {
    const picked = dayjs('2026-03-29T09:15:00');
    expect(wallOf(instantOf(picked, zone), zone).format('YYYY-MM-DD HH:mm')).toBe('2026-03-29 09:15');
  }
});
