import { expect, test } from 'vitest';
import { Problem } from '../api/problems';
import { nothingOf } from './asked';

test('A page that was read once stays when reading it again fails', () => {
  expect(nothingOf({ isError: true, data: { text: 'typed on it' }, error: Problem.unreachable() })).toBe(false);
  expect(nothingOf({ isError: true, data: {}, error: new Problem('limit.reached', 429, '') })).toBe(false);
  expect(nothingOf({ isError: true, data: null, error: Problem.unreachable() })).toBe(false);
});

test('What was never read, or may not be read any more, is not shown', () => {
  expect(nothingOf({ isError: true, data: undefined, error: Problem.unreachable() })).toBe(true);
  expect(nothingOf({ isError: true, data: {}, error: new Problem('request.not_found', 404, '') })).toBe(true);
  expect(nothingOf({ isError: true, data: {}, error: new Problem('request.forbidden', 403, '') })).toBe(true);
  expect(nothingOf({ isError: false, data: undefined, error: null })).toBe(false);
});
