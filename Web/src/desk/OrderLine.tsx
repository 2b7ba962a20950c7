import { Tag } from 'antd';
import { Link } from 'react-router';
import type { WorkOrderLine } from '../api/client';
import { useZone } from '../api/reference';
import { Due } from '../kit/Moment';
import { OrderStatusTag, PriorityTag, spoken } from '../kit/tags';
import { useWords } from '../words/words';

/** One order as a card: where, what, until when. */
export function OrderLine({ line: o, named }: { line: WorkOrderLine; named?: boolean }) {
  const { t, word, pick } = useWords();
  const zone = useZone(o.communityId);
  const late = !!o.lateFrom && Date.parse(o.lateFrom) < Date.now() && o.status !== 'done' && o.status !== 'voided';
  return (
    <Link className={`order ${o.priority} ${late ? 'isLate' : ''}`} to={`/work-orders/${o.workOrderId}`} data-order={o.number}>
      <div className="row spread">
        <span className="where">{pick(o.placeName, o.placeNameEn) || spoken(o.number)}</span>
        <OrderStatusTag status={o.status} />
      </div>
      <div className="clamp">{o.whatToDo}</div>
      <div className="row spread">
        <span className="row">
          {(o.priority === 'danger' || o.priority === 'urgent') && <PriorityTag priority={o.priority} />}
          {o.reworkOfId && <Tag color="volcano">{t('requests.rework')}</Tag>}
          <span className="quiet number">{spoken(o.number)}</span>
          {named && <span className="quiet">{[o.teamId ? pick(o.teamName, o.teamNameEn) : word('crew', o.crew), o.assigneeName].filter(Boolean).join(' · ')}</span>}
          {!named && o.assigneeName && <span className="quiet">{o.assigneeName}</span>}
          {o.requests > 1 && <span className="quiet">{t('queue.serves', { count: o.requests })}</span>}
        </span>
        {o.dueAt && <Due at={o.dueAt} late={late} zone={zone} />}
      </div>
    </Link>
  );
}
