import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Button, Card, Empty, Grid, Select, Spin, Table, Tag } from 'antd';
import { Link, useNavigate } from 'react-router';
import { api, told } from '../api/client';
import type { RequestLine, SignedIn } from '../api/client';
import { Problem } from '../api/problems';
import { useCategories, useCommunities } from '../api/reference';
import { calm } from '../kit/live';
import { useFilters } from '../kit/filters';
import { Due, Moment } from '../kit/Moment';
import { PriorityTag, RequestStatusTag, spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { useCard } from './CustomerCardView';
import { askedBy, inOrder, names, statuses } from './listed';
import { LateWork, Marks, RequestCard } from './RequestCard';

export default function RequestsScreen({ who }: { who: SignedIn }) {
  const { t, options, word, pick } = useWords();
  const [f, change, reset] = useFilters(names);
  const wide = Grid.useBreakpoint().lg;
  const communities = useCommunities();
  const mine = (communities.data ?? []).filter((c) => who.roles.some((r) => r.communityId === c.communityId));
  const zoneOf = (id: string) => mine.find((c) => c.communityId === id)?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  useTitle(t('requests.title'));

  const { narrowed, sort, list: asked, all } = askedBy(f);
  const counts = useQuery({
    queryKey: ['counts', narrowed],
    queryFn: ({ signal }) => told(api.GET('/api/requests/counts', { params: { query: { ...narrowed, by: 'status' } }, signal })),
    refetchInterval: calm(30_000),
  });
  const list = useInfiniteQuery({
    queryKey: ['requests', asked, sort],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/requests', { params: { query: { ...asked, sort, take: 50, after: pageParam } }, signal, querySerializer: { array: { style: 'form', explode: false } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const countOf = (s: string) => Number(counts.data?.find((c) => c.key === s)?.requests ?? 0);

  return (
    <div className="stack">
      <div className="row"><h1>{t('requests.title')}</h1>{f.customer && <OfCustomer customerId={f.customer} off={() => change({ customer: undefined })} />}</div>
      <div className="counts" role="group" aria-label={t('requests.status')}>
        <button type="button" aria-pressed={!f.status} onClick={() => change({ status: undefined })}>{t('common.all')} <b>{all.reduce((n, s) => n + countOf(s), 0)}</b></button>
        {statuses.map((s) => (
          <button key={s} type="button" aria-pressed={f.status === s} onClick={() => change({ status: f.status === s ? undefined : s })}>
            {word('requestStatus', s)} <b>{countOf(s)}</b>
          </button>
        ))}
      </div>
      <div className="filters">
        {mine.length > 1 && <Select allowClear aria-label={t('common.community')} value={f.community} onChange={(v) => change({ community: v })} placeholder={t('common.community')} options={mine.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} />}
        <Select allowClear aria-label={t('requests.kind')} value={f.kind} onChange={(v) => change({ kind: v })} placeholder={t('requests.kind')} options={options('requestKind')} />
        <Select allowClear aria-label={t('requests.priority')} value={f.priority} onChange={(v) => change({ priority: v })} placeholder={t('requests.priority')} options={options('priority')} />
        <Select allowClear aria-label={t('requests.crew')} value={f.crew} onChange={(v) => change({ crew: v })} placeholder={t('requests.crew')} options={options('crew')} />
        <Select allowClear aria-label={t('requests.channel')} value={f.channel} onChange={(v) => change({ channel: v })} placeholder={t('requests.channel')} options={options('channel')} />
        <Select allowClear aria-label={t('time.due')} value={f.due ?? (f.late ? 'missed' : undefined)} onChange={(v: string | undefined) => change({ due: v === 'missed' ? undefined : v, late: v === 'missed' ? 'true' : undefined })} placeholder={t('time.due')} options={[...options('requestDue'), { value: 'missed', label: t('requests.onlyLate') }]} />
        <Select allowClear aria-label={t('requests.promised')} value={f.promise} onChange={(v) => change({ promise: v })} placeholder={t('requests.promised')} options={options('promiseDue')} />
        <Select allowClear aria-label={t('requests.openOrNot')} value={f.open} onChange={(v) => change({ open: v })} placeholder={t('requests.openOrNot')} options={[{ value: 'true', label: t('requests.onlyOpen') }, { value: 'false', label: t('requests.onlyEnded') }]} />
        <Select allowClear aria-label={t('requests.toConfirm')} value={f.toConfirm} onChange={(v) => change({ toConfirm: v })} placeholder={t('requests.toConfirm')} options={[{ value: 'true', label: t('requests.onlyToConfirm') }]} />
        <Select allowClear aria-label={t('requests.newWord')} value={f.newWord} onChange={(v) => change({ newWord: v })} placeholder={t('requests.newWord')} options={[{ value: 'true', label: t('requests.onlyNewWord') }]} />
        <Select value={sort} onChange={(v) => change(inOrder(f, v))} options={options('requestSort')} aria-label={t('requests.sort')} />
        {Object.keys(f).length > 0 && <Button type="link" onClick={reset}>{t('common.reset')}</Button>}
      </div>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('requests.empty')}<br /><span className="quiet">{t('requests.emptyHint')}</span></>} /></Card>
      ) : wide ? (
        <Wide rows={rows} zoneOf={zoneOf} />
      ) : (
        <div className="orders">{rows.map((r) => <RequestCard key={r.requestId} line={r} zone={zoneOf(r.communityId)} />)}</div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
    </div>
  );
}

/** Whose requests these are, where the list was opened from a customer. */
function OfCustomer({ customerId, off }: { customerId: string; off: () => void }) {
  const card = useCard(customerId);
  return <Tag closable onClose={off}><Link to={`/customers/${customerId}`}>{card.data?.customer.name ?? '…'}</Link></Tag>;
}

function Wide({ rows, zoneOf }: { rows: RequestLine[]; zoneOf: (id: string) => string }) {
  const { t, word, pick } = useWords();
  const go = useNavigate();
  return (
    <Table<RequestLine>
      size="small"
      rowKey="requestId"
      dataSource={rows}
      pagination={false}
      onRow={(r) => ({ onClick: (e) => { if (!(e.target as Element).closest('a')) void go(`/requests/${r.requestId}`); }, style: { cursor: 'pointer' } })}
      columns={[
        { title: t('requests.number'), width: 116, render: (_, r) => <Link className="number" to={`/requests/${r.requestId}`}>{spoken(r.number)}</Link> },
        { title: t('requests.status'), width: 140, render: (_, r) => <RequestStatusTag status={r.status} /> },
        { title: t('requests.priority'), width: 92, render: (_, r) => <PriorityTag priority={r.priority} /> },
        { title: t('requests.what'), render: (_, r) => <><div className="clamp">{r.description}</div><div className="quiet">{word('requestKind', r.kind)} · <CategoryName communityId={r.communityId} categoryId={r.categoryId} /> <Marks line={r} /></div></> },
        { title: t('requests.where'), width: 170, render: (_, r) => (pick(r.placeName, r.placeNameEn) || <span className="quiet">—</span>) },
        { title: t('requests.who'), width: 110, render: (_, r) => r.customerName ?? <span className="quiet">—</span> },
        { title: t('requests.reported'), width: 112, render: (_, r) => <Moment at={r.reportedAt} zone={zoneOf(r.communityId)} brief /> },
        { title: t('requests.due'), width: 178, render: (_, r) => <>{r.status === 'closed' || r.status === 'cancelled' || r.status === 'awaitingFeedback' ? <Ended line={r} /> : <Due at={r.dueAt} late={r.late} zone={zoneOf(r.communityId)} />}<LateWork line={r} zone={zoneOf(r.communityId)} /></> },
      ]}
    />
  );
}

function Ended({ line }: { line: RequestLine }) {
  const { t } = useWords();
  return line.dueAt ? <span className={line.late ? 'late' : 'quiet'}>{line.late ? t('time.missed') : t('time.met')}</span> : <span className="quiet">—</span>;
}

export function CategoryName({ communityId, categoryId }: { communityId: string; categoryId: string }) {
  const { pick } = useWords();
  const categories = useCategories(communityId);
  const c = categories.data?.find((x) => x.categoryId === categoryId);
  return <>{c ? pick(c.name, c.nameEn) : ''}</>;
}
