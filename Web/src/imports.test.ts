import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const here = import.meta.dirname;
const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((f) => /\.tsx?$/.test(f) && !/\.(test|gen)\.ts$/.test(f));

/** What a file of ours imports of ours, types too, now or later. */
function neededBy(file: string): string[] {
  const named = [...readFileSync(join(here, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']*)'/g)].map((m) => relative(here, join(here, dirname(file), m[1]!)));
  return named.flatMap((n) => files.find((f) => f === n || f === `${n}.ts` || f === `${n}.tsx`) ?? []);
}

test('No file of the client needs one that needs it', () => {
  const needs = new Map(files.map((f) => [f, neededBy(f)]));
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): void => {
    const from = way.indexOf(file);
    if (from >= 0) circles.push([...way.slice(from), file].join(' → '));
    if (from >= 0 || done.has(file)) return;
    for (const next of needs.get(file)!) walk(next, [...way, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);

  expect([...needs.values()].flat().length).toBeGreaterThan(files.length);
  expect(circles).toEqual([]);
});

test('Every picker of times knows whose time it is: none is the library’s own', () => {
  const own = files.filter((f) => f !== join('kit', 'Pickers.tsx') && /\b(DatePicker|TimePicker|Calendar)\b(?!Props)[^;]*from 'antd'|generatePicker/.test(readFileSync(join(here, f), 'utf8')));

  expect(own).toEqual([]);
});
