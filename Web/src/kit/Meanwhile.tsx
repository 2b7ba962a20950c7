import { Alert, Button } from 'antd';
import type { FormInstance } from 'antd';
import { Form } from 'antd';
import { createContext, useContext, useEffect } from 'react';
import type { ReactNode } from 'react';
import type { Problem } from '../api/problems';
import { useWords } from '../words/words';
import { Moment } from './Moment';

/** What a form is about, as it was when the form was opened and as it is now. */
export interface Opened {
  /** What the form would do cannot be done any more. */
  gone?: boolean;
  /** The versions. */
  seen: number;
  now: number;
  /** What somebody else did since, the latest last; empty where it is not known. */
  since: readonly { key: string | number; by: string; at: string; zone: string; what: string; text?: string | null }[];
  /** Reads it anew. */
  look: () => void;
  /** Something was typed: the form is kept as it is until it is sent. */
  touch: () => void;
  /** It was sent, and nothing is left to keep. */
  settle: () => void;
}

const Context = createContext<Opened | undefined>(undefined);

/** For the forms inside: what they were opened on. */
export const OpenedOn = Context.Provider;

export const useOpenedOn = () => useContext(Context);

/** A field of the form beside what the thing itself has there. */
export interface Compared {
  name: string;
  label: string;
  /** As the form was opened, and now. */
  before: unknown;
  now: unknown;
  say?: (value: never) => ReactNode;
}

export const isStale = (problem: Problem | null | undefined): boolean => problem?.status === 412 || !!problem?.code.endsWith('.changed_meanwhile');

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/**
 * Somebody else changed the thing while the form was open: a line that says so, and, on demand or where saving was refused for it, theirs and
 * mine side by side. Nothing that was typed goes; saving again puts it over what is shown.
 */
export function Meanwhile({ form, fields = [], stale, shown, show }: { form: FormInstance; fields?: readonly Compared[]; stale: boolean; shown: boolean; show: (shown: boolean) => void }) {
  const { t } = useWords();
  const on = useContext(Context);
  const mine = Form.useWatch((values: Record<string, unknown>) => values, form) as Record<string, unknown> | undefined;
  const differ = fields.filter((f) => !same(f.before, f.now));
  // What I did not change is theirs: otherwise saving my one field would undo their other one.
  useEffect(() => {
    if (!shown || !mine) return;
    for (const f of differ) if (same(mine[f.name], f.before)) form.setFieldValue(f.name, f.now);
  }, [shown, on?.now]);
  if (!on || (on.now === on.seen && on.since.length === 0)) {
    if (on?.gone) return <Gone />;
    return stale ? <Alert type="warning" showIcon role="alert" title={t('live.looking')} action={on && <Button size="small" onClick={on.look}>{t('common.retry')}</Button>} /> : null;
  }

  const last = on.since.at(-1);
  const mineToo = differ.filter((f) => !same(mine?.[f.name], f.now));
  return (
    <>
    {on.gone && <Gone />}
    <Alert
      type={stale ? 'warning' : 'info'}
      showIcon
      role={stale ? 'alert' : 'status'}
      className="meanwhile"
      data-part="meanwhile"
      title={<>{last ? t('live.changedBy', { name: last.by }) : t('live.changed')} {last && <Moment at={last.at} zone={last.zone} />}</>}
      action={!stale && <Button size="small" onClick={() => show(!shown)} data-act="show-change">{shown ? t('common.close') : t('common.show')}</Button>}
      description={shown && (
        <div className="stack tight">
          <ul className="lines">{on.since.map((e) => <li key={e.key}>{e.what}{on.since.length > 1 && <span className="quiet"> {e.by}</span>}{e.text && <div className="pre clamp">{e.text}</div>}</li>)}</ul>
          {mineToo.map((f) => <Both key={f.name} field={f} mine={mine?.[f.name]} take={() => { form.setFieldValue(f.name, f.now); on.touch(); }} />)}
          {differ.length > 0 && mineToo.length === 0 && <div>{t('live.sameNow')}</div>}
          <div>{mineToo.length > 0 ? t('live.savingReplaces') : t('live.savingAdds')}</div>
        </div>
      )}
    />
    </>
  );
}

function Gone() {
  const { t } = useWords();
  return <Alert type="warning" showIcon role="alert" title={t('live.gone')} data-part="gone" style={{ marginBottom: 8 }} />;
}

function Both({ field, mine, take }: { field: Compared; mine: unknown; take: () => void }) {
  const { t } = useWords();
  const say = (value: unknown): ReactNode => (value == null || value === '' ? <span className="quiet">{t('common.none')}</span> : field.say ? field.say(value as never) : String(value));
  return (
    <div className="both" data-field={field.name}>
      <strong>{field.label}</strong>
      <dl className="facts">
        <dt>{t('live.theirs')}</dt><dd className="pre" data-part="theirs">{say(field.now)}</dd>
        <dt>{t('live.mine')}</dt><dd className="pre" data-part="mine">{say(mine)}</dd>
        <dt>{t('live.before')}</dt><dd className="pre quiet">{say(field.before)}</dd>
      </dl>
      <Button size="small" onClick={take} data-act="take-theirs">{t('live.takeTheirs')}</Button>
    </div>
  );
}
