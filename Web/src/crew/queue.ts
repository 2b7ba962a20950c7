import type { PhotoPurpose, WorkOrderMove, WorkOrderStatus } from '../api/client';

/** What the crew does on a telephone: the moves of an order, and photos. */
export const steps = ['claim', 'accept', 'arrive', 'makeSafe', 'control', 'hold', 'resume', 'complete', 'return', 'transfer', 'assign', 'attach', 'quote', 'consent'] as const;
export type Step = (typeof steps)[number];

export interface Why {
  code: string;
  status: number;
  title: string;
  faults: readonly { field: string; code: string; message: string }[];
}

/** One thing that somebody did, as the telephone keeps it until the desk knows, and a day longer. */
export interface Action {
  /** In the order in which they were done; the store gives it. */
  seq: number;
  owner: string;
  /** The idempotency key: made once, kept for every try. */
  key: string;
  orderId: string;
  number: number;
  place: string | null;
  /** The community's, in which its times are shown wherever the telephone is. */
  zone?: string;
  step: Step;
  body: Record<string, unknown> | null;
  photo?: { purpose: PhotoPurpose; fileName: string };
  /** When it was done, by this device's clock. */
  at: string;
  state: 'pending' | 'sent' | 'refused';
  tries: number;
  /** Not tried again before (milliseconds). */
  notBefore: number;
  why?: Why;
  /** The person can put it right and send it again; until then what follows for this order waits. */
  correctable?: boolean;
  /** What was refused because the order had moved on goes to its timeline as reported. */
  report?: 'pending' | 'kept' | 'refused';
  endedAt?: number;
}

const paths: Record<Step, string> = {
  claim: 'claim', accept: 'acceptance', arrive: 'arrival', makeSafe: 'milestones', control: 'milestones', hold: 'hold', resume: 'resumption',
  complete: 'completion', return: 'return', transfer: 'transfer', assign: 'assignment', attach: 'attachments', quote: 'quotes', consent: 'quotes',
};

/** Where it is sent, and with which body; a photo's bytes lie beside. */
export function letter(a: Action): { path: string; body: Record<string, unknown> | null; key: string } {
  const order = `/api/work-orders/${a.orderId}`;
  if (a.state === 'refused') return { path: `${order}/reports`, body: { move: a.step, code: a.why!.code, words: wordsOf(a) }, key: `${a.key}-report` };
  if (a.step === 'quote') return { path: `${order}/quotes`, body: { lines: a.body!.lines }, key: a.key };
  if (a.step === 'consent') {
    const { quoteId, ...said } = a.body as { quoteId: string; refusedBy?: string };
    return { path: `${order}/quotes/${quoteId}/${said.refusedBy ? 'refusal' : 'consent'}`, body: said, key: a.key };
  }
  const query = a.photo ? `?${new URLSearchParams({ purpose: a.photo.purpose, visibility: 'crew', fileName: a.photo.fileName })}` : '';
  const body = a.step === 'makeSafe' ? { milestone: 'safe' } : a.step === 'control' ? { milestone: 'controlled' } : a.body;
  return { path: `${order}/${paths[a.step]}${query}`, body, key: a.key };
}

/** What was typed with it, as far as it is words. */
export function wordsOf(a: Action): string | null {
  const of = a.body ?? {};
  const materials = Array.isArray(of.materials) ? (of.materials as { name: string; quantity: number; unit: string }[]).map((m) => `${m.name} ${m.quantity} ${m.unit}`) : [];
  const lines = Array.isArray(of.lines) ? (of.lines as { name: string; quantity: number; unit: string; unitPrice: number }[]).map((l) => `${l.name} ${l.quantity} ${l.unit} × ${l.unitPrice}`) : [];
  const words = [...lines, of.consentedBy && of.amount != null ? `${String(of.consentedBy)} ${Number(of.amount)}` : of.consentedBy, of.refusedBy, of.whatWasDone, of.cause, of.note, a.step === 'hold' ? undefined : of.reason, ...materials].filter((w): w is string => typeof w === 'string' && w.trim() !== '');
  return words.length ? words.join('\n').slice(0, 4000) : null;
}

/** A key is known to the desk for 30 days: what is older cannot be sent again without the danger of doing it twice. */
export const longest = 29 * 86_400_000;

