import { expect, test } from 'vitest';
import { overMidnight, typedOf, weekOf, windowsOf } from './hours';

test('Windows are typed in many ways, and what is none is left for the desk to refuse', () => {
  expect(windowsOf('8:30-12:00，14：00 – 18:00; 22:00至6:00')).toEqual(['08:30-12:00', '14:00-18:00', '22:00-06:00']);
  expect(windowsOf('nine to five, 9-17')).toEqual(['nine to five', '9-17']);
  expect(windowsOf(' , ')).toEqual([]);
  expect(windowsOf(undefined)).toEqual([]);
});

test('A week leaves out the days that are closed, and comes back as it was typed', () => {
  const week = weekOf({ sunday: '', monday: '08:30-12:00, 14:00-18:00', friday: '22:00-06:00' });

  expect(week).toEqual([{ day: 'monday', windows: ['08:30-12:00', '14:00-18:00'] }, { day: 'friday', windows: ['22:00-06:00'] }]);
  expect([typedOf(week, 'monday'), typedOf(week, 'sunday'), typedOf(null, 'monday')]).toEqual(['08:30-12:00, 14:00-18:00', '', '']);
});

test('A close before the open is on the next day', () => {
  expect(overMidnight('08:30-12:00, 22:00-06:00, 18:00-24:00, 9-8')).toEqual(['22:00-06:00']);
});
