import dayjs from 'dayjs';
import type { PlanShift, ShiftLine } from '../api/client';
import { instantOf, wallDay, wallOf } from '../kit/times';

/** The Monday of the week of this day: 2026-03-02. */
export function mondayOf(on: string): string {
  const day = dayjs(on);
  return day.subtract((day.day() + 6) % 7, 'day').format('YYYY-MM-DD');
}

export const weekAfter = (monday: string, weeks: number): string => dayjs(monday).add(weeks, 'week').format('YYYY-MM-DD');

/** From Monday 0:00 to the next one, on the community's wall. */
export const spanOf = (monday: string, zone: string): { from: string; to: string } => ({ from: instantOf(dayjs(monday), zone), to: instantOf(dayjs(weekAfter(monday, 1)), zone) });

/** What is to be planned, and in which week. */
export interface WeekPlan { monday: string; shifts: PlanShift[] }

/** It is asked about, and planned, only while its own week is shown. */
export const planFor = (plan: WeekPlan | undefined, shown: string): PlanShift[] | undefined => (plan?.monday === shown ? plan.shifts : undefined);

const planOf = (s: PlanShift): string => [s.duty, s.teamId ?? '', s.staffId, Date.parse(s.startsAt), Date.parse(s.endsAt)].join(' ');

/**
 * What of one week is to be planned in the next one: the shifts that begin in it, at the same time of the wall's clock, also where that was
 * put forward in between; without what is planned there already. Of a shift that was swapped, who it was planned for.
 */
export function copiedInto(monday: string, before: readonly ShiftLine[], there: readonly ShiftLine[], zone: string): PlanShift[] {
  // Whoever swapped it since: it is planned.
  const known = new Set(there.flatMap((s) => [planOf(s), ...(s.swappedFromId ? [planOf({ ...s, staffId: s.swappedFromId })] : [])]));
  const later = (at: string) => instantOf(wallOf(at, zone).add(1, 'week'), zone);
  return before
    .filter((s) => mondayOf(wallDay(s.startsAt, zone)) === weekAfter(monday, -1))
    .map((s) => ({ duty: s.duty, teamId: s.teamId, staffId: s.swappedFromId ?? s.staffId, startsAt: later(s.startsAt), endsAt: later(s.endsAt) }))
    .filter((s) => !known.has(planOf(s)));
}
