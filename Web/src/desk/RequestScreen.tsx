import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Card, Result, Spin, Tag, Timeline } from 'antd';
import { useCallback } from 'react';
import { Link, useParams } from 'react-router';
import { api, told } from '../api/client';
import type { NamedThing, RequestClock, RequestDetails, TimelineEntry } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { calm } from '../kit/live';
import { Files } from '../kit/Files';
import { Due, Moment } from '../kit/Moment';
import { useSome } from '../kit/Some';
import { Numbers, unknown } from '../kit/Numbers';
import { OrderStatusTag, PriorityTag, RequestStatusTag, spoken } from '../kit/tags';
import { exact } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { AppointmentOff } from './AppointmentOff';
import { particulars } from './happened';
import { MessagesOfRequest } from './MessagesOfRequest';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { SeenWord, WriteVoice } from './OwnersWord';
import { Confirm, KeepPromise, RequestMoves } from './RequestMoves';
import { useTimeline } from './timeline';

export default function RequestScreen() {
  const { t } = useWords();
  const { requestId } = useParams();
  const client = useQueryClient();
  const details = useQuery({
    queryKey: ['request', requestId],
    queryFn: ({ signal }) => told(api.GET('/api/requests/{requestId}', { params: { path: { requestId: requestId! } }, signal })),
    refetchInterval: calm(30_000),
  });
  const changed = useCallback(() => {
    void client.invalidateQueries({ predicate: (q) => ['request', 'timeline', 'requests', 'counts', 'work-orders', 'card', 'fault', 'faults'].includes(String(q.queryKey[0])) });
  }, [client]);
  useTitle(details.data && t('request.title', { number: spoken(details.data.request.number) }));

  if (nothingOf(details)) {
    const problem = Problem.from(details.error);
    return problem.status === 404 ? <Result status="404" title={t('request.notFound')} /> : <Trouble problem={problem} retry={() => void details.refetch()} />;
  }
  if (!details.data) return <Spin className="waiting" />;
  return (
    <>
      <Behind of={details} />
      <Shown key={details.data.request.requestId} details={details.data} changed={changed} />
    </>
  );
}

