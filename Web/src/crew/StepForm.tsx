import { useEffect, useState } from 'react';
import { amountOf } from '../kit/money';
import { useTeams } from './crew';
import type { Crew } from './crew';
import { Button, Choice, Field, Lines, Sheet, Trouble } from './kit';
import type { Details } from './OrderPage';
import { ConsentFields, QuoteFields, openQuote } from './Quote';
import type { Step, Why } from './queue';
import { readDraft, writeDraft } from './store';
import { instantOf, tomorrowAtNine, wallOf } from './times';
import { useWords } from './words';

/** What is typed, as it is typed: numbers as text, times as the wall shows them. */
export interface Typed {
  whatWasDone?: string;
  cause?: string;
  materials?: { name: string; quantity: string; unit: string }[];
  finalAmount?: string;
  reason?: string;
  evidence?: string;
  calledAt?: string;
  wakeAt?: string;
  note?: string;
  teamId?: string;
  assigneeId?: string;
  lines?: { name: string; quantity: string; unit: string; unitPrice: string }[];
  consentedBy?: string;
  answer?: string;
  quoteId?: string;
  amount?: string;
}

const formed: readonly Step[] = ['complete', 'hold', 'return', 'transfer', 'assign', 'quote', 'consent'];
export const hasForm = (step: Step): boolean => formed.includes(step);

const words = (text: string | undefined) => text?.trim() || null;

/** The body of the call, or null while something is missing. */
export function bodyOf(step: Step, v: Typed, zone: string): Record<string, unknown> | null {
  switch (step) {
    case 'complete': {
      const used = (v.materials ?? []).filter((m) => m.name.trim() || m.quantity.trim() || m.unit.trim());
      const whole = used.every((m) => m.name.trim() && m.unit.trim() && Number(m.quantity) > 0);
      if (!words(v.whatWasDone) || !whole) return null;
      return { whatWasDone: v.whatWasDone!.trim(), cause: words(v.cause), materials: used.length ? used.map((m) => ({ name: m.name.trim(), quantity: Number(m.quantity), unit: m.unit.trim() })) : null, finalAmount: v.finalAmount ? Number(v.finalAmount) : null };
    }
    case 'hold': {
      const evidence = v.reason === 'customer' ? v.evidence : undefined;
      const whole = v.reason && v.wakeAt && (v.reason !== 'customer' || evidence) && (evidence !== 'call' || v.calledAt) && (v.reason !== 'other' || words(v.note));
      return whole ? { reason: v.reason, wakeAt: instantOf(v.wakeAt!, zone), note: words(v.note), evidence: evidence ?? null, calledAt: evidence === 'call' ? instantOf(v.calledAt!, zone) : null } : null;
    }
    case 'return':
      return words(v.reason) ? { reason: v.reason!.trim() } : null;
    case 'transfer':
      return words(v.reason) && v.teamId ? { teamId: v.teamId, reason: v.reason!.trim() } : null;
    case 'assign':
      return v.assigneeId ? { assigneeId: v.assigneeId } : null;
    case 'quote': {
      const lines = (v.lines ?? []).filter((l) => l.name.trim() || l.unit.trim() || l.unitPrice.trim());
      const whole = lines.length > 0 && lines.every((l) => l.name.trim() && l.unit.trim() && Number(l.quantity) > 0 && amountOf(l) !== null);
      return whole ? { lines: lines.map((l) => ({ name: l.name.trim(), quantity: Number(l.quantity), unit: l.unit.trim(), unitPrice: Number(l.unitPrice) })), consentedBy: words(v.consentedBy) } : null;
    }
    case 'consent':
      if (!v.quoteId || !words(v.consentedBy)) return null;
      if (v.answer === 'no') return { quoteId: v.quoteId, refusedBy: v.consentedBy!.trim(), reason: words(v.reason) };
      return v.answer === 'yes' && v.amount && Number(v.amount) >= 0 ? { quoteId: v.quoteId, consentedBy: v.consentedBy!.trim(), amount: Number(v.amount), channel: 'walkIn', consentedAt: null } : null;
    default:
      return {};
  }
}

