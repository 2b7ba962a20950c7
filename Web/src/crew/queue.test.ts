import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isForCrew } from '../look';
import { after, backOff, consentTo, foresee, isHeldBack, judge, letter, longest, next, steps, stepsNow, table, tooOld, waitedForConsent, waitsForYes, wakeAt, wordsOf } from './queue';
import type { Action } from './queue';

let count = 0;
const made = (of: Partial<Action> = {}): Action => ({
  seq: ++count, owner: 'me', key: `k${count}`, orderId: 'a', number: 12345, place: null, step: 'accept', body: null, at: '2026-03-02T01:00:00.000Z', state: 'pending', tries: 0, notBefore: 0, ...of,
});
const why = (code: string, status = 409) => ({ code, status, title: code, faults: [] });

describe('what is sent next', () => {
  test('Of one order the oldest, and nothing past it while it waits for its next try', () => {
    const [accept, arrive] = [made(), made({ step: 'arrive' })];
    expect(next([arrive, accept], 0)).toBe(accept);
    expect(next([{ ...accept, notBefore: 50 }, arrive], 10)).toBeNull();
    expect(wakeAt([{ ...accept, notBefore: 50 }, arrive])).toBe(50);
    expect(next([{ ...accept, state: 'sent' }, arrive], 10)).toBe(arrive);
  });

  test('One order that cannot be sent keeps no other waiting', () => {
    const [stuck, other] = [made({ notBefore: 99 }), made({ orderId: 'b' })];
    expect(next([stuck, other], 10)).toBe(other);
  });

  test('What the person can put right holds back what follows for its order; what was refused because the order had moved on does not', () => {
    const [hold, resume] = [made({ step: 'hold', state: 'refused', correctable: true }), made({ step: 'resume' })];
    expect(next([hold, resume], 0)).toBeNull();
    expect(isHeldBack([hold, resume], resume)).toBe(true);
    expect(wakeAt([hold, resume])).toBeNull();
    expect(next([{ ...hold, correctable: false, report: 'kept' }, resume], 0)).toBe(resume);
  });

  test('A refusal is reported before what follows it is sent', () => {
    const [refused, follows] = [after(made(), 'movedOn', why('work_order.already_taken'), 7, 0), made({ step: 'arrive' })];
    expect(next([refused, follows], 7)).toBe(refused);
    expect(letter(refused)).toEqual({ path: '/api/work-orders/a/reports', body: { move: 'accept', code: 'work_order.already_taken', words: null }, key: `${refused.key}-report` });
    const kept = after(refused, 'sent', undefined, 8, 0);
    expect([kept.state, kept.report, kept.why?.code]).toEqual(['refused', 'kept', 'work_order.already_taken']);
    expect(next([kept, follows], 8)).toBe(follows);
  });
});

