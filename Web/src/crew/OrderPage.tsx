import { useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { api, told } from '../api/client';
import type { PhotoPurpose, SignedIn } from '../api/client';
import { ActionLine } from './Outbox';
import { spoken, useCommunities, zoneHere } from './crew';
import type { Crew } from './crew';
import { Button, Icon, Moment, Sheet, Trouble } from './kit';
import { openQuote, orderKey } from './order';
import type { Details } from './order';
import { prepared } from './photos';
import { Quotes } from './Quote';
import { foresee, stepsNow, waitsForYes } from './queue';
import type { Step } from './queue';
import { useReply } from './replies';
import { StepForm } from './StepForm';
import { hasForm } from './typed';
import { useWords } from './words';

/** What comes next stands first and widest; the rest behind one button. */
const first: readonly Step[] = ['claim', 'accept', 'arrive', 'resume', 'complete'];
const beside: readonly Step[] = ['consent', 'hold'];
const rest: readonly Step[] = ['quote', 'makeSafe', 'control', 'assign', 'transfer', 'return'];

/** One order on a phone: where, what, whom to call, and what to do next at the thumb. */
export function OrderPage({ crew, who, workOrderId }: { crew: Crew; who: SignedIn; workOrderId: string }) {
  const { say } = useWords();
  const reply = useReply(crew.replies, orderKey(workOrderId), (signal) => told(api.GET('/api/work-orders/{workOrderId}', { params: { path: { workOrderId } }, signal })));
  const number = reply.value?.workOrder.number;
  useEffect(() => { document.title = number ? say('order', { number: spoken(number) }) : say('app'); }, [say, number]);
  const actions = useSyncExternalStore(crew.sender.listen, crew.sender.now).filter((a) => a.orderId === workOrderId);
  if (reply.problem?.status === 404) return <div className="stack"><p className="empty">{say('notFound')}</p>{actions.map((a) => <ActionLine key={a.seq} action={a} crew={crew} all={actions} />)}</div>;
  if (!reply.value) return reply.asking ? <p className="quiet" role="status">{say('loading')}</p> : <div className="stack"><p className="empty">{say('notKept')}</p><Trouble problem={reply.problem} retry={reply.again} /></div>;
  return <Shown crew={crew} who={who} details={reply.value} again={reply.again} />;
}

function Shown({ crew, who, details, again }: { crew: Crew; who: SignedIn; details: Details; again: () => void }) {
  const { say, word, pick } = useWords();
  const o = details.workOrder;
  const actions = useSyncExternalStore(crew.sender.listen, crew.sender.now).filter((a) => a.orderId === o.workOrderId);
  const community = useCommunities(crew.replies)?.find((c) => c.communityId === o.communityId);
  const zone = community?.timeZone ?? zoneHere;
  const waiting = actions.filter((a) => a.state === 'pending' || (a.state === 'refused' && a.correctable));
  // Of what waits for the owner's yes nothing has come yet.
  const unpaid = waiting.some(waitsForYes);
  const moves = waiting.filter((a) => a.step !== 'attach' && !waitsForYes(a));
  const foreseen = foresee(o.status, !!o.arrivedAt, moves.map((a) => a.step));
  const open = foreseen.status !== 'done' && foreseen.status !== 'voided';
  const sentCount = actions.filter((a) => a.state !== 'pending').length;
  useEffect(() => { if (sentCount) again(); }, [sentCount, again]);

  const may = new Set(stepsNow(details.allowedMoves, o.status, foreseen, moves.length > 0));
  // Who has no assignee yet is claimed by the team; who has one, accepts.
  if (may.has('claim') && may.has('accept')) may.delete(o.assigneeId ? 'claim' : 'accept');
  if (o.priority !== 'danger') may.delete('makeSafe');
  if (o.priority !== 'danger' && o.priority !== 'urgent') may.delete('control');
  if (!who.roles.some((r) => r.communityId === o.communityId && r.role === 'crewLead')) may.delete('transfer');

  const paid = o.payer === 'owner' && !o.reworkOfId;
  if (!paid) may.delete('quote');
  if (unpaid) may.delete('complete');
  // The owner's word is on a quote that the desk knows, and is given once.
  if (!paid || !openQuote(details) || waiting.some((a) => a.step === 'consent' || a.step === 'quote')) may.delete('consent');

  const served = details.requests.filter((r) => !r.leftAt);
  const urges = served.reduce((most, r) => Math.max(most, r.urgeCount), 0);
  const caller = served.find((r) => r.phone && !r.phone.includes('*'));
  const hold = details.holds.findLast((h) => !h.untilAt);
  const clocks = details.clocks.filter((c) => !c.stoppedAt || c.stoppedWhy === 'met');
  return (
    <div className="stack order-page" data-status={foreseen.status}>
      <section className={`card ${o.priority}`}>
        <div className="row spread">
          <span className="row">
            <span className={`tag ${foreseen.status}`}>{word('workOrderStatus', foreseen.status)}</span>
            {moves.length > 0 && <span className="tag waiting">{say('pending')}</span>}
            {(o.priority === 'danger' || o.priority === 'urgent') && <span className="tag bad">{word('priority', o.priority)}</span>}
            {o.reworkOfId && <span className="tag bad">{say('rework')}</span>}
            {urges > 0 && <span className="tag bad" data-part="urged">{say('urged', { count: urges })}</span>}
          </span>
          <span className="quiet number">{spoken(o.number)}</span>
        </div>
        {o.placeName && <h1>{pick(o.placeName, o.placeNameEn)}</h1>}
        <div className="pre what">{o.whatToDo}</div>
        <div className="quiet">{o.teamId ? pick(o.teamName, o.teamNameEn) : word('crew', o.crew)} · {o.assigneeName ?? say('nobody')}</div>
        {hold && o.status === 'onHold' && <div>{word('holdReason', hold.reason)} · {say('wakesAt')} <Moment at={hold.wakeAt} zone={zone} /> <span className="quiet">{hold.note}</span></div>}
        {o.payer !== 'free' && <div>{word('payer', o.payer)} {o.consentedAmount != null && say('consented', { amount: o.consentedAmount })}</div>}
        {foreseen.gone && moves.length > 0 && <div role="status">{say('gone')}</div>}
        <div className="pair">
          {caller && open && <a className="button plain" href={`tel:${caller.phone}`} data-act="call"><Icon of="phone" /> {say('call')}{caller.customerName ? ` ${caller.customerName}` : ''}</a>}
          {o.placeName && <a className="button plain" href={mapOf([pick(community?.name, community?.nameEn), o.placeName].filter(Boolean).join(' '))} data-act="open-place"><Icon of="place" /> {say('openPlace')}</a>}
        </div>
      </section>
      {actions.length > 0 && (
        <section className="card" data-part="phone">
          <h2>{say('thisPhone')}</h2>
          <ul className="lines">{actions.map((a) => <li key={a.seq}><ActionLine action={a} crew={crew} all={actions} /></li>)}</ul>
        </section>
      )}
      <Quotes details={details} zone={zone} open={open} />
      <Photos crew={crew} details={details} zone={zone} mayAdd={may.has('attach')} open={open} />
      <Part title={say('clocks')} there={clocks.length > 0}>
        {clocks.map((c) => (
          <li key={`${c.kind}${c.cycle}`} className="row spread">
            <span>{word('clockKind', c.kind)}</span>
            {c.stoppedAt ? <span className={c.late ? 'late' : 'quiet'}>{say(c.late ? 'missed' : 'met')}</span> : <span>{c.dueAt && <Moment at={c.dueAt} zone={zone} late={c.late} />}{c.heldAt && <span className="tag">{say('paused')}</span>}</span>}
          </li>
        ))}
      </Part>
      <Part title={say('requests')} there={details.requests.length > 0}>
        {details.requests.map((r) => (
          <li key={`${r.requestId}${r.joinedAt}`}>
            <span className="row"><span className="number">{spoken(r.number)}</span>{r.customerName && <span>{r.customerName}</span>}</span><span className="pre">{r.description}</span>
            {r !== caller && open && !r.leftAt && r.phone && !r.phone.includes('*') && <a className="button plain" href={`tel:${r.phone}`}><Icon of="phone" /> {say('call')} {r.customerName}</a>}
          </li>
        ))}
      </Part>
      <Part title={say('materials')} there={details.materials.length > 0}>{details.materials.map((m, i) => <li key={i} className="row spread"><span>{m.name}</span><span>{m.quantity} {m.unit}</span></li>)}</Part>
      <Part title={say('holds')} there={details.holds.length > 0}>
        {details.holds.map((h, i) => <li key={i}>{word('holdReason', h.reason)} · <Moment at={h.fromAt} zone={zone} /> – {h.untilAt ? <Moment at={h.untilAt} zone={zone} /> : '…'} <span className="quiet">{h.note}</span></li>)}
      </Part>
      <Actions crew={crew} details={details} may={may} zone={zone} />
    </div>
  );
}

function Part({ title, there, children }: { title: string; there: boolean; children: ReactNode }) {
  return there ? <section className="card"><h2>{title}</h2><ul className="lines">{children}</ul></section> : null;
}

/** The telephone's own map, looking for the place: by name, for places have no coordinates. */
const mapOf = (place: string): string => (/iP(hone|ad|od)/.test(navigator.userAgent) ? `maps:?q=${encodeURIComponent(place)}` : `geo:0,0?q=${encodeURIComponent(place)}`);

/** At the thumb. One press for what needs no words; it is on the telephone before it is on its way. */
function Actions({ crew, details, may, zone }: { crew: Crew; details: Details; may: ReadonlySet<Step>; zone: string }) {
  const { say, word, pick } = useWords();
  const [form, setForm] = useState<Step | 'more'>();
  const [failed, setFailed] = useState(false);
  const o = details.workOrder;
  const add = async (step: Step, body?: Record<string, unknown>) => {
    setFailed(false);
    try {
      await crew.sender.add({ orderId: o.workOrderId, number: o.number, place: pick(o.placeName, o.placeNameEn) || null, zone, step, body });
      setForm(undefined);
    } catch {
      setFailed(true);
    }
  };
  const press = (step: Step) => (hasForm(step) ? setForm(step) : void add(step));
  const main = first.filter((s) => may.has(s)).slice(0, 1);
  // Paid work without the owner's yes cannot be completed: quoting it is what comes next.
  const toQuote = may.has('quote') && o.consentedAmount == null && !openQuote(details) && o.status !== 'dispatched';
  const second = [...(toQuote ? (['quote'] as const) : []), ...beside].filter((s) => may.has(s));
  const others = rest.filter((s) => may.has(s) && !second.includes(s));
  const name = (s: Step) => (s === 'assign' ? say('handOver') : s === 'consent' ? say('ownersWord') : word('workOrderMove', s));
  if (main.length + second.length + others.length === 0) return null;
  return (
    <>
      <div className="actions" data-part="moves">
        {failed && <p role="alert" className="trouble">{say('storeFailed')}</p>}
        {main.map((s) => <Button key={s} kind="main" onClick={() => press(s)} data-move={s}>{name(s)}</Button>)}
        {second.map((s) => <Button key={s} onClick={() => press(s)} data-move={s}>{name(s)}</Button>)}
        {others.length > 0 && <Button onClick={() => setForm('more')} data-move="more" aria-haspopup="dialog">{say('more')}</Button>}
      </div>
      {form === 'more' && (
        <Sheet title={say('more')} close={() => setForm(undefined)} part="more">
          <div className="stack">{others.map((s) => <Button key={s} onClick={() => { setForm(undefined); press(s); }} data-move={s}>{name(s)}</Button>)}</div>
        </Sheet>
      )}
      {form && form !== 'more' && <StepForm title={name(form)} step={form} crew={crew} details={details} zone={zone} close={() => setForm(undefined)} send={(body) => add(form, body)} failed={failed} />}
    </>
  );
}

const shown = ['image/jpeg', 'image/png', 'image/webp'];

function Photos({ crew, details, zone, mayAdd, open }: { crew: Crew; details: Details; zone: string; mayAdd: boolean; open: boolean }) {
  const { say, word, members, pick } = useWords();
  const o = details.workOrder;
  const files = useReply(crew.replies, `photos ${o.workOrderId}`, (signal) => told(api.GET('/api/work-orders/{workOrderId}/attachments', { params: { path: { workOrderId: o.workOrderId } }, signal })), 60_000);
  const mine = useSyncExternalStore(crew.sender.listen, crew.sender.now).filter((a) => a.orderId === o.workOrderId && a.photo);
  const arrived = mine.filter((a) => a.state === 'sent').length;
  const look = files.again;
  useEffect(() => { if (arrived) look(); }, [arrived, look]);
  const there = files.value ?? [];
  const missing = (o.demandsPhotos as PhotoPurpose[]).filter((p) => !there.some((f) => f.purpose === p) && !mine.some((a) => a.state !== 'refused' && a.photo!.purpose === p));
  const [chosen, choose] = useState<PhotoPurpose>();
  const purpose = chosen ?? missing[0] ?? 'after';
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<'photoFailed' | 'storeFailed'>();
  const take = async (picked: File[]) => {
    setBusy(true);
    setTrouble(undefined);
    for (const file of picked) {
      const photo = await prepared(file).catch(() => undefined);
      if (!photo || photo.bytes.byteLength === 0) {
        setTrouble('photoFailed');
        continue;
      }
      try {
        await crew.sender.add({ orderId: o.workOrderId, number: o.number, place: pick(o.placeName, o.placeNameEn) || null, zone, step: 'attach', photo: { purpose, fileName: photo.fileName }, bytes: photo.bytes });
      } catch {
        setTrouble('storeFailed');
      }
    }
    setBusy(false);
    choose(undefined);
  };
  if (!mayAdd && there.length === 0) return null;
  return (
    <section className="card" data-part="files">
      <h2>{say('photos')}</h2>
      {open && missing.length > 0 && <p className="late">{say('photosNeeded', { purposes: missing.map((p) => word('photoPurpose', p)).join(', ') })}</p>}
      {there.length > 0 && (
        <div className="files">
          {there.map((f) => (
            <figure key={f.attachmentId}>
              <a href={`/api/attachments/${f.attachmentId}/content`} target="_blank" rel="noreferrer">{shown.includes(f.mediaType) ? <img src={`/api/attachments/${f.attachmentId}/content`} alt={f.fileName} loading="lazy" width={96} height={96} /> : f.fileName}</a>
              <figcaption className="quiet">{word('photoPurpose', f.purpose)} <Moment at={f.uploadedAt} zone={zone} /></figcaption>
            </figure>
          ))}
        </div>
      )}
      {mayAdd && (
        <div className="pair">
          <select value={purpose} onChange={(e) => choose(e.target.value as PhotoPurpose)} aria-label={say('purpose')} data-field="purpose">{members('photoPurpose').map(([v, text]) => <option key={v} value={v}>{text}</option>)}</select>
          <label className="button plain" aria-busy={busy || undefined}>
            <Icon of="camera" /> {say('addPhoto')}
            <input type="file" accept="image/*" multiple className="unseen" onChange={(e) => { const picked = [...(e.target.files ?? [])]; e.target.value = ''; void take(picked); }} data-act="attach" />
          </label>
        </div>
      )}
      {trouble && <p role="alert" className="trouble">{say(trouble)}</p>}
    </section>
  );
}
