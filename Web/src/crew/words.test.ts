import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codesOf, sources } from '../words/refusals';
import { letter, steps } from './queue';
import type { Action } from './queue';
import * as english from './words.en';
import * as chinese from './words.zh-CN';

const variables = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort().join();
const pairs = Object.entries(chinese.texts).map(([key, text]) => [key, text, english.texts[key as keyof typeof chinese.texts]] as const);

test('The crews’ texts are there in both languages, with the same variables', () => {
  expect(Object.keys(english.texts).sort()).toEqual(Object.keys(chinese.texts).sort());
  expect(pairs.filter(([, zh, en]) => !zh.trim() || !en.trim() || variables(zh) !== variables(en))).toEqual([]);
  expect(Object.keys(english.problems)).toEqual(Object.keys(chinese.problems));
});

test('English has no Chinese characters, but for the switch to Chinese', () =>
  expect(pairs.filter(([key, , en]) => /\p{Script=Han}/u.test(en) && key !== 'language')).toEqual([]));

const root = join(import.meta.dirname, '../../..');

/** What stands between a call and its command, and what the commands on an order share. */
const shared = [/\/?(Pipeline|Caller|PlainTextRules)\.cs$/, /WorkOrderLifecycle\.cs$/, /(LockedOrder|MoveOrder)\.cs$/, /Upload\.cs$/];

/** By the API itself, to whoever sends what a telephone sends. */
const ofTheDoor = ['session.needed', 'session.somebody_elses', 'session.second_factor_needed', 'session.new_password_needed', 'session.enrolment_needed', 'origin.foreign', 'calls.too_many', 'body.too_large', 'unexpected', 'request.invalid_fields', 'text.empty', 'text.too_long'];

test.skipIf(!existsSync(join(root, 'Domain')))('Whatever a step can be refused with has a sentence on the telephone', () => {
  const { paths } = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as { paths: Record<string, { post?: { operationId: string } }> };
  const domain = sources(join(root, 'Domain'), /\.cs$/);
  const bodies: Partial<Record<string, Record<string, unknown>[]>> = { quote: [{ lines: [] }], consent: [{ quoteId: 'a', consentedBy: 'x' }, { quoteId: 'a', refusedBy: 'x' }] };
  const commands = steps.flatMap((step) => (bodies[step] ?? [{}]).map((body) => {
    const { path } = letter({ step, body, orderId: 'a', key: 'k', state: 'pending' } as unknown as Action);
    const asked = path.split('?')[0]!.split('/');
    const [, found] = Object.entries(paths).find(([known]) => known.split('/').length === asked.length && known.split('/').every((part, i) => (part.startsWith('{') ? asked[i] === 'a' : part === asked[i])))!;
    return found.post!.operationId;
  }));
  const own = commands.map((id) => {
    const name = id[0]!.toUpperCase() + id.slice(1);
    return domain.find((text) => text.includes(`public sealed record ${name}(`)) ?? '';
  });
  expect(own).not.toContain('');
  const codes = new Set([...own, ...shared.flatMap((named) => sources(join(root, 'Domain'), named))].flatMap(codesOf).concat(ofTheDoor));

  expect(codes.size).toBeGreaterThan(50);
  expect(codes).toContain('assignee.has_left');
  expect([...codes].filter((code) => !(code in chinese.problems)).sort()).toEqual([]);
});