/** The other way round: what was sent, to be changed. */
export function typedOf(step: Step, body: Record<string, unknown>, zone: string): Typed {
  const b = body as Record<string, never>;
  return {
    ...b,
    ...(step === 'hold' ? { wakeAt: wallOf(Date.parse(b.wakeAt), zone), calledAt: b.calledAt ? wallOf(Date.parse(b.calledAt), zone) : undefined } : {}),
    ...(step === 'quote' ? { consentedBy: b.consentedBy ?? '', lines: ((b.lines ?? []) as { name: string; quantity: number; unit: string; unitPrice: number }[]).map((l) => ({ ...l, quantity: String(l.quantity), unitPrice: String(l.unitPrice) })) } : {}),
    ...(step === 'consent' ? { answer: b.refusedBy ? 'no' : 'yes', consentedBy: b.refusedBy ?? b.consentedBy, amount: b.amount == null ? undefined : String(b.amount), reason: b.reason ?? '' } : {}),
    ...(step === 'complete' ? { finalAmount: b.finalAmount == null ? '' : String(b.finalAmount), materials: ((b.materials ?? []) as { name: string; quantity: number; unit: string }[]).map((m) => ({ ...m, quantity: String(m.quantity) })) } : {}),
  };
}

/** What is typed stays typed: on the telephone, until it is sent, whatever is closed meanwhile. */
export function StepForm({ title, step, crew, details, zone, close, send, failed, initial, why }: {
  title: string; step: Step; crew: Crew; details: Details; zone: string; close: () => void; send: (body: Record<string, unknown>) => Promise<void>; failed?: boolean; initial?: Typed; why?: Why;
}) {
  const { say } = useWords();
  const o = details.workOrder;
  const owner = crew.sender.person;
  // The owner's word is on one quote, and never slips onto another.
  const key = `${o.workOrderId} ${step}${step === 'consent' ? ` ${openQuote(details)?.quoteId}` : ''}`;
  const [v, set] = useState<Typed>(initial ?? {});
  const [ready, setReady] = useState(!!initial);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (initial) return;
    void readDraft<Typed>(owner, key).catch(() => undefined).then((draft) => {
      if (draft) set((now) => ({ ...draft, ...now }));
      setReady(true);
    });
  }, [owner, key, initial]);
  const change = (some: Partial<Typed>) => {
    const now = { ...v, ...some };
    set(now);
    if (!initial) void writeDraft(owner, key, now).catch(() => undefined);
  };
  const body = bodyOf(step, v, zone);
  const submit = async () => {
    setTried(true);
    if (!body || busy) return;
    setBusy(true);
    await send(body);
    setBusy(false);
  };
  if (!ready) return null;
  return (
    <Sheet title={title} close={close} part={`form-${step}`}>
      <form className="stack" onSubmit={(e) => { e.preventDefault(); void submit(); }} noValidate>
        {why && <Trouble problem={why} />}
        {step === 'complete' && <Complete v={v} change={change} paid={o.payer === 'owner'} most={o.consentedAmount} />}
        {step === 'hold' && <Hold v={v} change={change} zone={zone} />}
        {step === 'return' && <Reason label={say('returnReason')} v={v} change={change} />}
        {step === 'transfer' && <><Teams crew={crew} details={details} v={v} change={change} /><Reason label={say('transferReason')} v={v} change={change} /></>}
        {step === 'assign' && <Members crew={crew} details={details} v={v} change={change} />}
        {step === 'quote' && <QuoteFields v={v} change={change} />}
        {step === 'consent' && <ConsentFields v={v} change={change} details={details} />}
        {tried && !body && <p role="alert" className="late">{say('required')}</p>}
        {failed && <p role="alert" className="trouble">{say('storeFailed')}</p>}
        <Button kind="main" type="submit" busy={busy} data-act="submit">{title}</Button>
      </form>
    </Sheet>
  );
}

interface Part { v: Typed; change: (some: Partial<Typed>) => void }

function Reason({ label, v, change }: Part & { label: string }) {
  return <Field label={label}>{(id) => <Lines id={id} name="reason" value={v.reason ?? ''} change={(reason) => change({ reason })} />}</Field>;
}

