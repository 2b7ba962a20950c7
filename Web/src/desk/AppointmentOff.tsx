import { Button } from 'antd';
import { api, told } from '../api/client';
import type { RequestDetails } from '../api/client';
import { useSend } from '../api/sending';
import { AskFirst } from '../kit/AskFirst';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

/** The appointment is off, and there is no other yet. */
export function AppointmentOff({ details, changed }: { details: RequestDetails; changed: () => void }) {
  const { t } = useWords();
  const r = details.request;
  const sending = useSend<void, unknown>(
    () => told(api.DELETE('/api/requests/{requestId}/appointment', { params: { path: { requestId: r.requestId }, header: { 'If-Match': `"${r.version}"` } } })),
    changed,
  );
  if (!details.allowedMoves.includes('reschedule')) return null;
  return (
    <>
      <AskFirst title={t('files.appointmentOffSure')} okText={t('moves.cancelAppointment')} cancelText={t('common.no')} onConfirm={() => void sending.send()}>
        <Button size="small" type="link" loading={sending.pending} data-act="appointment-off">{t('moves.cancelAppointment')}</Button>
      </AskFirst>
      {/* Somebody else was faster: what is there now is shown, to be looked at before it is pressed again. */}
      <Trouble problem={sending.problem} retry={changed} />
    </>
  );
}
