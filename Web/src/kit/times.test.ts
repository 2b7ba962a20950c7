import { expect, test } from 'vitest';
import dayjs from 'dayjs';
import { exact, instantOf, lastDays, minutesSaid, relative, wallOf } from './times';

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

test('The last seven days are seven, today among them', () => {
  const [from, to] = lastDays(7, dayjs('2026-03-09T16:00:00'));
  expect([from.format('YYYY-MM-DD HH:mm'), to.format('YYYY-MM-DD HH:mm')]).toEqual(['2026-03-03 00:00', '2026-03-09 00:00']);
  expect(to.diff(from, 'day') + 1).toBe(7);
});

test('Minutes are said in hours and minutes, and never in days', () => {
  expect([690, 1380, 15, 60, 0, 2885].map((m) => minutesSaid(m, 'en'))).toEqual(['11 h 30 min', '23 h', '15 min', '1 h', '0 min', '48 h 5 min']);
  expect(minutesSaid(690, 'zh-CN')).toBe('11 小时 30 分钟');
});
