import { useEffect, useState } from 'react';
import { useTeams } from './crew';
import type { Crew } from './crew';
import { Button, Choice, Field, Lines, NotANumber, Sheet, Trouble } from './kit';
import { openQuote } from './order';
import type { Details } from './order';
import { ConsentFields, QuoteFields } from './Quote';
import type { Action, Step } from './queue';
import { correctionOf, draftOf, readDraft, writeDraft } from './store';
import { tomorrowAtNine, wallOf } from './times';
import { bodyOf, isAmount, isQuantity, misread } from './typed';
import type { Typed } from './typed';
import { useWords } from './words';

/** What is typed stays typed: on the telephone, until it is sent, whatever is closed meanwhile; also while what was refused is put right. */
export function StepForm({ title, step, crew, details, zone, close, send, failed, refused }: {
  title: string; step: Step; crew: Crew; details: Details; zone: string; close: () => void; send: (body: Record<string, unknown>) => Promise<void>; failed?: boolean; refused?: { action: Action; typed: Typed };
}) {
  const { say } = useWords();
  const o = details.workOrder;
  const owner = crew.sender.person;
  const key = refused ? correctionOf(refused.action) : `${draftOf({ orderId: o.workOrderId, step })}${step === 'consent' ? ` ${openQuote(details)?.quoteId}` : ''}`;
  const [v, set] = useState<Typed>(refused?.typed ?? {});
  const [ready, setReady] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    void readDraft<Typed>(owner, key).catch(() => undefined).then((draft) => {
      if (draft) set((now) => ({ ...now, ...draft }));
      setReady(true);
    });
  }, [owner, key]);
  const change = (some: Partial<Typed>) => {
    const now = { ...v, ...some };
    set(now);
    void writeDraft(owner, key, now).catch(() => undefined);
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
        {refused && <Trouble problem={refused.action.why} />}
        {step === 'complete' && <Complete v={v} change={change} tried={tried} paid={o.payer === 'owner'} most={o.consentedAmount} />}
        {step === 'hold' && <Hold v={v} change={change} zone={zone} />}
        {step === 'return' && <Reason label={say('returnReason')} v={v} change={change} />}
        {step === 'transfer' && <><Teams crew={crew} details={details} v={v} change={change} /><Reason label={say('transferReason')} v={v} change={change} /></>}
        {step === 'assign' && <Members crew={crew} details={details} v={v} change={change} />}
        {step === 'quote' && <QuoteFields v={v} change={change} tried={tried} />}
        {step === 'consent' && <ConsentFields v={v} change={change} tried={tried} details={details} />}
        {tried && !body && <p role="alert" className="late">{say(misread(step, v) ? 'seeNumbers' : 'required')}</p>}
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

function Complete({ v, change, tried, paid, most }: Part & { tried: boolean; paid: boolean; most: number | null | undefined }) {
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
          <input value={m.quantity} onChange={(e) => row(i, { quantity: e.target.value })} placeholder={say('quantity')} aria-label={say('quantity')} inputMode="decimal" maxLength={10} />
          <input value={m.unit} onChange={(e) => row(i, { unit: e.target.value })} placeholder={say('unit')} aria-label={say('unit')} maxLength={20} />
          <Button kind="quiet" onClick={() => change({ materials: rows.filter((_, at) => at !== i) })} aria-label={say('remove')}>×</Button>
          <NotANumber of="quantity" shown={tried && !isQuantity(m.quantity)} />
        </div>
      ))}
      {rows.length < 50 && <Button onClick={() => change({ materials: [...rows, { name: '', quantity: '1', unit: '' }] })} data-act="add-material">{say('addMaterial')}</Button>}
      {paid && <Field label={say('finalAmount')} hint={most != null ? `≤ ${most}` : say('optional')}>{(id) => <input id={id} name="finalAmount" inputMode="decimal" value={v.finalAmount ?? ''} onChange={(e) => change({ finalAmount: e.target.value })} maxLength={20} />}</Field>}
      {paid && <NotANumber of="finalAmount" shown={tried && !isAmount(v.finalAmount)} />}
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
