const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "in 2 hours", "3 天前"; below a minute "now". */
export function relative(at: string, now: number, language: string): string {
  const seconds = (Date.parse(at) - now) / 1000;
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }

  return words.format(0, 'second');
}

/** The exact time on the community's wall: without the year while it is this one. */
export function exact(at: string, zone: string, language: string, now = Date.now()): string {
  const date = new Date(at);
  const year = (d: Date | number) => new Intl.DateTimeFormat('en', { timeZone: zone, year: 'numeric' }).format(d);
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    ...(year(date) === year(now) ? {} : { year: 'numeric' }),
    month: language === 'en' ? 'short' : 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(date);
}
