interface NamedDay {
  day: string;
  name: string;
  nameEn?: string | null;
}

/** The days of a year as a file has them: which are off, which are worked by exception, and which lines are wrong. */
export interface Sheet {
  year: number | undefined;
  off: NamedDay[];
  worked: NamedDay[];
  wrong: { line: number; why: 'columns' | 'day' | 'what' | 'twice' | 'otherYear' | 'name' }[];
}

const words: Record<string, 'off' | 'worked'> = { off: 'off', holiday: 'off', 休: 'off', 休息: 'off', 放假: 'off', 节假日: 'off', worked: 'worked', work: 'worked', 班: 'worked', 上班: 'worked', 调休上班: 'worked', 补班: 'worked' };

/** A file's bytes as text: UTF-8 where it is that, else GB18030, as spreadsheets in China save it. */
export function textOf(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

/** 2027-02-06, 2027/2/6 or 2027年2月6日 as 2027-02-06; undefined where it is no day. */
export function dayOf(text: string): string | undefined {
  const parts = /^(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?$/.exec(text.trim());
  if (!parts) return undefined;
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number];
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day ? at.toISOString().slice(0, 10) : undefined;
}

/** Lines of day, name, off or worked and, where there is one, an English name, with or without a header line; separated by commas, semicolons or tabs. The year is the one that most days are of. */
export function sheetOf(text: string): Sheet {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const sheet: Sheet = { year: undefined, off: [], worked: [], wrong: [] };
  const seen = new Map<string, number>();
  let first = true;
  lines.forEach((raw, n) => {
    if (!raw.replace(/[,;\t]/g, '').trim()) return;
    const cells = raw.split(/[,;\t，]/).map((c) => c.trim().replace(/^"(.*)"$/, '$1').trim());
    const day = dayOf(cells[0] ?? '');
    const header = first && !day && !/\d/.test(cells[0] ?? '');
    first = false;
    if (header) return;
    const what = words[(cells[2] ?? '').toLowerCase()];
    const name = cells[1] ?? '';
    const nameEn = cells[3] || undefined;
    const why = cells.length < 3 ? 'columns' : !day ? 'day' : !what ? 'what' : !name || [name, nameEn ?? ''].some((n) => [...n].length > 60) ? 'name' : seen.has(day) ? 'twice' : undefined;
    if (why || !day || !what) {
      sheet.wrong.push({ line: n + 1, why: why ?? 'day' });
      return;
    }
    seen.set(day, n + 1);
    sheet[what].push({ day, name, nameEn });
  });
  const years = new Map<number, number>();
  for (const day of seen.keys()) years.set(Number(day.slice(0, 4)), (years.get(Number(day.slice(0, 4))) ?? 0) + 1);
  sheet.year = [...years].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
  for (const [day, line] of seen) {
    if (sheet.year && Math.abs(Number(day.slice(0, 4)) - sheet.year) > 1) sheet.wrong.push({ line, why: 'otherYear' });
  }
  sheet.wrong.sort((a, b) => a.line - b.line);
  return sheet;
}

export type DayKind = 'open' | 'closed' | 'off' | 'worked' | 'special';

export interface Hours {
  alwaysOpen?: boolean;
  week?: readonly { day: string; windows: readonly string[] }[] | null;
  holidays?: readonly string[] | null;
  makeUpDays?: readonly { day: string; like: string }[] | null;
  overrides?: readonly { day: string; windows: readonly string[] }[] | null;
  names?: readonly NamedDay[] | null;
}

/** Days in a row, all off or all worked by exception, of one name; without one it is empty. */
export interface Run {
  days: string[];
  kind: 'off' | 'worked';
  name: string;
  nameEn: string;
}

/** The holidays and make-up days of a year, in their order. */
export function runsOf(hours: Hours, year: number): Run[] {
  const names = new Map((hours.names ?? []).map((n) => [n.day, n]));
  const runs: Run[] = [];
  let before = false;
  for (const { day, kind } of yearOf(hours, year).flatMap((m) => m.days)) {
    const counts = kind === 'off' || kind === 'worked';
    const { name = '', nameEn } = names.get(day) ?? {};
    const last = runs.at(-1);
    if (counts && before && last?.kind === kind && last.name === name && last.nameEn === (nameEn ?? '')) last.days.push(day);
    else if (counts) runs.push({ days: [day], kind, name, nameEn: nameEn ?? '' });
    before = counts;
  }
  return runs;
}

/** The same hours, and these days called so. */
export function renamed<H extends Hours>(hours: H, days: readonly string[], name: string, nameEn?: string): H {
  return { ...hours, names: [...(hours.names ?? []).filter((n) => !days.includes(n.day)), ...days.map((day) => ({ day, name, nameEn: nameEn || null }))].sort((a, b) => a.day.localeCompare(b.day)) };
}

/** The same hours, and these days as in every week. */
export function withoutDays<H extends Hours>(hours: H, days: readonly string[]): H {
  const other = (day: string) => !days.includes(day);
  return { ...hours, holidays: hours.holidays?.filter(other), makeUpDays: hours.makeUpDays?.filter((d) => other(d.day)), overrides: hours.overrides?.filter((d) => other(d.day)), names: hours.names?.filter((n) => other(n.day)) };
}

/** The same hours, and these days off, or worked as a Monday is, whatever they were before. */
export function withDays<H extends Hours>(hours: H, days: readonly string[], kind: Run['kind'], name: string, nameEn?: string): H {
  const rest = withoutDays(hours, days);
  const changed = kind === 'off' ? { ...rest, holidays: [...(rest.holidays ?? []), ...days].sort() } : { ...rest, makeUpDays: [...(rest.makeUpDays ?? []), ...days.map((day) => ({ day, like: 'monday' }))].sort((a, b) => a.day.localeCompare(b.day)) };
  return renamed(changed, days, name, nameEn);
}

/** Each day from one to another, both included. */
export function daysOf(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

const names = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

interface Day {
  day: string;
  kind: DayKind;
}

interface Month {
  blanks: number;
  days: Day[];
}

/** A month by its weeks, from Monday on; blank where a day is of another month. */
export function weeksOf({ blanks, days }: Month): (Day | undefined)[][] {
  const cells = [...Array<undefined>(blanks).fill(undefined), ...days];
  return Array.from({ length: Math.ceil(cells.length / 7) }, (_, week) => Array.from({ length: 7 }, (__, n) => cells[7 * week + n]));
}

/** Each day of a year as a calendar has it; twelve months, Monday first, with the blanks before the first. */
export function yearOf(hours: Hours, year: number): Month[] {
  const off = new Set(hours.holidays ?? []);
  const worked = new Set((hours.makeUpDays ?? []).map((d) => d.day));
  const special = new Set((hours.overrides ?? []).map((d) => d.day));
  const open = new Set((hours.week ?? []).filter((d) => d.windows.length > 0).map((d) => d.day.toLowerCase()));
  return Array.from({ length: 12 }, (_, month) => {
    const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    return {
      blanks: (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7,
      days: Array.from({ length: count }, (__, n) => {
        const at = new Date(Date.UTC(year, month, n + 1));
        const day = at.toISOString().slice(0, 10);
        const kind: DayKind = special.has(day) ? 'special' : worked.has(day) ? 'worked' : off.has(day) ? 'off' : hours.alwaysOpen || open.has(names[at.getUTCDay()]!) ? 'open' : 'closed';
        return { day, kind };
      }),
    };
  });
}
