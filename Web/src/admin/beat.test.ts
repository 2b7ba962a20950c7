import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { en } from '../words/en';
import { beatOf } from './beat';

test('A beat is said in words, and nothing else is taken for one', () => {
  expect(beatOf('0/10 * * * * ?')).toEqual({ each: 10, unit: 'second' });
  expect(beatOf('15 0/10 * * * ?')).toEqual({ each: 10, unit: 'minute' });
  expect(beatOf('0 30 2 * * ?')).toBeUndefined();
  expect(beatOf('0/10 * 8 * * ?')).toBeUndefined();
});

test('Each job of the schedule is called by words', () => {
  const jobs = [...readFileSync(join(import.meta.dirname, '../../../Workers/Schedule.cs'), 'utf8').matchAll(/new\("([a-z-]+)",/g)].map((m) => m[1]!);
  expect(jobs.length).toBeGreaterThan(5);
  expect(jobs.toSorted()).toEqual(Object.keys(en.jobs.named).toSorted());
});
