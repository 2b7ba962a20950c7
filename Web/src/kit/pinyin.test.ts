import { describe, expect, test } from 'vitest';
import { initials } from './pinyin';
import { rank } from './ranking';

describe('pinyin initials', () => {
  test.each([['水管漏水', 'sgls'], ['电梯困人', 'dtkr'], ['燃气泄漏', 'rqxl'], ['物业费咨询', 'wyfzx'], ['Wi-Fi 坏了', 'wi-fi hl'], ['一二三啊', 'yesa']])('%s → %s', (name, typed) => expect(initials(name)).toBe(typed));
});

describe('what was typed, against what it is called', () => {
  const leak = { name: '水管漏水', nameEn: 'Leaking pipe', path: '报修 给排水 水管漏水 repair water and drainage leaking pipe' };
  const tap = { name: '龙头损坏', nameEn: 'Broken tap', path: '报修 给排水 龙头损坏 repair water and drainage broken tap' };
  test('Characters, initials and English all find it', () => expect(['漏水', 'sgls', 'ls', 'leak', 'pipe leak', 'PIPE'].map((typed) => rank(typed, leak) !== null)).toEqual([true, true, true, true, true, true]));
  test('What it is not called does not', () => expect([rank('leak', tap), rank('sgls', tap), rank('漏水', tap)]).toEqual([null, null, null]));
  test('What begins with it comes before what only has it somewhere', () => expect(rank('水管', leak)!).toBeLessThan(rank('water', leak)!));
});
