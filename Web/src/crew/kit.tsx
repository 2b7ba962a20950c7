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

/** Comes from below, over the page; closing it keeps what was typed. */
export function Sheet({ title, close, children, part }: { title: string; close: () => void; children: ReactNode; part?: string }) {
  const { say } = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current!;
    shown.showModal();
    return () => shown.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onCancel={(e) => { e.preventDefault(); close(); }} data-part={part}>
      <div className="row spread">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" onClick={close} aria-label={say('close')} data-act="close">×</Button>
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
