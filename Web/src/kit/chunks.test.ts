import { expect, test } from 'vitest';
import { isChunk, mayReload } from './chunks';

test('A part of the client that is gone is told from what is wrong in itself', () => {
  expect(isChunk(new TypeError('Failed to fetch dynamically imported module: http://desk/assets/OrderScreen-1.js'))).toBe(true);
  expect(isChunk(new TypeError('error loading dynamically imported module: http://desk/a.js'))).toBe(true);
  expect(isChunk(new TypeError('Importing a module script failed.'))).toBe(true);
  expect(isChunk(new Error('Unable to preload CSS for /assets/a.css'))).toBe(true);
  expect(isChunk(new TypeError("Cannot read properties of undefined (reading 'map')"))).toBe(false);
});

test('The page is loaded anew by itself once, and not in a circle', () => {
  const kept = new Map<string, string>();
  const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };

  expect(mayReload(store, 1_000_000)).toBe(true);
  expect(mayReload(store, 1_030_000)).toBe(false);
  expect(mayReload(store, 1_060_000)).toBe(true);
});