/** What is to be sent now: of each order the oldest that waits, unless one before it waits for the person. Between orders the oldest first. */
export function next(actions: readonly Action[], now: number): Action | null {
  return heads(actions).find((a) => a.notBefore <= now) ?? null;
}

/** When there will be something to send, if nothing else happens; null when nothing waits for a time. */
export function wakeAt(actions: readonly Action[]): number | null {
  const waiting = heads(actions);
  return waiting.length ? Math.min(...waiting.map((a) => a.notBefore)) : null;
}

function heads(actions: readonly Action[]): Action[] {
  const seen = new Set<string>();
  const first: Action[] = [];
  const sorted = [...actions].sort((x, y) => x.seq - y.seq);
  for (const a of sorted) {
    if (seen.has(a.orderId)) continue;
    if (a.state === 'refused' && a.correctable) {
      // What it waits for goes past it.
      const word = waitsForYes(a) ? sorted.find((b) => b.orderId === a.orderId && b.state === 'pending' && (b.step === 'quote' || b.step === 'consent')) : undefined;
      if (word) first.push(word);
      seen.add(a.orderId);
    }
    else if (a.state === 'pending' || (a.state === 'refused' && a.report === 'pending')) {
      seen.add(a.orderId);
      first.push(a);
    }
  }
  return first;
}

/** It waits until the person has put right what was refused before it; the owner's word waits for nothing that waits for it. */
export const isHeldBack = (actions: readonly Action[], a: Action): boolean =>
  a.state === 'pending' && actions.some((b) => b.orderId === a.orderId && b.seq < a.seq && b.state === 'refused' && b.correctable && !(waitsForYes(b) && (a.step === 'quote' || a.step === 'consent')));

const noConsent = 'work_order.no_consent';

/** It was refused for want of the owner's yes: nothing has come of it yet, and it is sent again after one. */
export const waitsForYes = (a: Action): boolean => a.state === 'refused' && !!a.correctable && a.why?.code === noConsent;

/** The owner stood beside when it was quoted: the yes follows, for all of it. Its key comes from the quote's, so that it follows once. */
export function consentTo(a: Action, reply: unknown): Omit<Action, 'seq'> | null {
  const of = reply as { quoteId?: string; total?: number } | undefined;
  const consentedBy = a.body?.consentedBy;
  if (a.step !== 'quote' || typeof consentedBy !== 'string' || !of?.quoteId) return null;
  const { seq: _, why: __, ...same } = a;
  return { ...same, step: 'consent', key: `${a.key}-yes`, body: { quoteId: of.quoteId, consentedBy, amount: of.total, channel: 'walkIn', consentedAt: null }, state: 'pending', tries: 0, notBefore: 0 };
}

/** What was refused for want of the owner's yes, and can be sent again now that there is one. */
export const waitedForConsent = (actions: readonly Action[], a: Action): Action[] =>
  a.step === 'consent' && !a.body?.refusedBy ? actions.filter((b) => b.orderId === a.orderId && waitsForYes(b)) : [];

/** What follows from it is in the reply: without it, it was not answered, and the same key brings the reply again. */
export const isAnswered = (a: Action, reply: unknown): boolean => a.state !== 'pending' || a.step !== 'quote' || typeof a.body?.consentedBy !== 'string' || consentTo(a, reply) !== null;

export type Verdict = 'sent' | 'again' | 'signIn' | 'movedOn' | 'correct';

const movedOn = new Set([
  'work_order.move_not_allowed', 'work_order.already_taken', 'work_order.somebody_elses', 'work_order.other_team', 'work_order.changed_meanwhile', 'work_order.same_team', 'assignee.has_it_already', 'role.not_allowed',
  'quote.answered_already', 'quote.withdrawn', 'quote.not_found', 'work_order.not_paid_by_owner',
]);

/** What the desk's answer means; 0 is no answer at all. */
export function judge(status: number, code: string): Verdict {
  if (status >= 200 && status < 300) return 'sent';
  if (status === 401 || code.startsWith('session.')) return 'signIn';
  if (status < 400 || status >= 500 || status === 408 || status === 425 || status === 429) return 'again';
  return status === 404 || movedOn.has(code) ? 'movedOn' : 'correct';
}

