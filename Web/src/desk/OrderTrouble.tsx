import { useQueryClient } from '@tanstack/react-query';
import { Button, Tag } from 'antd';
import { api, told } from '../api/client';
import type { WorkOrderLine } from '../api/client';
import { useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { Due, Moment } from '../kit/Moment';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { toDecide } from './holds';

/** Why an order needs somebody above it: what came back and why, how often it was passed on, what it waits for and until when. */
export function OrderTrouble({ line: o }: { line: WorkOrderLine }) {
  const { t, word } = useWords();
  const zone = useZone(o.communityId);
  const late = !!o.acceptDueAt && Date.parse(o.acceptDueAt) <= Date.now();
  const decide = !!o.holdReason && toDecide({ wakeAt: o.holdWakeAt, limitAt: o.holdLimitAt, limitPassedAt: o.holdLimitPassedAt, agreedAt: o.holdAgreedAt });
  if (!o.returnedAt && o.passedOn === 0 && !late && !o.holdReason) return null;
  return (
    <div className="stack tight beneath" data-part="trouble">
      <div className="row">
        {o.passedOn > 0 && <Tag color={o.passedOn > 1 ? 'red' : 'orange'}>{t('boards.passedOn', { count: o.passedOn })}</Tag>}
        {late && <span className="late">{t('boards.notAccepted')} <Due at={o.acceptDueAt} late zone={zone} /></span>}
        {o.returnedAt && <span>{o.returnedByName ? t('boards.returnedBy', { name: o.returnedByName }) : t('boards.returned')} <Moment at={o.returnedAt} zone={zone} brief /></span>}
        {o.holdReason && (
          <>
            <Tag color="purple">{word('holdReason', o.holdReason)}</Tag>
            <span>{t('boards.until')} <Moment at={o.holdWakeAt!} zone={zone} /></span>
            {o.holdAgreedAt ? <Tag color="green">{t('boards.agreed')}</Tag>
              : o.holdLimitPassedAt ? <span className="late">{t('boards.limitPassed')} <Moment at={o.holdLimitPassedAt} zone={zone} brief /></span>
              : o.holdLimitAt ? <span>{t('boards.limit')} <Moment at={o.holdLimitAt} zone={zone} /></span>
              : <span className="quiet">{t('boards.noLimit')}</span>}
          </>
        )}
        {decide && (o.mayAgree ? <Agree workOrderId={o.workOrderId} /> : <span className="quiet">{t('boards.managerDecides')}</span>)}
      </div>
      {o.returnedWhy && <div className="pre" data-part="why">{o.returnedWhy}</div>}
      {o.holdNote && <div className="pre quiet">{o.holdNote}</div>}
    </div>
  );
}

/** A manager's word that the order may stay on hold. */
export function Agree({ workOrderId }: { workOrderId: string }) {
  const { t } = useWords();
  const client = useQueryClient();
  const sending = useSend<void, unknown>(
    (_, header) => told(api.POST('/api/work-orders/{workOrderId}/hold/agreement', { params: { path: { workOrderId }, header } })),
    () => void client.invalidateQueries({ predicate: (q) => ['officer', 'work-orders', 'work-order', 'request', 'timeline'].includes(String(q.queryKey[0])) }),
  );
  return (
    <>
      <Button size="small" loading={sending.pending} onClick={() => void sending.send()} data-act="agree">{t('officer.agree')}</Button>
      <Trouble problem={sending.problem} />
    </>
  );
}
