import type { DemandEvery, DemandFigure } from '../api/client';

export interface TrendLine { key: string; name?: string | null; nameEn?: string | null; total: number; counts: number[] }

/** The periods from the first to the last without a gap, and for each key a count in each of them: the most frequent first. */
export function trend(figures: readonly DemandFigure[], every: DemandEvery): { periods: string[]; lines: TrendLine[] } {
  const known = figures.map((f) => f.period).sort();
  const periods: string[] = [];
  for (let p = known[0]; p !== undefined && p <= known[known.length - 1]!; p = next(p, every)) periods.push(p);
  const at = new Map(periods.map((p, i) => [p, i]));
  const lines = new Map<string, TrendLine>();
  for (const f of figures) {
    const line = lines.get(f.key) ?? { key: f.key, name: f.name, nameEn: f.nameEn, total: 0, counts: periods.map(() => 0) };
    line.counts[at.get(f.period)!]! += Number(f.requests);
    line.total += Number(f.requests);
    lines.set(f.key, line);
  }
  return { periods, lines: [...lines.values()].sort((a, b) => b.total - a.total || a.key.localeCompare(b.key)) };
}

function next(period: string, every: DemandEvery): string {
  const on = new Date(`${period}T00:00:00Z`);
  if (every === 'month') on.setUTCMonth(on.getUTCMonth() + 1);
  else on.setUTCDate(on.getUTCDate() + (every === 'week' ? 7 : 1));
  return on.toISOString().slice(0, 10);
}
