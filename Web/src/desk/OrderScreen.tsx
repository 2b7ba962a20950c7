import { EnvironmentOutlined, PhoneOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Result, Spin, Tag } from 'antd';
import { useCallback } from 'react';
import { Link, useParams } from 'react-router';
import { api, told } from '../api/client';
import type { PhotoPurpose, WorkOrderDetails } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { Clocks } from './RequestScreen';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { calm } from '../kit/live';
import { Files } from '../kit/Files';
import { Moment } from '../kit/Moment';
import { Numbers } from '../kit/Numbers';
import { OrderStatusTag, PriorityTag, RequestStatusTag, spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { toDecide } from './holds';
import { OrderMoves } from './OrderMoves';
import { Agree } from './OrderTrouble';
import { PaidWork } from './PaidWork';

/** One order on a phone: where, what, whom to call, and what to do next at the thumb. */
export default function OrderScreen() {
  const { t } = useWords();
  const { workOrderId } = useParams();
  const client = useQueryClient();
  const details = useQuery({
    queryKey: ['work-order', workOrderId],
    queryFn: ({ signal }) => told(api.GET('/api/work-orders/{workOrderId}', { params: { path: { workOrderId: workOrderId! } }, signal })),
    refetchInterval: calm(30_000),
  });
  const changed = useCallback(() => {
    void client.invalidateQueries({ predicate: (q) => ['work-order', 'work-orders', 'request', 'timeline', 'requests', 'counts'].includes(String(q.queryKey[0])) });
  }, [client]);
  useTitle(details.data && t('crew.order', { number: spoken(details.data.workOrder.number) }));

  if (nothingOf(details)) {
    const problem = Problem.from(details.error);
    return problem.status === 404 ? <Result status="404" title={t('crew.notFound')} /> : <Trouble problem={problem} retry={() => void details.refetch()} />;
  }
  if (!details.data) return <Spin className="waiting" />;
  return (
    <>
      <Behind of={details} />
      <Shown key={details.data.workOrder.workOrderId} details={details.data} changed={changed} />
    </>
  );
}

function Shown({ details, changed }: { details: WorkOrderDetails; changed: () => void }) {
  const { t, word, pick } = useWords();
  const o = details.workOrder;
  const zone = useZone(o.communityId);
  const served = details.requests.filter((r) => !r.leftAt);
  const urges = served.reduce((most, r) => Math.max(most, r.urgeCount), 0);
  const open = o.status !== 'done' && o.status !== 'voided';
  const withPhone = served.find((r) => r.phone);
  const phone = withPhone?.phone;
  // The crew has the number in full while its order is open; everybody else asks for it.
  const dial = open && phone && !phone.includes('*');
  const hold = details.holds.findLast((h) => !h.untilAt);
  return (
    <div className="stack order-page">
      <Card>
        <div className="stack tight">
          <div className="row spread">
            <span className="row"><OrderStatusTag status={o.status} /><PriorityTag priority={o.priority} />{o.reworkOfId && <Tag color="volcano">{t('requests.rework')}</Tag>}{urges > 0 && <Tag color="volcano" data-part="urged">{t('requests.urged', { count: urges })}</Tag>}</span>
            <span className="quiet number">{spoken(o.number)}</span>
          </div>
          {o.placeName && <h1><EnvironmentOutlined /> {pick(o.placeName, o.placeNameEn)}</h1>}
          <div className="pre" style={{ fontSize: 16 }}>{o.whatToDo}</div>
          <div className="quiet">{o.teamId ? pick(o.teamName, o.teamNameEn) : word('crew', o.crew)} · {o.assigneeName ?? t('crew.notNamed')}</div>
          {hold && o.status === 'onHold' && <div><Tag color="purple">{word('holdReason', hold.reason)}</Tag> <Moment at={hold.wakeAt} zone={zone} /> <span className="quiet">{hold.note}</span></div>}
          {hold && o.status === 'onHold' && toDecide(hold) && (
            <div className="stack tight" data-part="to-decide">
              <span>{hold.limitPassedAt ? t('boards.limitPassed') : t('boards.limit')} <Moment at={(hold.limitPassedAt ?? hold.limitAt)!} zone={zone} /> <span className="quiet">{t(details.mayAgree ? 'boards.agreeMeans' : 'boards.managerDecides')}</span></span>
              {details.mayAgree && <div><Agree workOrderId={o.workOrderId} /></div>}
            </div>
          )}
          {o.demandsPhotos.length > 0 && o.status !== 'done' && o.status !== 'voided' && <div className="late">{t('crew.photosNeeded', { purposes: o.demandsPhotos.map((p) => word('photoPurpose', p)).join(', ') })}</div>}
          {o.payer !== 'free' && <div><Tag>{word('payer', o.payer)}</Tag> {o.consentedAmount != null && t('crew.consented', { amount: o.consentedAmount })}</div>}
          {dial ? <Button size="large" block icon={<PhoneOutlined />} href={`tel:${phone}`}>{t('crew.call')} {phone}</Button> : withPhone && <Numbers masked={[phone]} of={{ requestId: withPhone.requestId }} />}
        </div>
      </Card>
      {o.doneWhat && <Card title={t('crew.whatWasDone')}><div className="pre">{o.doneWhat}</div>{o.cause && <div className="quiet pre">{o.cause}</div>}</Card>}
      <Files of={{ workOrderId: o.workOrderId }} mayAdd={details.allowedMoves.includes('attach')} demanded={o.demandsPhotos as PhotoPurpose[]} zone={zone} changed={changed} />
      <Card title={t('request.clocks')}><Clocks clocks={details.clocks} zone={zone} /></Card>
      <Card title={t('crew.requests')}>
        <ul className="lines">
          {details.requests.map((r) => (
            <li key={`${r.requestId}${r.joinedAt}`}>
              <Link className="plain" to={`/requests/${r.requestId}`}>
                <div className="row"><span className="number">{spoken(r.number)}</span><RequestStatusTag status={r.status} />{r.customerName && <span>{r.customerName}</span>}{r.leftAt && <span className="quiet">{t('request.left')}</span>}</div>
                <div className="clamp">{r.description}</div>
              </Link>
            </li>
          ))}
        </ul>
      </Card>
      <PaidWork details={details} changed={changed} />
      {details.materials.length > 0 && (
        <Card title={t('crew.materials')}>
          <ul className="lines">{details.materials.map((m, i) => <li key={i} className="row spread"><span>{m.name}</span><span>{m.quantity} {m.unit}</span></li>)}</ul>
        </Card>
      )}
      {details.holds.length > 0 && (
        <Card title={t('crew.holds')}>
          <ul className="lines">
            {details.holds.map((h, i) => <li key={i}><Tag>{word('holdReason', h.reason)}</Tag> <Moment at={h.fromAt} zone={zone} /> – {h.untilAt ? <Moment at={h.untilAt} zone={zone} /> : '…'} {h.agreedAt ? <Tag color="green">{t('boards.agreed')}</Tag> : h.limitPassedAt ? <span className="late">{t('boards.limitPassed')} <Moment at={h.limitPassedAt} zone={zone} brief /></span> : h.limitAt && !h.untilAt ? <span>{t('boards.limit')} <Moment at={h.limitAt} zone={zone} /></span> : null} <span className="quiet">{h.note}</span></li>)}
          </ul>
        </Card>
      )}
      <OrderMoves details={details} changed={changed} />
    </div>
  );
}
