import type dayjs from 'dayjs';
import type { CallResult, FeedbackState } from '../api/client';
import { instantOf } from '../kit/times';

export interface Attempt { numberDialled: string | null; result: CallResult; note: string | null; spokeWith: string | null; callAgainAt: string | null }

export interface Tries { numberDialled?: string; result: CallResult; note?: string; spokeWith?: string; callAgainAt?: dayjs.Dayjs }

const calls: readonly CallResult[] = ['noAnswer', 'busy', 'wrongNumber', 'callLater'];

/** What may come of ringing: that no number is known first, where none is and somebody is to be rung. */
export const resultsOf = (sheet: { numberKnown: boolean; state?: FeedbackState }): readonly CallResult[] =>
  sheet.numberKnown || (sheet.state && sheet.state !== 'toCall') ? calls : ['noNumber', ...calls];

/** What is chosen at first: a call, where there is a number to dial. */
export const firstResult = (results: readonly CallResult[], toDial: readonly string[]): CallResult =>
  results.find((r) => r !== 'noNumber' || toDial.length === 0) ?? 'noAnswer';

/** What is sent: who spoke and when to ring again only of those who picked up, and no number where nobody was rung. */
export const attemptOf = (v: Tries, zone: string): Attempt => ({
  numberDialled: v.result === 'noNumber' ? null : v.numberDialled || null,
  result: v.result,
  note: v.note || null,
  spokeWith: v.result === 'callLater' ? v.spokeWith || null : null,
  callAgainAt: v.result === 'callLater' && v.callAgainAt ? instantOf(v.callAgainAt, zone) : null,
});
