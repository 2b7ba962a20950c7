import { describe, expect, test } from 'vitest';
import { dayOf, daysOf, renamed, runsOf, sheetOf, textOf, weeksOf, withDays, withoutDays, yearOf } from './holidays';

describe('a file of holidays', () => {
  test('Days off and worked, with a header and without', () => {
    const lines = '2027-01-01,元旦,休\r\n2027/2/6,春节,off\r\n2027年2月14日,春节,班\r\n';

    for (const text of [lines, `日期,名称,安排\r\n${lines}`, `\uFEFF${lines.replaceAll(',', '\t')}`]) {
      expect(sheetOf(text)).toEqual({ year: 2027, off: [{ day: '2027-01-01', name: '元旦' }, { day: '2027-02-06', name: '春节' }], worked: [{ day: '2027-02-14', name: '春节' }], wrong: [] });
    }
  });

  test('What is wrong is named by its line, and the header is line 1', () => {
    const sheet = sheetOf('day,name,what\n2027-02-30,春节,off\n2027-02-06,春节\n2027-02-06,,off\n2027-02-06,春节,maybe\n2027-02-06,春节,off\n2027-02-06,春节,worked\n2030-01-01,元旦,off\n2027-02-07,春节,off\n');

    expect(sheet.wrong).toEqual([{ line: 2, why: 'day' }, { line: 3, why: 'columns' }, { line: 4, why: 'name' }, { line: 5, why: 'what' }, { line: 7, why: 'twice' }, { line: 8, why: 'otherYear' }]);
  });

  test('A day of the year before belongs to the sheet, and its year is the one of most days', () => {
    expect(sheetOf('2026-12-31,元旦,off\n2027-01-01,元旦,off\n2027-01-02,元旦,off\n').year).toBe(2027);
  });

  test('A fourth column is the English name', () => {
    const sheet = sheetOf(`day,name,what,english\n2027-01-01,元旦,off,New Year’s Day\n2027-01-02,元旦,off,\n2027-01-03,元旦,off,${'N'.repeat(61)}\n`);

    expect(sheet.off).toEqual([{ day: '2027-01-01', name: '元旦', nameEn: 'New Year’s Day' }, { day: '2027-01-02', name: '元旦' }]);
    expect(sheet.wrong).toEqual([{ line: 4, why: 'name' }]);
  });

  test('A file with nothing in it has no year', () => expect(sheetOf('day,name,what\n\n')).toEqual({ year: undefined, off: [], worked: [], wrong: [] }));

  test('GB18030 is known by not being UTF-8', () => {
    expect(textOf(new Uint8Array([0xd4, 0xaa, 0xb5, 0xa9]).buffer)).toBe('元旦');
    expect(textOf(new TextEncoder().encode('元旦').buffer as ArrayBuffer)).toBe('元旦');
  });

  test.each([['2027-2-6', '2027-02-06'], ['2027.12.31', '2027-12-31'], ['2027-02-29', undefined], ['27-1-1', undefined], ['', undefined], ['2027-13-01', undefined]])('%s', (text, day) => expect(dayOf(text)).toBe(day));
});

describe('a year', () => {
  const hours = { week: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => ({ day, windows: ['08:30-12:00'] })), holidays: ['2027-01-01'], makeUpDays: [{ day: '2027-01-03', like: 'monday' }], overrides: [{ day: '2027-01-05', windows: [] }] };

  test('Has each day once, in twelve months that begin on their weekday', () => {
    const year = yearOf(hours, 2027);

    expect(year.flatMap((m) => m.days)).toHaveLength(365);
    expect(year.map((m) => m.blanks)).toEqual([4, 0, 0, 3, 5, 1, 3, 6, 2, 4, 0, 2]);
    expect(yearOf(hours, 2028).flatMap((m) => m.days)).toHaveLength(366);
    // January 2027 begins on a Friday, February on a Monday and has four weeks.
    expect(year.slice(0, 2).map((m) => weeksOf(m).map((week) => week.map((d) => Number(d?.day.slice(8) ?? 0)).join(' ')))).toEqual([
      ['0 0 0 0 1 2 3', '4 5 6 7 8 9 10', '11 12 13 14 15 16 17', '18 19 20 21 22 23 24', '25 26 27 28 29 30 31'],
      ['1 2 3 4 5 6 7', '8 9 10 11 12 13 14', '15 16 17 18 19 20 21', '22 23 24 25 26 27 28'],
    ]);
  });

  test('Has its holidays in runs of one name, and a name is of the days that have it', () => {
    const named = { ...hours, holidays: ['2026-12-31', '2027-01-01', '2027-01-02', '2027-01-04', '2027-02-05', '2027-02-06'], names: [{ day: '2027-01-01', name: '元旦' }, { day: '2027-01-02', name: '元旦' }, { day: '2027-01-03', name: '元旦' }, { day: '2027-02-05', name: '除夕' }, { day: '2027-02-06', name: '春节' }] };
    const said = (h: typeof named) => runsOf(h, 2027).map((r) => `${r.days[0]!.slice(5)}+${r.days.length} ${r.kind} ${r.name}`);

    expect(said(named)).toEqual(['01-01+2 off 元旦', '01-03+1 worked 元旦', '01-04+1 off ', '02-05+1 off 除夕', '02-06+1 off 春节']);
    expect(said(renamed(renamed(named, ['2027-02-05'], '春节'), ['2027-01-04'], '补休'))).toEqual(['01-01+2 off 元旦', '01-03+1 worked 元旦', '01-04+1 off 补休', '02-05+2 off 春节']);
    expect(runsOf(hours, 2026)).toEqual([]);
  });

  test('Takes days off and days worked by hand, whatever they were, and gives them back to the week', () => {
    const said = (h: typeof hours & { names?: { day: string; name: string; nameEn?: string | null }[] }) => runsOf(h, 2027).map((r) => `${r.days[0]!.slice(5)}+${r.days.length} ${r.kind} ${r.name} ${r.nameEn}`);
    const storm = withDays(hours as Parameters<typeof said>[0], daysOf('2027-01-03', '2027-01-05'), 'off', '台风', 'Typhoon');

    expect(said(storm)).toEqual(['01-01+1 off  ', '01-03+3 off 台风 Typhoon']);
    expect(yearOf(storm, 2027)[0]!.days.slice(2, 5).map((d) => d.kind)).toEqual(['off', 'off', 'off']);
    expect(said(withDays(storm, ['2027-01-04'], 'worked', '补班'))).toEqual(['01-01+1 off  ', '01-03+1 off 台风 Typhoon', '01-04+1 worked 补班 ', '01-05+1 off 台风 Typhoon']);
    const calm = withoutDays(storm, ['2027-01-03', '2027-01-04', '2027-01-05']);
    expect([calm.holidays, calm.makeUpDays, calm.overrides, calm.names]).toEqual([['2027-01-01'], [], [], []]);
    expect(daysOf('2028-02-28', '2028-03-01')).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  });

  test('Says of each day what it is', () => {
    expect(yearOf(hours, 2027)[0]!.days.slice(0, 6).map((d) => d.kind)).toEqual(['off', 'closed', 'worked', 'open', 'special', 'open']);
    expect(yearOf({ alwaysOpen: true }, 2027)[0]!.days[1]!.kind).toBe('open');
  });
});