function Shown({ details, changed }: { details: RequestDetails; changed: () => void }) {
  const { t, word, pick } = useWords();
  const r = details.request;
  const zone = useZone(r.communityId);
  const place = pick(r.placeName, r.placeNameEn) || pick(r.assetName, r.assetNameEn);
  return (
    <div className="stack">
      <div className="stack tight">
        <div className="row">
          <h1 className="number">{t('request.title', { number: spoken(r.number) })}</h1>
          <RequestStatusTag status={r.status} />
          <PriorityTag priority={r.priority} />
          {r.ownerWordAt && <><Tag color="magenta">{t('requests.newWord')}</Tag><SeenWord requestId={r.requestId} changed={changed} /></>}
          {r.toConfirm && <><Tag color="gold">{t('requests.toConfirm')}</Tag><Confirm requestId={r.requestId} changed={changed} /></>}
          {r.confidential && <Tag color="purple">{t('requests.confidential')}</Tag>}
          {r.reworkCount > 0 && <Tag color="volcano">{t('requests.rework')} × {r.reworkCount}</Tag>}
          {r.urgeCount > 0 && <Tag color="volcano">{t('requests.urged', { count: r.urgeCount })}</Tag>}
          <WriteVoice communityId={r.communityId} requestId={r.requestId} status={r.status} confidential={r.confidential} />
        </div>
        <div className="quiet">{[word('requestKind', r.kind), pick(r.categoryName, r.categoryNameEn), place].filter(Boolean).join(' · ')}</div>
      </div>
      <RequestMoves details={details} changed={changed} />
      <div className="columns aside">
        <div className="stack">
          <Card title={t('request.details')}>
            <div className="stack">
              <div className="pre" data-part="description">{r.description}</div>
              <dl className="facts">
                {(r.customerName ?? r.reporterName) && <><dt>{t('request.customer')}</dt><dd>{r.customerId ? <Link to={`/customers/${r.customerId}`}>{r.customerName}</Link> : r.reporterName} <Numbers masked={[r.reporterPhone ?? (r.customerId ? unknown : null)]} of={{ requestId: r.requestId }} /></dd></>}
                {!r.customerName && !r.reporterName && r.reporterPhone && <><dt>{t('request.reporter')}</dt><dd><Numbers masked={[r.reporterPhone]} of={{ requestId: r.requestId }} /></dd></>}
                {r.onBehalfOf && <><dt>{t('request.onBehalfOf')}</dt><dd>{r.onBehalfOf}</dd></>}
                {r.placeName && <><dt>{t('request.place')}</dt><dd>{pick(r.placeName, r.placeNameEn)}</dd></>}
                {r.assetName && <><dt>{t('request.asset')}</dt><dd>{pick(r.assetName, r.assetNameEn)}</dd></>}
                <dt>{t('request.channel')}</dt><dd>{word('channel', r.channel)}</dd>
                <dt>{t('request.reportedAt')}</dt><dd><Moment at={r.reportedAt} zone={zone} /></dd>
                {Math.abs(Date.parse(r.registeredAt) - Date.parse(r.reportedAt)) > 60_000 && <><dt>{t('request.registeredAt')}</dt><dd><Moment at={r.registeredAt} zone={zone} /></dd></>}
                {r.appointmentFrom && r.appointmentTo && <><dt>{t('request.appointment')}</dt><dd><Moment at={r.appointmentFrom} zone={zone} /> – <Moment at={r.appointmentTo} zone={zone} /> <AppointmentOff details={details} changed={changed} /></dd></>}
                {r.inChargeName && <><dt>{t('request.inCharge')}</dt><dd>{r.inChargeName}</dd></>}
                {(r.aboutCrew || r.aboutStaffName) && <><dt>{t('request.about')}</dt><dd>{[r.aboutCrew && word('crew', r.aboutCrew), r.aboutStaffName].filter(Boolean).join(' · ')}</dd></>}
                {r.payer !== 'free' && <><dt>{t('request.payer')}</dt><dd>{word('payer', r.payer)}</dd></>}
                {r.foreignNumber && <><dt>{t('request.foreign')}</dt><dd>{r.foreignSource} {r.foreignNumber}</dd></>}
                {r.outcome && <><dt>{t('request.outcome')}</dt><dd>{word('outcome', r.outcome)}</dd></>}
                {r.reworkOfId && <><dt>{t('request.reworkOf')}</dt><dd><Link to={`/requests/${r.reworkOfId}`}>{t('register.openIt')}</Link></dd></>}
                {r.duplicateOfId && <><dt>{t('request.duplicateOf')}</dt><dd><Link to={`/requests/${r.duplicateOfId}`}>{t('register.openIt')}</Link></dd></>}
                {r.importSource && <><dt>{t('common.from')}</dt><dd>{t('request.import', { source: r.importSource, id: r.importId })}</dd></>}
              </dl>
            </div>
          </Card>
          <Card title={t('request.orders')}>
            {details.workOrders.length === 0 && <span className="quiet">{t('request.noOrders')}</span>}
            <ul className="lines">
              {details.workOrders.map((o) => (
                <li key={o.workOrderId} data-part="order">
                  <Link className="plain" to={`/work-orders/${o.workOrderId}`}>
                    <div className="row">
                      <OrderStatusTag status={o.status} />
                      <strong>{o.teamId ? pick(o.teamName, o.teamNameEn) : word('crew', o.crew)}</strong>
                      {o.assigneeName && <span>{o.assigneeName}</span>}
                      <span className="quiet number">{spoken(o.number)}</span>
                      {!o.mandatory && <Tag>{t('request.optional')}</Tag>}
                      {o.reworkOfId && <Tag color="volcano">{t('requests.rework')}</Tag>}
                      {o.waitsForId && o.status === 'waiting' && <span className="quiet">{t('request.waitsFor')}</span>}
                      {o.leftAt && <span className="quiet">{t('request.left')} <Moment at={o.leftAt} zone={zone} brief /></span>}
                    </div>
                    <div className="clamp">{o.whatToDo}</div>
                    {o.doneWhat && <div className="quiet pre">✓ {o.doneWhat}</div>}
                  </Link>
                </li>
              ))}
            </ul>
          </Card>
          <Files of={{ requestId: r.requestId }} mayAdd={details.allowedMoves.includes('attach')} zone={zone} changed={changed} />
          {details.promises.length > 0 && (
            <Card title={t('request.promises')} data-part="promises">
              <ul className="lines">
                {details.promises.map((p) => (
                  <li key={p.promiseId} className="row spread">
                    <span>{p.text}</span>
                    {p.keptAt ? <span className="quiet">{t('request.kept')} <Moment at={p.keptAt} zone={zone} brief /></span> : <span className="row">{p.givenUpAt && <Tag color="red">{t('request.notKept')}</Tag>}<Due at={p.dueAt} zone={zone} />{details.allowedMoves.includes('keepPromise') && <KeepPromise requestId={r.requestId} promiseId={p.promiseId} changed={changed} />}</span>}
                  </li>
                ))}
              </ul>
            </Card>
          )}
          {details.faults.length > 0 && (
            <Card title={t('request.faults')} data-part="request-faults">
              <ul className="lines">
                {details.faults.map((f) => <li key={`${f.faultId}${f.joinedAt}`}><Link to={`/faults/${f.faultId}`}><span className="number">{spoken(f.number)}</span> {f.title}</Link> {f.expectedAt && <span className="quiet">{t('fault.expected')} <Moment at={f.expectedAt} zone={zone} /></span>} {f.leftAt && <span className="quiet">{t('request.left')} <Moment at={f.leftAt} zone={zone} brief /></span>}</li>)}
              </ul>
            </Card>
          )}
          <Feedback details={details} zone={zone} />
          <MessagesOfRequest requestId={r.requestId} zone={zone} />
        </div>
        <div className="stack">
          <Card title={t('request.clocks')}><Clocks clocks={details.clocks} zone={zone} /></Card>
          <Card title={t('request.timeline')}><TimelineOf requestId={r.requestId} zone={zone} /></Card>
        </div>
      </div>
    </div>
  );
}