describe('paid work', () => {
  const lines = [{ name: '阀门', quantity: 1, unit: '个', unitPrice: 80 }];

  test('A quote is sent without what the telephone keeps for itself; the owner’s word goes to that quote', () => {
    expect(letter(made({ step: 'quote', body: { lines, consentedBy: '李先生' } }))).toMatchObject({ path: '/api/work-orders/a/quotes', body: { lines } });
    expect(letter(made({ step: 'quote', body: { lines, consentedBy: '李先生' } })).body).not.toHaveProperty('consentedBy');
    expect(letter(made({ step: 'consent', body: { quoteId: 'q', consentedBy: '李先生', amount: 80, channel: 'walkIn', consentedAt: null } }))).toMatchObject({ path: '/api/work-orders/a/quotes/q/consent', body: { consentedBy: '李先生', amount: 80 } });
    expect(letter(made({ step: 'consent', body: { quoteId: 'q', refusedBy: '李先生', reason: null } }))).toMatchObject({ path: '/api/work-orders/a/quotes/q/refusal', body: { refusedBy: '李先生', reason: null } });
  });

  test('A yes given beside the quote follows it once, for all of it', () => {
    const quote = made({ step: 'quote', body: { lines, consentedBy: '李先生' } });
    const yes = consentTo(quote, { quoteId: 'q', total: 80 })!;
    expect(yes).toMatchObject({ step: 'consent', key: `${quote.key}-yes`, state: 'pending', body: { quoteId: 'q', consentedBy: '李先生', amount: 80 } });
    expect(yes).not.toHaveProperty('seq');
    expect(consentTo(made({ step: 'quote', body: { lines, consentedBy: null } }), { quoteId: 'q', total: 80 })).toBeNull();
    expect(consentTo(made({ step: 'complete' }), { quoteId: 'q' })).toBeNull();
  });

  test('A completion that was refused for want of a yes lets the quote and the yes past it, and nothing else; then it is sent again', () => {
    const complete = after(made({ step: 'complete', body: { whatWasDone: 'x' } }), judge(409, 'work_order.no_consent'), why('work_order.no_consent'), 1, 0);
    const [photo, quote] = [made({ step: 'attach' }), made({ step: 'quote', body: { lines } })];
    expect([waitsForYes(complete), waitsForYes(quote)]).toEqual([true, false]);
    expect(next([complete, photo, quote], 0)).toBe(quote);
    expect([isHeldBack([complete, photo, quote], quote), isHeldBack([complete, photo, quote], photo)]).toEqual([false, true]);
    expect(next([{ ...complete, why: why('work_order.photos_missing') }, quote], 0)).toBeNull();
    const yes = made({ step: 'consent', body: { quoteId: 'q', consentedBy: '李先生', amount: 80 } });
    expect(waitedForConsent([complete, yes], yes)).toEqual([complete]);
    expect(waitedForConsent([complete], { ...yes, body: { quoteId: 'q', refusedBy: '李先生' } })).toEqual([]);
  });
});

describe('what an answer means', () => {
  test.each([
    [200, '', 'sent'], [201, '', 'sent'], [0, 'network.unreachable', 'again'], [502, 'unexpected', 'again'], [500, 'unexpected', 'again'], [429, 'calls.too_many', 'again'], [408, 'unexpected', 'again'],
    [401, 'session.needed', 'signIn'], [403, 'session.second_factor_needed', 'signIn'],
    [409, 'work_order.move_not_allowed', 'movedOn'], [409, 'work_order.already_taken', 'movedOn'], [403, 'work_order.somebody_elses', 'movedOn'], [404, 'work_order.not_found', 'movedOn'],
    [409, 'work_order.photos_missing', 'correct'], [422, 'hold.wake_at_out_of_range', 'correct'], [413, 'attachment.too_large', 'correct'], [400, 'body.malformed', 'correct'],
  ])('%i %s is %s', (status, code, verdict) => expect(judge(status, code)).toBe(verdict));

  test('No answer keeps it waiting under its own key, longer each time, at most about five minutes', () => {
    const mine = made();
    const first = after(mine, 'again', why('network.unreachable', 0), 1_000, 0.5);
    const second = after(first, 'again', why('network.unreachable', 0), 10_000, 0.5);
    expect([first.state, first.key, first.tries, first.notBefore]).toEqual(['pending', mine.key, 1, 3_000]);
    expect(second.notBefore).toBe(14_000);
    expect(backOff(1_000, 1)).toBeLessThanOrEqual(375_000);
    expect(backOff(1, 0)).toBe(1_500);
  });

  test('A photo that was refused reports nothing; a report that is refused ends there', () => {
    expect(after(made({ step: 'attach' }), 'movedOn', why('work_order.not_found', 404), 0, 0).report).toBeUndefined();
    expect(after(made({ state: 'refused', report: 'pending', why: why('x.y') }), 'movedOn', why('work_order.not_found', 404), 0, 0)).toMatchObject({ report: 'refused', why: { code: 'x.y' } });
  });

  test('What waited longer than the desk knows its key is not sent: the person decides', () => {
    const a = made();
    expect(tooOld(a, Date.parse(a.at) + longest)).toBeNull();
    expect(tooOld(a, Date.parse(a.at) + longest + 1)).toMatchObject({ state: 'refused', correctable: true, why: { code: 'phone.too_old' } });
  });
});

