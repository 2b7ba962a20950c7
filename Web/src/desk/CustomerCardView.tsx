import { useQuery } from '@tanstack/react-query';
import { Button, Card, Spin, Tag } from 'antd';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { CardRequest } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { Due, Moment } from '../kit/Moment';
import { Numbers } from '../kit/Numbers';
import { PriorityTag, RequestStatusTag, spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

export const useCard = (customerId: string | undefined) =>
  useQuery({
    queryKey: ['card', customerId],
    queryFn: ({ signal }) => told(api.GET('/api/customers/{customerId}/card', { params: { path: { customerId: customerId! } }, signal })),
    enabled: !!customerId,
  });

/** All that the desk wants to know while the customer is on the telephone. */
export function CustomerCardView({ customerId, letGo }: { customerId: string; letGo?: () => void }) {
  const { t, word, pick } = useWords();
  const card = useCard(customerId);
  const zone = useZone(card.data?.customer.communityId);
  if (nothingOf(card)) return <Trouble problem={Problem.from(card.error)} retry={() => void card.refetch()} />;
  if (!card.data) return <Card><Spin /></Card>;
  const { customer, contactPoints, homes, housemates, openRequests, openFaults, pastRequests, lastRatings, promises, last90Days } = card.data;
  return (
    <Card
      data-part="card"
      title={letGo ? <h2><Link to={`/customers/${customerId}`}>{customer.name}</Link></h2> : <h2>{t('customer.title')}</h2>}
      extra={letGo && <Button size="small" onClick={() => letGo()} data-act="let-go">{t('desk.changeCaller')}</Button>}
    >
      <div className="stack">
        <Behind of={card} />
        <div className="row">
          <Numbers key={customerId} masked={contactPoints.map((p) => p.value)} of={{ customerId }} />
          {customer.optedOutAt && <Tag color="orange">{t('desk.optedOut')}</Tag>}
          {last90Days.reworks > 0 && <Tag color="volcano">{t('desk.reworks', { count: last90Days.reworks })}</Tag>}
        </div>
        {customer.note && <div className="pre">{customer.note}</div>}
        <div>
          {homes.map((h) => (
            <div key={h.occupancyId}>
              {pick(h.placeName, h.placeNameEn)} <span className="quiet">{word('occupancyRole', h.role)}{housemates.filter((m) => m.placeId === h.placeId).map((m) => ` · ${m.name} (${word('occupancyRole', m.role)})`).join('')}</span>
            </div>
          ))}
        </div>
        {promises.length > 0 && (
          <Part title={t('desk.promises')}>
            {promises.map((p) => <li key={p.promiseId}><Link className="plain" to={`/requests/${p.requestId}`}>{p.text} {p.givenUpAt ? <Tag color="red">{t('request.notKept')}</Tag> : <Due at={p.dueAt} late={p.late} zone={zone} />}</Link></li>)}
          </Part>
        )}
        {openFaults.length > 0 && (
          <Part title={t('desk.faults')}>
            {openFaults.map((f) => <li key={f.faultId}><Link to={`/faults/${f.faultId}`}>{f.title}</Link> <span className="quiet">{pick(f.placeName, f.placeNameEn)}</span>{f.expectedAt && <> · <Moment at={f.expectedAt} zone={zone} /></>}</li>)}
          </Part>
        )}
        <Part title={t('desk.openRequests')}>
          {openRequests.length === 0 && <li className="quiet">{t('desk.nothingOpen')}</li>}
          {openRequests.map((r) => <RequestItem key={r.requestId} request={r} zone={zone} />)}
        </Part>
        {pastRequests.length > 0 && (
          <Part title={t('desk.pastRequests')}>
            {pastRequests.slice(0, 5).map((r) => <RequestItem key={r.requestId} request={r} zone={zone} />)}
          </Part>
        )}
        {lastRatings.length > 0 && (
          <Part title={t('desk.ratings')}>
            {lastRatings.map((r) => (
              <li key={`${r.requestId}${r.round}`}>
                <Link className="plain" to={`/requests/${r.requestId}`}>
                  {r.satisfaction != null && <Tag color={r.satisfaction <= 2 ? 'red' : r.satisfaction === 3 ? 'gold' : 'green'}>{r.satisfaction} / 5</Tag>}
                  {r.solved && word('solved', r.solved)} <span className="quiet">{r.madeItFive}</span> <Moment at={r.endedAt} zone={zone} brief />
                </Link>
              </li>
            ))}
          </Part>
        )}
      </div>
    </Card>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="stack tight">
      <h3>{title}</h3>
      <ul className="lines">{children}</ul>
    </section>
  );
}

function RequestItem({ request: r, zone }: { request: CardRequest; zone: string }) {
  const { t, word, pick } = useWords();
  return (
    <li>
      <Link className="plain" to={`/requests/${r.requestId}`}>
        <div className="row">
          <span className="number">{spoken(r.number)}</span>
          <RequestStatusTag status={r.status} />
          {(r.priority === 'danger' || r.priority === 'urgent') && <PriorityTag priority={r.priority} />}
          <span className="quiet">{word('requestKind', r.kind)} · {pick(r.categoryName, r.categoryNameEn)}</span>
          <Moment at={r.reportedAt} zone={zone} brief />
          {r.urgeCount > 0 && <Tag color="volcano">{t('requests.urged', { count: r.urgeCount })}</Tag>}
        </div>
        <div className="clamp">{r.description}</div>
      </Link>
    </li>
  );
}
