import { expect, test } from 'vitest';
import { cell, csv } from './csv';

test('What a spreadsheet would run as a formula is text', () => {
  for (const evil of ['=1+1', '+86 138', '-2', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\n@x']) expect(cell(evil)).toMatch(/^"?'/);
  expect(cell('=HYPERLINK("http://x","y")')).toBe('"\'=HYPERLINK(""http://x"",""y"")"');
});

test('Numbers stay numbers, also below zero', () => {
  expect([cell(-2), cell(0), cell(3.5), cell(null), cell(undefined)]).toEqual(['-2', '0', '3.5', '', '']);
});

test('Separators, quotes and line breaks stay inside their cell', () => {
  expect(csv([['a,b', '他说"好"'], ['第一行\n第二行', 1]])).toBe('\uFEFF"a,b","他说""好"""\r\n"第一行\n第二行",1\r\n');
});

test('It begins with the mark by which Excel knows Chinese', () => {
  expect([...new TextEncoder().encode(csv([['满意度']]))].slice(0, 3)).toEqual([0xef, 0xbb, 0xbf]);
});
