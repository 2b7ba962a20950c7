export { exact, relative } from '../kit/words-of-time';

/** How far the wall of a zone is ahead of UTC at an instant, in milliseconds. */
function ahead(at: number, zone: string): number {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }).formatToParts(at).map((p) => [p.type, Number(p.value)]),
  ) as Record<string, number>;
  return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second) - Math.floor(at / 1000) * 1000;
}

/** An instant as the community's wall shows it, as a field for day and time wants it: 2026-03-02T09:00. */
export const wallOf = (at: number, zone: string): string => new Date(at + ahead(at, zone)).toISOString().slice(0, 16);

/** What the wall shows, as an instant. An hour that the wall skips is the one after it. */
export function instantOf(wall: string, zone: string): string {
  const asUtc = Date.parse(`${wall}:00Z`);
  const first = asUtc - ahead(asUtc, zone);
  return new Date(asUtc - ahead(first, zone)).toISOString();
}

/** Nine o'clock of the day after, on the community's wall. */
export function tomorrowAtNine(now: number, zone: string): string {
  const today = wallOf(now, zone).slice(0, 10);
  return `${new Date(Date.parse(`${today}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)}T09:00`;
}
