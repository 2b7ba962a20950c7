import type { SignedIn } from '../api/client';
import { Problem } from '../api/problems';
import { newKey } from '../api/sending';
import { after, consentTo, isAnswered, judge, letter, next, tooOld, waitedForConsent, wakeAt } from './queue';
import type { Action, Step } from './queue';
import { actionsOf, addAction, correctionOf, dropDraft, forgetWaits, photoOf, putAction, removeAction } from './store';

const aDay = 86_400_000;
const patience = 45_000;
const patienceForPhotos = 180_000;

/** Which telephone it is, for the log; random, and of this browser alone. */
function device(): string {
  const kept = 'desk.device';
  const name = localStorage.getItem(kept) ?? `crew-phone ${newKey().slice(0, 8)}`;
  localStorage.setItem(kept, name);
  return name;
}

/** In its old place in the order, under a new key. */
const anew = (a: Action, body: Action['body']): Action =>
  ({ ...a, body, key: newKey(), state: 'pending', why: undefined, correctable: undefined, endedAt: undefined, tries: 0, notBefore: 0, at: a.why?.code === 'phone.too_old' ? new Date().toISOString() : a.at });

export interface Deed {
  orderId: string;
  number: number;
  place: string | null;
  /** The community's. */
  zone: string;
  step: Step;
  body?: Record<string, unknown> | null;
  photo?: Action['photo'];
  bytes?: ArrayBuffer;
  /** When it was done, where that was earlier. */
  at?: string;
}

/** Sends what one person did, in order, as soon as there is a line; tells whoever listens how it stands. */
export class Sender {
  actions: readonly Action[] = [];
  /** The desk wants to know who it is before it takes more. */
  needsSignIn = false;

  private readonly listeners = new Set<() => void>();
  private readonly owner: string;

  get person(): string {
    return this.owner;
  }

  private readonly sent: (a: Action, reply: unknown) => void;
  private readonly notTheirs: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private stopped = false;

  /** @param notTheirs Nobody is signed in any more, or somebody else is. */
  constructor(who: SignedIn, sent: (a: Action, reply: unknown) => void, notTheirs: () => void) {
    this.owner = who.staffId;
    this.sent = sent;
    this.notTheirs = notTheirs;
  }

  readonly listen = (then: () => void): (() => void) => {
    this.listeners.add(then);
    return () => this.listeners.delete(then);
  };

  readonly now = (): readonly Action[] => this.actions;

  async start(): Promise<void> {
    this.stopped = false;
    addEventListener('online', this.tryNow);
    document.addEventListener('visibilitychange', this.tryNow);
    await this.read();
    const now = Date.now();
    for (const a of this.actions) {
      // What was sent is shown for a day.
      if (a.state === 'sent' && a.endedAt! < now - aDay) await removeAction(a);
      const old = tooOld(a, now);
      if (old) await putAction(old);
    }
    await this.read();
    this.tryNow();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    removeEventListener('online', this.tryNow);
    document.removeEventListener('visibilitychange', this.tryNow);
  }

  /** Kept first, sent then: when this returns, closing the page loses nothing. */
  async add(deed: Deed): Promise<void> {
    const { bytes, at, ...rest } = deed;
    await addAction({ ...rest, body: deed.body ?? null, owner: this.owner, key: newKey(), at: at ?? new Date().toISOString(), state: 'pending', tries: 0, notBefore: 0 }, bytes);
    void navigator.storage?.persist?.();
    await this.read();
    this.tryNow();
  }

  async discard(a: Action): Promise<void> {
    await removeAction(a);
    await dropDraft(this.owner, correctionOf(a));
    await this.read();
    this.tryNow();
  }

  /** Put right, or as it is: in its old place in the order, under a new key, from when it was done. */
  async again(a: Action, body: Record<string, unknown> | null = a.body): Promise<void> {
    if (a.photo) await putAction({ ...a, state: 'pending', why: undefined, correctable: undefined, tries: 0, notBefore: 0 });
    else await putAction(anew(a, body));
    await dropDraft(this.owner, correctionOf(a));
    await this.read();
    this.tryNow();
  }

  /** The line is back, the page is looked at, somebody presses the button: nothing waits for its time any more. */
  readonly tryNow = (): void => {
    if (document.visibilityState === 'visible') void this.hurry().catch(() => undefined);
  };

  private async hurry(): Promise<void> {
    await forgetWaits(this.owner);
    await this.read();
    await this.run();
  }

  private async read(): Promise<void> {
    this.actions = await actionsOf(this.owner);
    for (const then of this.listeners) then();
  }

  private async run(): Promise<void> {
    clearTimeout(this.timer);
    if (this.busy || this.stopped) return;
    this.busy = true;
    try {
      // Of several open pages one sends; where the browser has no locks, the keys see to it that nothing is done twice.
      await (navigator.locks ? navigator.locks.request('desk-crew-sender', { ifAvailable: true }, (lock) => (lock ? this.sendAll() : undefined)) : this.sendAll());
    } finally {
      this.busy = false;
    }
    if (this.stopped) return;
    const at = wakeAt(this.actions);
    if (at !== null) this.timer = setTimeout(() => void this.read().then(() => this.run()), Math.max(1_000, at - Date.now()));
  }

  private async sendAll(): Promise<void> {
    for (let a = next(this.actions, Date.now()); a && !this.stopped; a = next(this.actions, Date.now())) {
      const { status, problem, reply } = await send(a, a.photo && a.state === 'pending' ? await photoOf(a.key) : undefined);
      const verdict = judge(status, problem?.code ?? '');
      const why = problem && { code: problem.code, status: problem.status, title: problem.title, faults: problem.faults };
      const yes = verdict === 'sent' ? consentTo(a, reply) : null;
      if (yes && !this.actions.some((b) => b.key === yes.key)) await addAction(yes);
      await putAction(after(a, verdict, why, Date.now(), Math.random()));
      if (verdict === 'sent' && a.state === 'pending') for (const b of waitedForConsent(this.actions, a)) await putAction(anew(b, b.body));
      const was = this.needsSignIn;
      this.needsSignIn = verdict === 'signIn' || (was && verdict === 'again');
      if (verdict === 'sent' && a.state === 'pending') this.sent(a, reply);
      await this.read();
      if (verdict === 'signIn') this.notTheirs();
      if (status === 0 || verdict === 'signIn') return; // nobody there: the others need not be tried
    }
  }
}

/** One try, as whoever did it and nobody else; status 0 where nobody answered, or where what was answered did not arrive and is needed. */
export async function send(a: Action, bytes?: ArrayBuffer): Promise<{ status: number; problem?: Problem; reply?: unknown }> {
  const { path, body, key } = letter(a);
  try {
    const reply = await fetch(path, {
      method: 'POST',
      headers: {
        'Idempotency-Key': key, Actor: a.owner, Device: device(), 'Device-Time': a.at, Accept: 'application/json',
        ...(a.photo ? { 'Content-Type': 'application/octet-stream' } : body ? { 'Content-Type': 'application/json' } : {}),
      },
      body: a.photo ? (bytes ?? new ArrayBuffer(0)) : body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(a.photo ? patienceForPhotos : patience),
    });
    const said: unknown = await reply.json().catch(() => undefined);
    if (reply.ok && !isAnswered(a, said)) return { status: 0, problem: Problem.unreachable() };
    return reply.ok ? { status: reply.status, reply: said } : { status: reply.status, problem: Problem.of(said, reply.status) };
  } catch {
    return { status: 0, problem: Problem.unreachable() };
  }
}
