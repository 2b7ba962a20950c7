import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { en } from './en';
import { codesOf, sources } from './refusals';
import { firstLanguage } from './words';
import { zhCN } from './zh-CN';

const root = join(import.meta.dirname, '../../..');

function leaves(words: object, path: string[] = []): Map<string, string> {
  return new Map(Object.entries(words).flatMap(([key, value]) => (typeof value === 'string' ? [[[...path, key].join(' › '), value] as const] : [...leaves(value, [...path, key])])));
}

const variables = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();

describe('words', () => {
  const chinese = leaves(zhCN);
  const english = leaves(en);

  test('Both languages have the same keys, each with a text', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
    expect([...chinese, ...english].filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  test('Both languages fill in the same variables', () => {
    expect([...chinese].filter(([key, text]) => variables(text).join() !== variables(english.get(key)!).join())).toEqual([]);
  });

  test('English texts have no Chinese characters, but for the switch to Chinese', () => {
    expect([...english].filter(([key, text]) => /\p{Script=Han}/u.test(text) && key !== 'app › language')).toEqual([]);
  });

  test('Every member of every enum of the API has a word', () => {
    const { components } = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as { components: { schemas: Record<string, { enum?: (string | null)[] }> } };
    const notShown = ['RequestGroup'];
    const missing = Object.entries(components.schemas)
      .filter(([name, schema]) => schema.enum && !notShown.includes(name))
      .flatMap(([name, schema]) => {
        const words = (zhCN.enums as Record<string, Record<string, string>>)[name[0]!.toLowerCase() + name.slice(1)] ?? {};
        return schema.enum!.filter((member) => member !== null && !(member in words)).map((member) => `${name}.${member}`);
      });
    expect(missing).toEqual([]);
  });

  test('Every key that the screens ask for is there', () => {
    const asked = sources(join(root, 'Web/src'), /\.tsx?$/).flatMap((text) => [...text.matchAll(/\bt\('([\w.-]+)'/g)].map((m) => m[1]!.split('.').join(' › ')));
    expect(asked.length).toBeGreaterThan(100);
    expect([...new Set(asked)].filter((key) => !chinese.has(key))).toEqual([]);
  });

  test('Where nothing is there yet a screen says more than that: what to do first, or what comes by itself', () => {
    const said = sources(join(root, 'Web/src'), /\.tsx$/).flatMap((text) => [...text.matchAll(/<Empty\b[^\n]*? description=\{(.*?)\} \/>/g)].map((m) => [...m[1]!.matchAll(/t\('([\w.]+)'\)/g)].map((k) => k[1]!.split('.').join(' › '))));
    const alternatives = said.flatMap((keys) => (keys.length > 1 && !keys.some((key) => key.endsWith('Hint')) ? keys.map((key) => [key]) : [keys]));
    const short = (words: Map<string, string>) => alternatives.filter((keys) => keys.length < 2 && !/[.。].+[.。]$/.test(words.get(keys[0]!)!)).flat();
    expect(said.length).toBeGreaterThan(20);
    expect(alternatives.filter((keys) => keys.length === 0)).toEqual([]);
    expect([...short(chinese), ...short(english)]).toEqual([]);
  });

  test.skipIf(!existsSync(join(root, 'Domain')))('Every code with which a person can be refused has a sentence', () => {
    const codes = new Set(sources(join(root, 'Domain'), /\.cs$/).flatMap(codesOf).filter((code) => !forPrograms.test(code)));
    expect(codes.size).toBeGreaterThan(50);
    expect([...codes].filter((code) => !(code in zhCN.problems)).sort()).toEqual([]);
  });
});

/** What only a program's own call brings about, or a file of an administrator: the desk's own sentence will do. */
const forPrograms = /^(calendar\.(always_open_with_windows|unknown_day|unknown_zone)|mapping|import|file|clock|query|header|if_match|device_time|cursor|take|sort|call_backs|place\.code_taken|places|community\.code|time_zone|language|team\.name_taken|qr_code)\b|version_required$/;

describe('first language', () => {
  test('What was chosen here before goes first', () => expect(firstLanguage('en', ['zh-CN'])).toBe('en'));
  test('Then the first of the browser that we speak', () => expect(firstLanguage(null, ['fr', 'zh-Hans-CN', 'en'])).toBe('zh-CN'));
  test('Else English', () => expect(firstLanguage('??', ['fr'])).toBe('en'));
});
