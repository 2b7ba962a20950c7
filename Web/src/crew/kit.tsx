import { useEffect, useId, useRef, useState, useSyncExternalStore } from 'react';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import type { Problem } from '../api/problems';
import { exact, relative } from './times';
import { useWords } from './words';

export function Button({ kind = 'plain', busy, children, ...rest }: { kind?: 'main' | 'plain' | 'quiet' | 'danger'; busy?: boolean } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return <button type="button" {...rest} className={`button ${kind}`} disabled={rest.disabled || busy} aria-busy={busy || undefined}>{children}</button>;
}

export function Trouble({ problem, retry }: { problem: Pick<Problem, 'code' | 'title' | 'faults'> | null | undefined; retry?: () => void }) {
  const { say, sentence } = useWords();
  if (!problem) return null;
  return (
    <div className="trouble" role="alert" data-code={problem.code}>
      <div>{sentence(problem.code, problem.title)}</div>
      {problem.faults.map((f) => <div key={f.field + f.code}>{sentence(f.code, f.message)}</div>)}
      {retry && <Button kind="quiet" onClick={retry}>{say('retry')}</Button>}
    </div>
  );
}

/** The time now, twice a minute. */
const beats = new Set<() => void>();
let beat = Date.now();
setInterval(() => {
  beat = Date.now();
  for (const then of beats) then();
}, 30_000);
export const useNow = (): number => useSyncExternalStore((then) => { beats.add(then); return () => beats.delete(then); }, () => beat);

/** Exact and relative at once, in the community's zone. */
export function Moment({ at, zone, late }: { at: string; zone: string; late?: boolean }) {
  const { language } = useWords();
  const now = useNow();
  return <time dateTime={at} title={zone} className={late ? 'late' : ''}>{exact(at, zone, language, now)} <span className="quiet">{relative(at, now, language)}</span></time>;
}

/** Comes from below, over the page; closing it keeps what was typed. Without `close` it stays until it is not needed any more, whatever the browser does with it. */
export function Sheet({ title, close, children, part }: { title: string; close?: () => void; children: ReactNode; part?: string }) {
  const { say } = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current!;
    shown.showModal();
    return () => shown.close();
  }, []);
  return (
    // The second Esc, or Back, closes a dialog without asking.
    <dialog ref={dialog} aria-labelledby={id} onCancel={(e) => { e.preventDefault(); close?.(); }} onClose={(e) => { if (e.currentTarget.isConnected) (close ?? (() => dialog.current!.showModal()))(); }} data-part={part}>
      <div className="row spread">
        <h2 id={id}>{title}</h2>
        {close && <Button kind="quiet" onClick={close} aria-label={say('close')} data-act="close">×</Button>}
      </div>
      {children}
    </dialog>
  );
}

export function Field({ label, hint, children }: { label: string; hint?: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}{hint && <span className="quiet"> ({hint})</span>}</label>
      {children(id)}
    </div>
  );
}

/** A few choices, each as large as a thumb. */
export function Choice({ label, name, value, options, choose }: { label: string; name: string; value: string | undefined; options: readonly (readonly [string, string])[]; choose: (value: string) => void }) {
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      <div className="choices">
        {options.map(([v, text]) => (
          <label key={v}><input type="radio" name={name} value={v} checked={value === v} onChange={() => choose(v)} /><span>{text}</span></label>
        ))}
      </div>
    </fieldset>
  );
}

/** Grows with what is typed. */
export function Lines({ id, value, change, max = 1000, rows = 3, name }: { id: string; value: string; change: (text: string) => void; max?: number; rows?: number; name: string }) {
  return <textarea id={id} name={name} value={value} onChange={(e) => change(e.target.value)} maxLength={max} rows={Math.min(10, Math.max(rows, value.split('\n').length + 1))} />;
}

/** Beside a number that cannot be read as one. */
export function NotANumber({ of, shown }: { of: string; shown: boolean }) {
  const { say } = useWords();
  return shown ? <p role="alert" className="late" data-misread={of}>{say('notANumber')}</p> : null;
}

export function useOnline(): boolean {
  const [online, set] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => set(navigator.onLine);
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => { removeEventListener('online', look); removeEventListener('offline', look); };
  }, []);
  return online;
}

const drawn = {
  bell: 'M12 22a2.5 2.5 0 0 0 2.5-2.5h-5A2.5 2.5 0 0 0 12 22zm7-6v-5.500a7 7 0 0 0-5.500-6.800V3a1.500 1.500 0 0 0-3 0v.7A7 7 0 0 0 5 10.500V16l-2 2v1h18v-1z',
  phone: 'M6.6 10.8c1.4 2.8 3.8 5.1 6.6 6.6l2.2-2.2c.3-.3.7-.4 1-.2 1.1.4 2.3.6 3.6.6.6 0 1 .4 1 1V20c0 .6-.4 1-1 1C10.6 21 3 13.4 3 4c0-.6.4-1 1-1h3.5c.6 0 1 .4 1 1 0 1.3.2 2.5.6 3.6.1.3 0 .7-.2 1z',
  place: 'M12 2a7 7 0 0 0-7 7c0 5.2 7 13 7 13s7-7.8 7-13a7 7 0 0 0-7-7zm0 9.5A2.5 2.5 0 1 1 12 6.5a2.5 2.5 0 0 1 0 5z',
  camera: 'M9 4 7.2 6H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-3.2L15 4zm3 13a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9z',
} as const;

/** Drawn, for not every telephone has the characters. */
export function Icon({ of }: { of: keyof typeof drawn }) {
  return <svg viewBox="0 0 24 24" width="20" height="20" fill="currentColor" aria-hidden="true"><path d={drawn[of]} /></svg>;
}
