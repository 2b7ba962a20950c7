import type { TimelineEntry } from '../api/client';
import type { useWords } from '../words/words';

/** How the particulars of an event are said: in the reader's language, at the community's time, by the names that came with the timeline. */
export interface Sayer extends Pick<ReturnType<typeof useWords>, 't' | 'word'> {
  name: (id: string) => string | undefined;
  time: (at: string) => string;
}

type Detail = Record<string, unknown>;
type Window = { from: string; to: string };

const none = '–';

/** From what to what, to whom, until when: what an event's own name leaves open, a line each. What the desk does not tell this reader is left out. */
export function particulars({ what, detail }: Pick<TimelineEntry, 'what' | 'detail'>, { t, word, name, time }: Sayer): string[] {
  const d = (detail ?? {}) as Detail;
  const id = (v: unknown) => (typeof v === 'string' ? name(v) : undefined);
  const at = (v: unknown) => (typeof v === 'string' ? time(v) : undefined);
  const one = (of: Parameters<typeof word>[0], v: unknown) => (typeof v === 'string' ? word(of, v) : undefined);
  const window = (v: unknown) => (v ? `${time((v as Window).from)} – ${time((v as Window).to)}` : undefined);
  const is = (label: string, value: string | undefined) => (value === undefined ? [] : [t('happened.is', { label, value })]);
  const change = (label: string, from: string | undefined, to: string | undefined) => (from === to ? [] : [t('happened.change', { label, from: from ?? none, to: to ?? none })]);
  const plain = (...lines: (string | undefined)[]) => lines.filter((line) => line !== undefined);
  const team = (teamId: unknown, crew: unknown) => id(teamId) ?? one('crew', crew);
  const level = typeof d.level === 'number' && d.level > 0 ? t('escalations.level', { level: d.level }) : undefined;

  switch (what) {
    case 'requestReceived':
      return [...is(t('request.category'), id(d.categoryId)), ...is(t('register.priority'), one('priority', d.priority))];
    case 'requestReprioritised':
      return change(t('register.priority'), one('priority', d.from), one('priority', d.to));
    case 'requestRecategorised':
      return change(t('request.category'), id(d.from), id(d.to));
    case 'requestRescheduled':
      return change(t('request.appointment'), window(d.from), window(d.to));
    case 'personInChargeNamed':
    case 'personInChargeLeft':
      return change(t('request.inCharge'), id(d.from), id(d.to));
    case 'requestAmended':
      return amended(d);
    case 'foreignNumberAmended':
      return change(t('register.foreignDue'), at((d.from as Detail | undefined)?.dueAt), at((d.to as Detail | undefined)?.dueAt));
    case 'requestCancelled':
      return plain(one('outcome', d.outcome));
    case 'requestClosed':
      return plain(one('notAskedRule', d.rule), one('feedbackState', d.feedback));
    case 'promiseMade':
      return is(t('moves.dueAt'), at(d.dueAt));
    case 'workDispatched':
      return [...is(t('happened.to'), team(d.teamId, d.crew)), ...is(t('queue.assignee'), id(d.assigneeId))];
    case 'workAssigned':
      return change(t('queue.assignee'), id(d.from), id(d.assigneeId));
    case 'workTransferred':
      return change(t('moves.team'), team(d.fromTeamId, d.fromCrew), team(d.toTeamId, d.toCrew));
    case 'workReturned':
      return is(t('moves.team'), team(d.teamId, d.crew));
    case 'workHeld':
      return [...plain(one('holdReason', d.reason)), ...is(t('crew.wakeAt'), at(d.wakeAt))];
    case 'workQuoted':
    case 'quoteConsented':
    case 'finalAmountSet':
      return is(t('happened.amount'), typeof (d.amount ?? d.total) === 'number' ? (d.amount ?? d.total as number)!.toString() : undefined);
    case 'reworkCauseChosen':
      return plain(one('reworkCause', d.cause));
    case 'faultExpected':
      return change(t('fault.expected'), at(d.before), at(d.expectedAt));
    case 'faultAmended': {
      const before = (d.before ?? {}) as Detail;
      return [...change(t('request.category'), id(before.categoryId), id(d.categoryId)), ...change(t('request.place'), id(before.placeId), id(d.placeId)), ...change(t('request.asset'), id(before.assetId), id(d.assetId))];
    }
    case 'feedbackGiven':
      return plain(one('solved', d.solved), typeof d.satisfaction === 'number' ? t('request.satisfaction', { score: d.satisfaction }) : undefined);
    case 'feedbackNotAsked':
      return plain(one('notAskedRule', d.rule));
    case 'feedbackCallTried':
      return [...plain(one('callResult', d.result)), ...is(t('callBacks.again'), at(d.callAgainAt))];
    case 'callBackSnoozed':
      return is(t('callBacks.until'), at(d.until));
    case 'callBackHandedOver':
      return is(t('callBacks.to'), id(d.to));
    case 'followUpOpened':
      return plain(one('followUpReason', d.reason), one('roles', d.forRole));
    case 'followUpEnded':
      return plain(one('followUpEnding', d.how));
    case 'clockWarned':
    case 'clockBreached':
    case 'escalated':
    case 'escalationPromiseBroken': {
      const told = Array.isArray(d.told) ? d.told.map(id).filter((who) => who !== undefined) : [];
      return plain(
        level,
        one('clockKind', d.kind) && t('happened.is', { label: one('clockKind', d.kind)!, value: at(d.dueAt) ?? none }),
        told.length > 0 ? t('escalations.told', { names: told.join(', ') }) : level && Array.isArray(d.told) && d.told.length === 0 ? t('escalations.nobody') : undefined,
      );
    }
    case 'escalationAcknowledged':
    case 'escalationResolved':
      return plain(level, typeof d.promisedAt === 'string' ? t('escalations.promised', { time: time(d.promisedAt) }) : undefined);
    default:
      return plain(one('messageTemplate', d.template));
  }

  function amended(d: Detail): string[] {
    const before = (d.before ?? {}) as Detail;
    const yes = (v: unknown) => (typeof v === 'boolean' ? t(v ? 'common.yes' : 'common.no') : undefined);
    const say: Record<string, (v: Detail) => string | undefined> = {
      place: (v) => id(v.placeId), asset: (v) => id(v.assetId), customer: (v) => id(v.customerId), aboutStaff: (v) => id(v.aboutStaffId),
      aboutCrew: (v) => one('crew', v.aboutCrew), payer: (v) => one('payer', v.payer), confidential: (v) => yes(v.confidential),
    };
    return ((d.fields ?? []) as string[]).flatMap((f) => (say[f] ? change(word('requestField', f), say[f](before), say[f](d)) : [word('requestField', f)]));
  }
}
