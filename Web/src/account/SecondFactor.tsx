import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Form, Input, QRCode, Spin } from 'antd';
import type { FormInstance } from 'antd';
import { useState } from 'react';
import { api, told } from '../api/client';
import type { FactorSecret, RecoveryCodeList } from '../api/client';
import { Problem } from '../api/problems';
import { useSend } from '../api/sending';
import { sessionKey } from '../api/session';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { useFaultsInFields } from '../kit/Form';
import { Moment } from '../kit/Moment';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A box for a code and a button. */
export function CodeForm<R>({ label, act, call, done, danger }: { label: string; act: string; call: (code: string) => Promise<R>; done: (reply: R) => void; danger?: boolean }) {
  const { t } = useWords();
  const [form] = Form.useForm<{ code: string }>();
  const sending = useSend<{ code: string }, R>((v) => call(v.code), (reply) => { form.resetFields(); done(reply); });
  const problem = useFaultsInFields(form as FormInstance, sending.problem);
  return (
    <Form form={form} name={act} layout="vertical" requiredMark={false} onFinish={(v) => void sending.send(v)} data-part={act}>
      <Form.Item name="code" label={t('factor.code')} rules={[{ required: true, message: t('common.required') }]}>
        <Input autoComplete="one-time-code" inputMode="text" maxLength={60} style={{ maxWidth: 280 }} />
      </Form.Item>
      <div className="stack tight">
        <Trouble problem={problem} />
        <div><Button type="primary" danger={danger} htmlType="submit" loading={sending.pending} data-act={act}>{label}</Button></div>
      </div>
    </Form>
  );
}

/** Enrol: the app reads the picture, its first code confirms, the recovery codes are shown once. */
export function Enrolment({ done }: { done: () => void }) {
  const { t } = useWords();
  const [secret, setSecret] = useState<FactorSecret>();
  const [codes, setCodes] = useState<readonly string[]>();
  const beginning = useSend<void, FactorSecret>(() => told(api.POST('/api/second-factor')), setSecret);
  if (codes) return <Codes codes={codes} done={done} />;
  if (!secret) {
    return (
      <div className="stack tight">
        <div><Button type="primary" onClick={() => void beginning.send()} loading={beginning.pending} data-act="begin-factor">{t('factor.begin')}</Button></div>
        <Trouble problem={beginning.problem} />
      </div>
    );
  }
  return (
    <div className="stack">
      <span>{t('factor.scan')}</span>
      <QRCode value={secret.uri} size={200} aria-label={t('factor.scan')} />
      <code className="number pre" data-part="factor-secret">{secret.secret}</code>
      <CodeForm<RecoveryCodeList> label={t('factor.confirm')} act="confirm-factor" call={(code) => told(api.POST('/api/second-factor/confirmation', { body: { code } }))} done={(r) => setCodes(r.recoveryCodes)} />
    </div>
  );
}

function Codes({ codes, done }: { codes: readonly string[]; done: () => void }) {
  const { t } = useWords();
  return (
    <div className="stack tight">
      <Alert type="warning" showIcon title={t('factor.keepCodes')} />
      <div data-part="recovery-codes">{codes.map((c) => <div key={c}><code className="number">{c}</code></div>)}</div>
      <div><Button type="primary" onClick={done} data-act="codes-kept">{t('factor.kept')}</Button></div>
    </div>
  );
}

/** The second factor on one's own page. */
export function OwnFactor() {
  const { t } = useWords();
  const client = useQueryClient();
  const state = useQuery({ queryKey: ['second-factor'], queryFn: ({ signal }) => told(api.GET('/api/second-factor', { signal })) });
  const [open, setOpen] = useState<'remove' | 'renew'>();
  const [codes, setCodes] = useState<readonly string[]>();
  const again = () => {
    setOpen(undefined);
    setCodes(undefined);
    void client.invalidateQueries({ queryKey: ['second-factor'] });
    void client.invalidateQueries({ queryKey: sessionKey });
  };
  if (nothingOf(state)) return <Trouble problem={Problem.from(state.error)} retry={() => void state.refetch()} />;
  if (!state.data) return <Spin />;
  if (codes) return <Codes codes={codes} done={again} />;
  if (!state.data.since) return <div className="stack"><span>{t('factor.why')}</span><Enrolment done={again} /></div>;
  return (
    <div className="stack">
      <Behind of={state} />
      <span>{t('factor.since')} <Moment at={state.data.since} zone={here} /> · {t('factor.codesLeft', { count: state.data.recoveryCodesLeft })}</span>
      {!open && (
        <div className="row">
          <Button onClick={() => setOpen('renew')}>{t('factor.renew')}</Button>
          <Button danger onClick={() => setOpen('remove')}>{t('factor.remove')}</Button>
        </div>
      )}
      {open === 'renew' && <CodeForm<RecoveryCodeList> label={t('factor.renew')} act="renew-codes" call={(code) => told(api.POST('/api/second-factor/recovery-codes', { body: { code } }))} done={(r) => setCodes(r.recoveryCodes)} />}
      {open === 'remove' && <CodeForm label={t('factor.remove')} danger act="remove-factor" call={(code) => told(api.POST('/api/second-factor/removal', { body: { code } }))} done={again} />}
    </div>
  );
}
