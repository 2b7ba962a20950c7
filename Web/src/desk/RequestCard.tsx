import { Tag } from 'antd';
import { Link } from 'react-router';
import type { RequestLine } from '../api/client';
import { Due, Moment } from '../kit/Moment';
import { RequestStatusTag, spoken } from '../kit/tags';
import { useWords } from '../words/words';

/** What makes a request stand out. */
export function Marks({ line: r }: { line: RequestLine }) {
  const { t } = useWords();
  return (
    <>
      {r.reworkCount > 0 && <Tag color="volcano">{t('requests.rework')}</Tag>}
      {r.urgeCount > 0 && <Tag color="volcano">{t('requests.urged', { count: r.urgeCount })}</Tag>}
      {r.ownerWordAt && <Tag color="magenta">{t('requests.newWord')}</Tag>}
      {r.promiseDueAt && (new Date(r.promiseDueAt).getTime() < Date.now() ? <Tag color="red">{t('requests.promiseOverdue')}</Tag> : <Tag color="blue">{t('requests.promised')}</Tag>)}
      {r.toConfirm && <Tag color="gold">{t('requests.toConfirm')}</Tag>}
      {r.confidential && <Tag color="purple">{t('requests.confidential')}</Tag>}
    </>
  );
}

/** Which due time of the work has passed, where it is another one than the finish that stands beside it. */
export function LateWork({ line: r, zone }: { line: RequestLine; zone: string }) {
  const { t, word } = useWords();
  return r.lateClock && r.lateClock !== 'finish' && (
    <div className="late" data-late={r.lateClock}>{t('time.lateFor', { clock: word('clockKind', r.lateClock) })} <Due at={r.lateSince} late zone={zone} /></div>
  );
}

/** One request as a card. */
export function RequestCard({ line: r, zone }: { line: RequestLine; zone: string }) {
  const { word, pick } = useWords();
  const open = r.status === 'received' || r.status === 'inProgress';
  return (
    <Link className={`order ${r.priority} ${(r.late && open) || r.lateClock ? 'isLate' : ''}`} to={`/requests/${r.requestId}`}>
      <div className="row spread">
        <span className="row"><span className="number">{spoken(r.number)}</span><RequestStatusTag status={r.status} /></span>
        <Moment at={r.reportedAt} zone={zone} brief />
      </div>
      <div className="clamp">{r.description}</div>
      <div className="quiet">{[word('requestKind', r.kind), pick(r.placeName, r.placeNameEn), r.customerName].filter(Boolean).join(' · ')} <Marks line={r} /></div>
      {open && r.dueAt && <Due at={r.dueAt} late={r.late} zone={zone} />}
      <LateWork line={r} zone={zone} />
    </Link>
  );
}
