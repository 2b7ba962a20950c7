import { Button, Checkbox, Form, Select } from 'antd';
import { useCallback, useState } from 'react';
import { useNavigate } from 'react-router';
import { api, told } from '../api/client';
import type { CustomerCopy, ErasureReason } from '../api/client';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { MoveDialog } from '../kit/Form';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

/** A person's right to a copy of what is known of them, and to be forgotten: for managers and administrators. */
export function PersonRights({ customerId }: { customerId: string }) {
  const { t, options } = useWords();
  const go = useNavigate();
  const session = useSession();
  const [forgetting, setForgetting] = useState(false);
  const path = { customerId };
  const copy = useSend<void, CustomerCopy>(
    useCallback(() => told(api.POST('/api/customers/{customerId}/copy', { params: { path: { customerId } } })), [customerId]),
    useCallback((made: CustomerCopy) => save(`${customerId}.json`, made), [customerId]),
  );
  if (!session.data?.roles.some((r) => r.role === 'manager' || r.role === 'administrator')) return null;
  return (
    <div className="row">
      <Button loading={copy.pending} onClick={() => void copy.send()} data-act="copy">{t('customer.copy')}</Button>
      <Button danger onClick={() => setForgetting(true)} data-act="forget">{t('customer.forget')}</Button>
      <Trouble problem={copy.problem} />
      <MoveDialog<{ reason: ErasureReason; evenIfOpen?: boolean }, unknown>
        keep={`customer ${customerId} forget`} title={t('customer.forget')} open={forgetting} onClose={() => setForgetting(false)} done={() => go('/desk')} initial={{ reason: 'requested' }}
        call={(v, header) => told(api.POST('/api/customers/{customerId}/erasure', { params: { path }, headers: { ...header }, body: { reason: v.reason, evenIfOpen: !!v.evenIfOpen } }))}
      >
        <p>{t('customer.forgetHint')}</p>
        <Form.Item name="reason" label={t('common.reason')}><Select options={options('erasureReason')} /></Form.Item>
        <Form.Item name="evenIfOpen" valuePropName="checked"><Checkbox>{t('customer.evenIfOpen')}</Checkbox></Form.Item>
      </MoveDialog>
    </div>
  );
}

function save(name: string, what: unknown) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(what, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
