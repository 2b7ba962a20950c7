import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Card, Empty, Segmented, Spin, Tag } from 'antd';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { Crew, Priority, WorkOrderStatus } from '../api/client';
import { Problem } from '../api/problems';
import { useZoneOf } from '../api/reference';
import { OrderLine } from './OrderLine';
import { OrderTrouble } from './OrderTrouble';
import { LateWork } from './RequestCard';
import { calm } from '../kit/live';
import { useFilters } from '../kit/filters';
import { Narrow, useNarrowed } from '../kit/Narrow';
import { Due, Moment } from '../kit/Moment';
import { PriorityTag, spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

const tabs: Record<string, WorkOrderStatus[]> = { unassigned: ['unassigned'], dispatched: ['dispatched'], working: ['accepted', 'working'], onHold: ['onHold', 'waiting'] };

/** What the centre has to give to somebody: requests without an order, and orders without a team. */
export default function QueueScreen() {
  const { t } = useWords();
  const [f, change] = useFilters(['show']);
  const show = f.show ?? 'unassigned';
  const by = useNarrowed();
  const only = { communityId: by.communityId, crew: by.crew, priority: by.priority };
  useTitle(t('queue.title'));
  const orders = useInfiniteQuery({
    queryKey: ['work-orders', 'queue', show, only],
    queryFn: ({ pageParam, signal }) =>
      told(api.GET('/api/work-orders', { params: { query: { open: true, ...only, status: tabs[show], sort: 'dueFirst', take: 50, after: pageParam } }, signal, querySerializer: { array: { style: 'form', explode: false } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = orders.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <div className="stack">
      <h1 className="unseen">{t('queue.title')}</h1>
      <Narrow by={by} crews priorities />
      <div className="columns">
      <Undispatched only={only} />
      <div className="stack">
        <h2 className="big">{t('queue.openOrders')}</h2>
        <div className="counts">
          <Segmented
            value={show}
            onChange={(v) => change({ show: v === 'unassigned' ? undefined : v })}
            options={[{ value: 'unassigned', label: t('queue.returned') }, { value: 'dispatched', label: t('queue.pool') }, { value: 'working', label: t('queue.working') }, { value: 'onHold', label: t('queue.onHold') }]}
          />
        </div>
        {orders.isError && <Trouble problem={Problem.from(orders.error)} retry={() => void orders.refetch()} />}
        {orders.isPending ? <Spin className="waiting" /> : rows.length === 0 && !orders.isError ? (
          <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('queue.empty')}<br /><span className="quiet">{t('queue.emptyHint')}</span></>} /></Card>
        ) : (
          <div className="orders">{rows.map((o) => <div key={o.workOrderId} className="stack tight"><OrderLine line={o} named /><OrderTrouble line={o} /></div>)}</div>
        )}
        {orders.hasNextPage && <Button onClick={() => void orders.fetchNextPage()} loading={orders.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      </div>
      </div>
    </div>
  );
}

function Undispatched({ only }: { only: { communityId?: string; crew?: Crew; priority?: Priority } }) {
  const { t, word, pick } = useWords();
  const list = useInfiniteQuery({
    queryKey: ['requests', 'undispatched', only],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/requests', { params: { query: { open: true, ...only, status: ['received'], sort: 'dueFirst', take: 50, after: pageParam } }, signal, querySerializer: { array: { style: 'form', explode: false } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zoneOf = useZoneOf();
  return (
    <div className="stack">
      <h2 className="big">{t('queue.undispatched')}</h2>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('queue.undispatchedEmpty')}<br /><span className="quiet">{t('queue.undispatchedHint')}</span></>} /></Card>
      ) : (
        <div className="orders">
          {rows.map((r) => (
            <Link key={r.requestId} className={`order ${r.priority} ${r.late || r.lateClock ? 'isLate' : ''}`} to={`/requests/${r.requestId}`}>
              <div className="row spread">
                <span className="row"><span className="number">{spoken(r.number)}</span>{r.priority !== 'normal' && <PriorityTag priority={r.priority} />}<span className="quiet">{word('requestKind', r.kind)}</span>{r.toConfirm && <Tag color="gold">{t('requests.toConfirm')}</Tag>}</span>
                {r.dueAt ? <Due at={r.dueAt} late={r.late} zone={zoneOf(r.communityId)} /> : <Moment at={r.reportedAt} zone={zoneOf(r.communityId)} brief />}
              </div>
              <div className="clamp">{r.description}</div>
              <div className="quiet">{[pick(r.placeName, r.placeNameEn), r.customerName].filter(Boolean).join(' · ')}</div>
              <LateWork line={r} zone={zoneOf(r.communityId)} />
            </Link>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
    </div>
  );
}