function Feedback({ details, zone }: { details: RequestDetails; zone: string }) {
  const { t, word } = useWords();
  return (
    <Card title={t('request.feedback')}>
      {details.feedback.length === 0 && <span className="quiet">{t('request.noFeedback')}</span>}
      <ul className="lines">
        {details.feedback.map((f) => (
          <li key={f.feedbackId}>
            <div className="row">
              {details.feedback.length > 1 && <span className="quiet">{t('request.round', { round: f.round })}</span>}
              <Tag color={f.state === 'answered' ? 'green' : 'default'}>{word('feedbackState', f.state)}</Tag>
              {f.notAskedRule && <span className="quiet">{word('notAskedRule', f.notAskedRule)}</span>}
              {f.solved && <strong>{word('solved', f.solved)}</strong>}
              {f.satisfaction != null && <span>{t('request.satisfaction', { score: f.satisfaction })}</span>}
              {f.recommend != null && <span className="quiet">{t('request.recommend', { score: f.recommend })}</span>}
              {f.spokeWith && <span className="quiet">{t('request.spokeWith')}: {f.spokeWith}</span>}
              <Moment at={f.endedAt ?? f.startedAt} zone={zone} brief />
            </div>
            {f.madeItFive && <div className="pre"><span className="quiet">{t('request.madeItFive')}: </span>{f.madeItFive}</div>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Clocks({ clocks, zone }: { clocks: RequestClock[]; zone: string }) {
  const { t, word } = useWords();
  if (clocks.length === 0) return <span className="quiet">{t('request.noClocks')}</span>;
  return (
    <dl className="facts">
      {clocks.map((c) => (
        <div key={`${c.kind}${c.cycle}`} style={{ display: 'contents' }}>
          <dt>{word('clockKind', c.kind)}</dt>
          <dd>
            {c.beyondCalendar ? t('time.beyondCalendar') : c.stoppedAt && c.stoppedWhy !== 'met' ? <span className="quiet">—</span> : c.stoppedAt ? (
              <span className={c.late ? 'late' : 'quiet'}>{c.late ? t('time.missed') : t('time.met')}</span>
            ) : (
              <Due at={c.dueAt} late={c.late} zone={zone} />
            )}
            {c.heldAt && !c.stoppedAt && <Tag>{t('time.held')}</Tag>}
            {c.imposed && <Tag>{t('time.imposed')}</Tag>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What happened, the latest first, each in words. */
function TimelineOf({ requestId, zone }: { requestId: string; zone: string }) {
  const { pages, entries, names } = useTimeline(requestId);
  const { some, more } = useSome(entries.toReversed(), 100);
  return (
    <div data-part="timeline">
      <Behind of={pages} />
      <Timeline items={some.map((e) => ({ key: e.seq, content: <Entry entry={e} zone={zone} names={names} /> }))} />
      {more}
      {pages.hasNextPage && <Spin size="small" />}
    </div>
  );
}

function Entry({ entry: e, zone, names }: { entry: TimelineEntry; zone: string; names: Map<string, NamedThing> }) {
  const { t, word, pick, language } = useWords();
  const by = e.actorKind === 'system' ? t('request.bySystem') : e.actorKind === 'owner' ? t('request.byOwner') : e.actorName;
  return (
    <>
      <div><strong>{word('happening', e.what)}</strong>{e.what === 'workReported' && <> <Tag>{word('workOrderMove', String((e.detail as Record<string, unknown>).move))}</Tag></>} <span className="quiet">{by}</span></div>
      {particulars(e, { t, word, name: (id) => { const n = names.get(id); return n && pick(n.name, n.nameEn); }, time: (at) => exact(at, zone, language) }).map((line) => <div key={line} data-part="particular">{line}</div>)}
      {e.textErased ? <div className="quiet">{t('request.erased')}</div> : e.text && <div className="pre">{e.text}</div>}
      <div className="row">
        <Moment at={e.occurredAt} zone={zone} />
        {e.deviceAt && e.deviceAt !== e.occurredAt && <span className="quiet">{t('request.deviceTime', { time: exact(e.deviceAt, zone, language) })}</span>}
        {e.visibility !== 'owner' && <Tag>{word('visibility', e.visibility)}</Tag>}
      </div>
    </>
  );
}
