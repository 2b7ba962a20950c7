export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

export type Weekday = (typeof weekdays)[number];

type Week = readonly { day: string; windows: readonly string[] }[];

/** What is open on a day of the week, as it is typed: 08:30-12:00, 14:00-18:00; nothing where it is closed. */
export const typedOf = (week: Week | null | undefined, day: Weekday): string => week?.find((d) => d.day.toLowerCase() === day)?.windows.join(', ') ?? '';

/** The windows that were typed, as the desk writes them; what is none stays as it is, for the desk to say so. */
export function windowsOf(typed: string | undefined): string[] {
  return (typed ?? '').replace(/[：﹕]/g, ':').split(/[,，;；、]/).map((w) => w.trim()).filter(Boolean).map((w) => {
    const parts = /^(\d{1,2}):(\d{2})\s*(?:[-–—~～至到]|to)\s*(\d{1,2}):(\d{2})$/.exec(w);
    return parts ? `${parts[1]!.padStart(2, '0')}:${parts[2]}-${parts[3]!.padStart(2, '0')}:${parts[4]}` : w.slice(0, 20);
  });
}

/** The week of what was typed; days without windows are left out. */
export const weekOf = (typed: Partial<Record<Weekday, string>>): { day: Weekday; windows: string[] }[] =>
  weekdays.map((day) => ({ day, windows: windowsOf(typed[day]) })).filter((d) => d.windows.length > 0);

/** Those that close on the next day. */
export const overMidnight = (typed: string | undefined): string[] => windowsOf(typed).filter((w) => { const [opens, closes] = w.split('-'); return closes !== undefined && /^\d\d:\d\d$/.test(closes) && closes < opens!; });
