import { expect, test } from 'vitest';
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
