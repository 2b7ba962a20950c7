import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';

dayjs.extend(utc);
dayjs.extend(timezone);

export { exact, relative } from './words-of-time';

/** A day without a time, as the language writes it. */
export const day = (on: string, language: string): string => new Intl.DateTimeFormat(language, { timeZone: 'UTC', dateStyle: 'medium' }).format(new Date(`${on}T00:00:00Z`));

/** The day on the community's wall: 2026-03-02. */
export const wallDay = (at: string, zone: string): string => dayjs(at).tz(zone).format('YYYY-MM-DD');

/** The time on the community's wall: 08:30. */
export const wallTime = (at: string, zone: string): string => dayjs(at).tz(zone).format('HH:mm');

/** "Monday, 2 March", or only which day of the week. */
export const weekday = (on: string, language: string, length: 'long' | 'short' = 'long'): string =>
  new Intl.DateTimeFormat(language, { timeZone: 'UTC', weekday: length, ...(length === 'long' ? { month: 'long', day: 'numeric' } : {}) }).format(new Date(`${on}T00:00:00Z`));

/** What a picker shows is the community's wall: the same figures, there, as an instant. */
export function instantOf(picked: dayjs.Dayjs, zone: string): string {
  return dayjs.tz(picked.format('YYYY-MM-DDTHH:mm:ss'), zone).toISOString();
}

/** The last so many days up to today, today among them. */
export const lastDays = (days: number, today: dayjs.Dayjs): [dayjs.Dayjs, dayjs.Dayjs] => [today.startOf('day').subtract(days - 1, 'day'), today.startOf('day')];

/** An instant as the community's wall shows it, for a picker. */
export function wallOf(at: string | dayjs.Dayjs, zone: string): dayjs.Dayjs {
  return dayjs(dayjs(at).tz(zone).format('YYYY-MM-DDTHH:mm:ss'));
}

/** Minutes as people say them: "11 h 30 min"; never days, since a day of working time is none. */
export function minutesSaid(minutes: number, language: string): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  const parts = language === 'en' ? [hours && `${hours} h`, (rest || !hours) && `${rest} min`] : [hours && `${hours} 小时`, (rest || !hours) && `${rest} 分钟`];
  return parts.filter(Boolean).join(' ');
}

/** A length of time in its two largest parts: "2 h 5 min". */
export function span(seconds: number, language: string): string {
  const parts: [number, string, string][] = [[86_400, 'd', '天'], [3_600, 'h', '小时'], [60, 'min', '分钟'], [1, 's', '秒']];
  const at = parts.findIndex(([length]) => seconds >= length);
  if (at < 0) return language === 'en' ? '0 s' : '0 秒';
  const [first, second] = [parts[at]!, parts[at + 1]];
  const rest = second ? Math.floor((seconds % first[0]) / second[0]) : 0;
  const say = (n: number, [, en, zh]: [number, string, string]) => (language === 'en' ? `${n} ${en}` : `${n} ${zh}`);
  return [say(Math.floor(seconds / first[0]), first), second && rest > 0 ? say(rest, second) : ''].filter(Boolean).join(' ');
}