const firstWait = 2_000;
const longestWait = 5 * 60_000;

/** Twice as long each time, about five minutes at most, and never all telephones at once. */
export const backOff = (tries: number, chance: number): number => Math.min(longestWait, firstWait * 2 ** Math.min(tries - 1, 20)) * (0.75 + chance / 2);

/** The action after an answer. */
export function after(a: Action, verdict: Verdict, why: Why | undefined, now: number, chance: number): Action {
  const tries = a.tries + 1;
  const isReport = a.state === 'refused';
  switch (verdict) {
    case 'sent':
      return isReport ? { ...a, report: 'kept', tries } : { ...a, state: 'sent', why: undefined, tries, endedAt: now };
    case 'again':
    case 'signIn':
      return { ...a, why: isReport ? a.why : why, tries, notBefore: now + backOff(tries, chance) };
    case 'movedOn':
      // A photo moves nothing: there is nothing to report.
      return isReport ? { ...a, report: 'refused', tries } : { ...a, state: 'refused', why, tries: 0, notBefore: now, correctable: false, report: a.step === 'attach' ? undefined : 'pending', endedAt: now };
    case 'correct':
      return isReport ? { ...a, report: 'refused', tries } : { ...a, state: 'refused', why, tries, correctable: true, endedAt: now };
  }
}

/** Kept too long without a line: the person decides. */
export function tooOld(a: Action, now: number): Action | null {
  return a.state === 'pending' && Date.parse(a.at) < now - longest
    ? { ...a, state: 'refused', correctable: true, endedAt: now, why: { code: 'phone.too_old', status: 0, title: 'too old', faults: [] } }
    : null;
}

/** What the crew may do to an order in each state, and what it becomes. A test holds this against the desk's own table (docs/lifecycles.md). */
export const table: Partial<Record<WorkOrderStatus, Partial<Record<Step, WorkOrderStatus>>>> = {
  dispatched: { claim: 'accepted', accept: 'accepted', return: 'unassigned', transfer: 'dispatched', assign: 'dispatched', attach: 'dispatched', quote: 'dispatched', consent: 'dispatched' },
  accepted: { arrive: 'working', hold: 'onHold', return: 'unassigned', transfer: 'dispatched', assign: 'dispatched', attach: 'accepted', quote: 'accepted', consent: 'accepted' },
  working: { makeSafe: 'working', control: 'working', hold: 'onHold', complete: 'done', return: 'unassigned', transfer: 'dispatched', assign: 'dispatched', attach: 'working', quote: 'working', consent: 'working' },
  onHold: { resume: 'working', return: 'unassigned', transfer: 'dispatched', assign: 'dispatched', attach: 'onHold', quote: 'onHold', consent: 'onHold' },
  done: { attach: 'done' },
  waiting: { attach: 'waiting' },
  unassigned: { attach: 'unassigned' },
};

/** An order as it will be once the desk knows what this telephone did. */
export interface Foreseen {
  status: WorkOrderStatus;
  /** Handed over, returned or transferred: not the caller's any more. */
  gone: boolean;
  arrived: boolean;
}

export function foresee(status: WorkOrderStatus, arrived: boolean, waiting: readonly Step[]): Foreseen {
  let now: Foreseen = { status, gone: false, arrived };
  for (const step of waiting) {
    const to = table[now.status]?.[step];
    if (!to) continue; // the desk will say
    now = {
      status: step === 'resume' && !now.arrived ? 'accepted' : to,
      gone: now.gone || step === 'return' || step === 'transfer' || step === 'assign',
      arrived: now.arrived || step === 'arrive',
    };
  }
  return now;
}

/** What may be done next: what the desk says; after what it does not know yet, what the table says. */
export function stepsNow(allowed: readonly WorkOrderMove[], status: WorkOrderStatus, foreseen: Foreseen, anyWaiting: boolean): Step[] {
  if (anyWaiting) return foreseen.gone ? [] : (Object.keys(table[foreseen.status] ?? {}) as Step[]);
  const may = new Set<string>(allowed);
  if (status === 'onHold' && may.has('resumeBeforeArrival')) may.add('resume');
  return steps.filter((s) => may.has(s));
}
