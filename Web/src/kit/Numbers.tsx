import { EyeOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useCallback, useState } from 'react';
import { api, told } from '../api/client';
import type { ContactData } from '../api/client';
import { useSend } from '../api/sending';
import { screensOf, useSession } from '../api/session';
import { useWords } from '../words/words';
import { Trouble } from './Trouble';

/** Stands for numbers that the page does not know: those of a customer. */
export const unknown = '…';

/** Masked numbers and addresses; one press shows them in full, to be dialled, and that is written down. */
export function Numbers({ masked, of, onShown }: { masked: readonly (string | null | undefined)[]; of: { customerId: string } | { requestId: string }; onShown?: (toDial: string[]) => void }) {
  const { t } = useWords();
  const session = useSession();
  const [shown, setShown] = useState<ContactData | null>(null);
  const call = useCallback(
    () => 'customerId' in of
      ? told(api.POST('/api/customers/{customerId}/contact-data', { params: { path: of } }))
      : told(api.POST('/api/requests/{requestId}/contact-data', { params: { path: of } })),
    [of],
  );
  const sending = useSend<void, ContactData>(call, (data) => {
    setShown(data);
    onShown?.([data.reporterPhone, ...data.contactPoints.map((p) => (p.kind === 'phone' ? p.value : null))].filter((n): n is string => !!n));
  });
  if (shown) {
    const numbers = [...(shown.reporterPhone ? [{ key: 'reporter', text: shown.reporterPhone, dial: shown.reporterPhone }] : []),
      ...shown.contactPoints.map((p) => ({ key: p.contactPointId, text: p.value, dial: p.kind === 'phone' ? p.normalised : null }))];
    return <span className="row">{numbers.map((n) => <a key={n.key} className="number" href={n.dial ? `tel:${n.dial}` : undefined}>{n.text}</a>)}</span>;
  }
  const mayAsk = !!session.data && (screensOf(session.data).desk || ('customerId' in of && session.data.roles.some((r) => r.role === 'administrator')));
  const seen = masked.filter((m): m is string => !!m && (mayAsk || m !== unknown));
  if (seen.length === 0) return null;
  return (
    <span className="row">
      {seen.map((m, i) => <span key={i} className="number">{m}</span>)}
      {mayAsk && <Button size="small" type="link" icon={<EyeOutlined />} loading={sending.pending} onClick={() => void sending.send()} data-act="show-numbers">{t('common.showNumber')}</Button>}
      <Trouble problem={sending.problem} />
    </span>
  );
}