describe('where it goes', () => {
  test('Milestones name themselves, a photo its purpose and name', () => {
    expect(letter(made({ step: 'control' }))).toMatchObject({ path: '/api/work-orders/a/milestones', body: { milestone: 'controlled' } });
    expect(letter(made({ step: 'attach', photo: { purpose: 'after', fileName: '厨房 1.jpg' } })).path).toBe('/api/work-orders/a/attachments?purpose=after&visibility=crew&fileName=%E5%8E%A8%E6%88%BF+1.jpg');
  });

  test('What was typed goes with a report', () => {
    expect(wordsOf(made({ step: 'complete', body: { whatWasDone: '换了阀门', cause: '老化', materials: [{ name: '阀门', quantity: 1, unit: '个' }] } }))).toBe('换了阀门\n老化\n阀门 1 个');
    expect(wordsOf(made({ step: 'hold', body: { reason: 'parts', wakeAt: '2026-03-03T01:00:00Z', note: '等密封圈' } }))).toBe('等密封圈');
    expect(wordsOf(made({ step: 'return', body: { reason: '不归我们' } }))).toBe('不归我们');
  });
});

describe('what it will be', () => {
  test('Accepted, arrived and done without a line', () => {
    expect(foresee('dispatched', false, ['claim', 'arrive', 'attach', 'complete'])).toEqual({ status: 'done', gone: false, arrived: true });
    expect(foresee('accepted', false, ['hold', 'resume']).status).toBe('accepted');
    expect(foresee('working', true, ['hold', 'resume']).status).toBe('working');
    expect(foresee('working', true, ['return'])).toMatchObject({ gone: true });
  });

  test('What the desk says counts, until something waits that it does not know', () => {
    expect(stepsNow(['accept', 'attach', 'void'], 'dispatched', foresee('dispatched', false, []), false)).toEqual(['accept', 'attach']);
    expect(stepsNow(['accept', 'attach'], 'dispatched', foresee('dispatched', false, ['accept']), true)).toContain('arrive');
    expect(stepsNow([], 'working', foresee('working', true, ['return']), true)).toEqual([]);
  });

  test('The table is the desk’s own', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../docs/lifecycles.md'), 'utf8').split('## Work order')[1]!.split('\n## ')[0]!;
    const theirs: typeof table = {};
    for (const [, state, becomes, same] of text.matchAll(/^\| `(\w+)` \|[^|]*\|[^|]*\| ([^|]*) \| ([^|]*) \|$/gm)) {
      const row: Record<string, string> = Object.fromEntries(same!.split(', ').filter((m) => m !== '–').map((m) => [m, state!]));
      for (const [, to, by] of becomes!.matchAll(/`(\w+)` by ([\w, ]+?)(?=, `|$)/g)) for (const m of by!.split(', ')) row[m] = to!;
      const crews = Object.fromEntries(Object.entries(row).filter(([m]) => (steps as readonly string[]).includes(m)));
      if (Object.keys(crews).length) theirs[state as keyof typeof table] = crews;
    }
    delete theirs.unassigned!.transfer; // the centre's to do
    expect(table).toEqual(theirs);
  });
});

describe('which application', () => {
  test.each<[string, string | null, boolean]>([
    ['/crew', 'desk', true], ['/crew/sent', null, true], ['/', null, false], ['/', 'crew', true], ['/work-orders/1', null, true], ['/work-orders/1', 'desk', false], ['/requests/1', 'crew', false],
  ])('%s, last %s', (path, last, crew) => expect(isForCrew(path, last)).toBe(crew));
});
