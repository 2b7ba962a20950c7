import type { ReactNode } from 'react';
import { Button, Form, Input } from 'antd';
import type { Sending } from '../../api/sending';
import { useSend } from '../../api/sending';
import { AskFirst } from '../../kit/AskFirst';
import { OpenedOn } from '../../kit/Meanwhile';
import { Trouble } from '../../kit/Trouble';
import { useWords } from '../../words/words';

/** A text of the form that has to be there. */
export function Needed({ name, label, most, hint, disabled }: { name: string | string[]; label: string; most: number; hint?: string; disabled?: boolean }) {
  const { t } = useWords();
  return <Form.Item name={name} label={label} extra={hint} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={most} disabled={disabled} autoComplete="off" /></Form.Item>;
}

/** One that may be left out. */
export function Optional({ name, label, most, hint }: { name: string | string[]; label: string; most: number; hint?: string }) {
  const { t } = useWords();
  return <Form.Item name={name} label={`${label} (${t('common.optional')})`} extra={hint}><Input maxLength={most} autoComplete="off" /></Form.Item>;
}

/** A form that edits what its reader saw: where somebody else was faster, both are shown. */
export function Seen<T extends { version: number }>({ seen, now, look, children }: { seen: T; now: T; look: () => void; children: ReactNode }) {
  return <OpenedOn value={{ seen: seen.version, now: now.version, since: [], look, touch: () => undefined, settle: () => undefined }}>{children}</OpenedOn>;
}

/** A button for what is asked about once more before it is done; what came of it stands below. */
export function Sure<R>({ act, sure, call, done, danger, name }: { act: string; sure?: string; call: (header: Sending) => Promise<R>; done: () => void; danger?: boolean; name: string }) {
  const { t } = useWords();
  const sending = useSend<void, R>((_, header) => call(header), done);
  const button = <Button size="small" danger={danger} loading={sending.pending} onClick={sure ? undefined : () => void sending.send()} data-act={name}>{act}</Button>;
  return (
    <>
      {sure ? <AskFirst title={sure} onConfirm={() => void sending.send()} okText={act} cancelText={t('common.cancel')}>{button}</AskFirst> : button}
      {sending.problem && <div style={{ flexBasis: '100%' }}><Trouble problem={sending.problem} /></div>}
    </>
  );
}