function Complete({ v, change, paid, most }: Part & { paid: boolean; most: number | null | undefined }) {
  const { say } = useWords();
  const rows = v.materials ?? [];
  const row = (i: number, some: Partial<(typeof rows)[number]>) => change({ materials: rows.map((m, at) => (at === i ? { ...m, ...some } : m)) });
  return (
    <>
      <Field label={say('whatWasDone')} hint={say('ownerReads')}>{(id) => <Lines id={id} name="whatWasDone" value={v.whatWasDone ?? ''} change={(whatWasDone) => change({ whatWasDone })} max={4000} />}</Field>
      <Field label={say('cause')} hint={say('optional')}>{(id) => <Lines id={id} name="cause" rows={1} value={v.cause ?? ''} change={(cause) => change({ cause })} />}</Field>
      {rows.map((m, i) => (
        <div key={i} className="material" data-part="material">
          <input value={m.name} onChange={(e) => row(i, { name: e.target.value })} placeholder={say('material')} aria-label={say('material')} maxLength={100} />
          <input value={m.quantity} onChange={(e) => row(i, { quantity: e.target.value.replace(',', '.') })} placeholder={say('quantity')} aria-label={say('quantity')} inputMode="decimal" maxLength={10} />
          <input value={m.unit} onChange={(e) => row(i, { unit: e.target.value })} placeholder={say('unit')} aria-label={say('unit')} maxLength={20} />
          <Button kind="quiet" onClick={() => change({ materials: rows.filter((_, at) => at !== i) })} aria-label={say('remove')}>×</Button>
        </div>
      ))}
      {rows.length < 50 && <Button onClick={() => change({ materials: [...rows, { name: '', quantity: '1', unit: '' }] })} data-act="add-material">{say('addMaterial')}</Button>}
      {paid && <Field label={say('finalAmount')} hint={most != null ? `≤ ${most}` : say('optional')}>{(id) => <input id={id} name="finalAmount" inputMode="decimal" value={v.finalAmount ?? ''} onChange={(e) => change({ finalAmount: e.target.value.replace(',', '.') })} maxLength={12} />}</Field>}
    </>
  );
}

function Hold({ v, change, zone }: Part & { zone: string }) {
  const { say, members } = useWords();
  const inHours = (h: number) => wallOf(Date.now() + h * 3_600_000, zone);
  return (
    <>
      <Choice label={say('holdReason')} name="reason" value={v.reason} options={members('holdReason')} choose={(reason) => change({ reason })} />
      {v.reason === 'customer' && <Choice label={say('evidence')} name="evidence" value={v.evidence} options={members('holdEvidence')} choose={(evidence) => change({ evidence, calledAt: evidence === 'call' ? (v.calledAt ?? inHours(0)) : undefined })} />}
      {v.reason === 'customer' && v.evidence === 'call' && <Field label={say('calledAt')}>{(id) => <input id={id} name="calledAt" type="datetime-local" value={v.calledAt ?? ''} onChange={(e) => change({ calledAt: e.target.value })} />}</Field>}
      {v.reason === 'customer' && v.evidence === 'photo' && <p className="quiet">{say('photoFirst')}</p>}
      <Field label={say('wakeAt')}>{(id) => <input id={id} name="wakeAt" type="datetime-local" value={v.wakeAt ?? ''} onChange={(e) => change({ wakeAt: e.target.value })} />}</Field>
      <div className="choices">
        {[2, 24].map((h) => <Button key={h} onClick={() => change({ wakeAt: inHours(h) })} data-act={`in-${h}`}>{say('inHours', { count: h })}</Button>)}
        <Button onClick={() => change({ wakeAt: tomorrowAtNine(Date.now(), zone) })} data-act="tomorrow">{say('tomorrow')}</Button>
      </div>
      <Field label={say('note')} hint={v.reason === 'other' ? say('required') : say('optional')}>{(id) => <Lines id={id} name="note" rows={2} value={v.note ?? ''} change={(note) => change({ note })} />}</Field>
    </>
  );
}

function Teams({ crew, details, v, change }: Part & { crew: Crew; details: Details }) {
  const { say, word, pick } = useWords();
  const teams = useTeams(crew.replies, details.workOrder.communityId);
  const others = (teams.value ?? []).filter((t) => t.teamId !== details.workOrder.teamId);
  return (
    <>
      {!teams.value && <Trouble problem={teams.problem} retry={teams.again} />}
      <Choice label={say('transferTo')} name="teamId" value={v.teamId} options={others.map((t) => [t.teamId, `${pick(t.name, t.nameEn)} · ${word('crew', t.crew)}`] as const)} choose={(teamId) => change({ teamId })} />
    </>
  );
}

function Members({ crew, details, v, change }: Part & { crew: Crew; details: Details }) {
  const { say } = useWords();
  const o = details.workOrder;
  const teams = useTeams(crew.replies, o.communityId);
  const members = (teams.value?.find((t) => t.teamId === o.teamId)?.members ?? []).filter((m) => m.staffId !== o.assigneeId);
  return (
    <>
      {!teams.value && <Trouble problem={teams.problem} retry={teams.again} />}
      <Choice label={say('assignTo')} name="assigneeId" value={v.assigneeId} options={members.map((m) => [m.staffId, m.displayName] as const)} choose={(assigneeId) => change({ assigneeId })} />
    </>
  );
}
