/** How often a schedule of six fields ticks, where it is a plain beat: `0/10 * * * * ?` every 10 seconds, `15 0/10 * * * ?` every 10 minutes. */
export function beatOf(schedule: string): { each: number; unit: 'second' | 'minute' } | undefined {
  const [, seconds, minutes] = /^(?:0\/(\d+) \*|\d+ 0\/(\d+)) \* \* \* \?$/.exec(schedule) ?? [];
  return seconds ? { each: Number(seconds), unit: 'second' } : minutes ? { each: Number(minutes), unit: 'minute' } : undefined;
}
