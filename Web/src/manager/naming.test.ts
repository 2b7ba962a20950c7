import { expect, test } from 'vitest';
import { number, percent, rated, shown } from './naming';

test('Where nobody answered there is a dash, and never a nought', () => {
  expect([rated(null, 0), rated(undefined, 0), shown(percent(0, 0)), number(null)]).toEqual(['–', '–', '–', null]);
});

test('Where somebody did there is the mean with how many they were, and the rate', () => {
  expect([rated(4.5, 2), rated('1', '1'), shown(percent(0, 3)), shown(percent(1, 3))]).toEqual(['4.50 (2)', '1.00 (1)', '0.0 %', '33.3 %']);
});
