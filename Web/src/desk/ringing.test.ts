import { afterEach, expect, test, vi } from 'vitest';
import { latestOf, mayRing } from './ringing';

afterEach(() => vi.unstubAllGlobals());

test('The newest alarm is the one raised last, in whichever order they are told', () => {
  expect(latestOf([{ raisedAt: '2026-03-02T01:00:00Z' }, { raisedAt: '2026-03-02T03:00:00Z' }, { raisedAt: '2026-03-02T02:00:00Z' }])).toBe('2026-03-02T03:00:00Z');
  expect(latestOf([])).toBeUndefined();
});

test('Before anything is pressed no sound is promised; a browser that does not say is believed to give one', () => {
  vi.stubGlobal('navigator', { userActivation: { hasBeenActive: false } });
  expect(mayRing()).toBe(false);
  vi.stubGlobal('navigator', { userActivation: { hasBeenActive: true } });
  expect(mayRing()).toBe(true);
  vi.stubGlobal('navigator', {});
  expect(mayRing()).toBe(true);
});
