import { useEffect, useState, useSyncExternalStore } from 'react';
import { spoken, zoneHere } from './crew';
import type { Crew } from './crew';
import { Button, Moment, Sheet, Trouble } from './kit';
import { orderKey } from './order';
import type { Details } from './order';
import { isHeldBack, wordsOf } from './queue';
import type { Action } from './queue';
import { To } from './router';
import { StepForm } from './StepForm';
import { photoOf } from './store';
import { hasForm, typedOf } from './typed';
import { useWords } from './words';

/** Everything that this telephone did lately, the latest first. */
export function Outbox({ crew }: { crew: Crew }) {
  const { say } = useWords();
  const actions = useSyncExternalStore(crew.sender.listen, crew.sender.now);
  useEffect(() => { document.title = say('outbox'); }, [say]);
  useEffect(() => { for (const a of actions) void crew.replies.recall(orderKey(a.orderId)); }, [crew, actions]);
  return (
    <div className="stack">
      <h1>{say('outbox')}</h1>
      {actions.length === 0 && <p className="empty">{say('nothingHere')}</p>}
      {actions.some((a) => a.state === 'pending') && <Button onClick={crew.sender.tryNow} data-act="send-now">{say('sendNow')}</Button>}
      <ul className="lines">
        {[...actions].reverse().map((a) => (
          <li key={a.seq} className="card">
            <To to={`/work-orders/${a.orderId}`} className="plain-link"><strong>{a.place ?? spoken(a.number)}</strong> <span className="quiet number">{spoken(a.number)}</span></To>
            <ActionLine action={a} crew={crew} all={actions} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** One thing that was done: pending, sent, or refused and why, and what the person can do about it. */
export function ActionLine({ action: a, crew, all }: { action: Action; crew: Crew; all: readonly Action[] }) {
  const { say, word, sentence } = useWords();
  const known = useSyncExternalStore(crew.replies.listen, () => crew.replies.get(orderKey(a.orderId)))?.value as Details | undefined;
  const zone = a.zone ?? zoneHere;
  const [open, setOpen] = useState<'read' | 'correct' | 'discard'>();
  const close = () => setOpen(undefined);
  const name = a.step === 'attach' ? `${word('workOrderMove', 'attach')} (${word('photoPurpose', a.photo!.purpose)})` : a.step === 'assign' ? say('handOver') : a.step === 'consent' ? say('ownersWord') : word('workOrderMove', a.step);
  const said = wordsOf(a);
  return (
    <div className="stack tight" data-action={a.step} data-state={a.state} data-code={a.why?.code} data-report={a.report}>
      <div className="row spread">
        <span><strong>{name}</strong> <Moment at={a.at} zone={zone} /></span>
        <span className={`tag ${a.state === 'sent' ? 'done' : a.state === 'refused' ? 'bad' : 'waiting'}`}>{say(a.state)}</span>
      </div>
      {a.state === 'pending' && (isHeldBack(all, a) ? <span className="quiet">{say('heldBack')}</span> : a.why && <span className="quiet">{sentence(a.why.code, a.why.title)} {say('triedTimes', { count: a.tries })}</span>)}
      {a.state === 'refused' && <Trouble problem={a.why} />}
      {a.report && <span className="quiet">{say(a.report === 'kept' ? 'reportKept' : a.report === 'pending' ? 'reportPending' : 'reportRefused')}</span>}
      {(a.state !== 'sent' || said) && (
        <div className="row">
          {(said || a.photo) && a.state !== 'sent' && <Button kind="quiet" onClick={() => setOpen('read')} data-act="read">{say('read')}</Button>}
          {a.state === 'refused' && a.correctable && (hasForm(a.step) && known ? <Button kind="quiet" onClick={() => setOpen('correct')} data-act="correct">{say('correct')}</Button> : null)}
          {a.state === 'refused' && a.correctable && <Button kind="quiet" onClick={() => void crew.sender.again(a)} data-act="again">{say('sendAgain')}</Button>}
          {a.state !== 'sent' && a.report !== 'pending' && <Button kind="quiet" onClick={() => setOpen('discard')} data-act="discard">{say('discard')}</Button>}
        </div>
      )}
      {open === 'read' && <Sheet title={name} close={close} part="read">{said && <p className="pre">{said}</p>}{a.photo && <Picture of={a} />}</Sheet>}
      {open === 'discard' && (
        <Sheet title={say('discard')} close={close} part="discard">
          <div className="stack">
            <p>{a.state === 'pending' || a.correctable ? say('discardSure') : name}</p>
            {said && <p className="pre quiet">{said}</p>}
            <Button kind="danger" onClick={() => void crew.sender.discard(a)} data-act="discard-now">{say('discard')}</Button>
            <Button onClick={close}>{say('cancel')}</Button>
          </div>
        </Sheet>
      )}
      {open === 'correct' && known && <StepForm title={name} step={a.step} crew={crew} details={known} zone={zone} close={close} send={async (body) => { await crew.sender.again(a, body); close(); }} refused={{ action: a, typed: typedOf(a.step, a.body ?? {}, zone) }} />}
    </div>
  );
}

function Picture({ of }: { of: Action }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    let made: string | undefined;
    let gone = false;
    void photoOf(of.key).then((bytes) => {
      if (!bytes || gone) return;
      made = URL.createObjectURL(new Blob([bytes]));
      setUrl(made);
    });
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [of.key]);
  return url ? <img className="picture" src={url} alt={of.photo!.fileName} /> : null;
}
