import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { QueryFunctionContext } from '@tanstack/react-query';
import { Button, Card, Empty, Select, Spin, Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { Crew, EscalationLine, FollowUpLine, Priority, RequestLine, SignedIn, WorkOrderLine } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useStaff } from '../api/reference';
import { OrderLine } from './OrderLine';
import { OrderTrouble } from './OrderTrouble';
import { useFilters } from '../kit/filters';
import { Narrow, useNarrowed } from '../kit/Narrow';
import { Due, Moment } from '../kit/Moment';
import { PriorityTag, spoken } from '../kit/tags';
import { span } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { RequestCard } from './RequestCard';

const boards = ['returned', 'stuck', 'escalated', 'complaints', 'followUps', 'holds'] as const;
type Board = (typeof boards)[number];
type Line = { of: 'order'; line: WorkOrderLine } | { of: 'escalation'; line: EscalationLine } | { of: 'request'; line: RequestLine } | { of: 'followUp'; line: FollowUpLine };

const lists = { array: { style: 'form', explode: false } } as const;
const take = 50;
/** Instead of a person: complaints that nobody has in charge yet. */
const nobody = 'nobody';

/** What a board is narrowed to: each to what its rows have. */
interface Only { communityId?: string; crew?: Crew; priority?: Priority }

/** One page of a board. */
async function page(board: Board, inCharge: string | undefined, { communityId, crew, priority }: Only, { pageParam: after, signal }: QueryFunctionContext<unknown[], string | undefined>): Promise<{ items: Line[]; next?: string | null }> {
  switch (board) {
    case 'returned':
    case 'stuck':
    case 'holds': {
      const which = board === 'returned' ? { returned: true } : board === 'stuck' ? { stuck: true } : { holdToDecide: true };
      const orders = await told(api.GET('/api/work-orders', { params: { query: { communityId, crew, priority, open: true, sort: 'dueFirst', take, after, ...which } }, signal, querySerializer: lists }));
      return { items: orders.items.map((line) => ({ of: 'order', line })), next: orders.next };
    }
    case 'escalated': {
      const escalations = await told(api.GET('/api/escalations', { params: { query: { communityId, crew, level: [2, 3, 4], state: ['open', 'acknowledged'], take, after } }, signal, querySerializer: lists }));
      return { items: escalations.items.map((line) => ({ of: 'escalation', line })), next: escalations.next };
    }
    case 'complaints': {
      const complaints = await told(api.GET('/api/requests', { params: { query: { communityId, crew, priority, kind: 'complaint', open: true, sort: 'dueFirst', ...(inCharge === nobody ? { inCharge: false } : { inChargeId: inCharge }), take, after } }, signal, querySerializer: lists }));
      return { items: complaints.items.map((line) => ({ of: 'request', line })), next: complaints.next };
    }
    case 'followUps': {
      const followUps = await told(api.GET('/api/follow-ups', { params: { query: { communityId, take, after } }, signal }));
      return { items: followUps.items.map((line) => ({ of: 'followUp', line })), next: followUps.next };
    }
  }
}

/** What needs the customer officer: what came back, what nobody gets done, what climbed, who complains, and whom to speak with. */
export default function OfficerScreen({ who }: { who: SignedIn }) {
  const { t } = useWords();
  const [f, change] = useFilters(['show', 'inCharge']);
  const show = boards.find((b) => b === f.show) ?? 'returned';
  const by = useNarrowed();
  const only = { communityId: by.communityId, crew: by.crew, priority: by.priority };
  const inCharge = show === 'complaints' ? f.inCharge : undefined;
  useTitle(t('officer.title'));
  const list = useInfiniteQuery({
    queryKey: ['officer', show, inCharge, only],
    queryFn: (context: QueryFunctionContext<unknown[], string | undefined>) => page(show, inCharge, only, context),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 30_000,
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <div className="stack">
      <h1>{t('officer.title')}</h1>
      <div className="counts" role="group" aria-label={t('officer.title')}>
        {boards.map((b) => <Count key={b} board={b} only={only} shown={b === show} choose={() => change({ show: b === 'returned' ? undefined : b, inCharge: undefined })} />)}
      </div>
      <Narrow by={by} crews={show !== 'followUps'} priorities={show !== 'followUps' && show !== 'escalated'} />
      <div className="row spread">
        <p className="quiet">{t(`officer.${show}Means`)}</p>
        {show === 'complaints' && <InCharge who={who} communityId={by.communityId} value={inCharge} choose={(v) => change({ inCharge: v })} />}
        {show === 'followUps' && <Link to="/follow-ups">{t('nav.followUps')}</Link>}
        {show === 'escalated' && <Link to="/escalations">{t('nav.escalations')}</Link>}
      </div>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('officer.empty')} /></Card>
      ) : (
        <div className="orders">{rows.map((row) => <Row key={keyOf(row)} row={row} />)}</div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
    </div>
  );
}

/** A board's name and how much is on it; where it is more than a page, that it is more. */
function Count({ board, only, shown, choose }: { board: Board; only: Only; shown: boolean; choose: () => void }) {
  const { t } = useWords();
  const first = useQuery({
    queryKey: ['officer', 'count', board, only],
    queryFn: (context) => page(board, undefined, only, { ...context, pageParam: undefined, direction: 'forward' } as never),
    refetchInterval: 60_000,
  });
  return <button type="button" aria-pressed={shown} onClick={choose} data-board={board}>{t(`officer.${board}`)} <b>{first.data ? `${first.data.items.length}${first.data.next ? '+' : ''}` : '…'}</b></button>;
}

const keyOf = (row: Line) => (row.of === 'order' ? row.line.workOrderId : row.of === 'escalation' ? row.line.escalation.escalationId : row.of === 'request' ? row.line.requestId : row.line.followUpId);

function Row({ row }: { row: Line }) {
  const { t, word, pick, language } = useWords();
  const communities = useCommunities();
  const id = row.of === 'escalation' ? row.line.escalation.communityId : row.line.communityId;
  const zone = communities.data?.find((c) => c.communityId === id)?.timeZone ?? 'UTC';
  switch (row.of) {
    case 'order':
      return (
        <div className="stack tight">
          <OrderLine line={row.line} named />
          <OrderTrouble line={row.line} />
        </div>
      );
    case 'escalation': {
      const e = row.line.escalation;
      return (
        <Link className={`order ${e.priority ?? ''} isLate`} to={e.workOrderId ? `/work-orders/${e.workOrderId}` : `/requests/${e.requestId}`}>
          <div className="row spread">
            <span className="row">
              <Tag color="red">{t('escalations.level', { level: e.level })}</Tag>
              {e.priority && <PriorityTag priority={e.priority} />}
              <span className="number">{spoken(e.workOrderNumber ?? e.requestNumber ?? 0)}</span>
              <strong>{word('clockKind', e.kind)}</strong>
              {Number(e.lateSeconds) > 0 && <span className="late">{t('escalations.late', { time: span(Number(e.lateSeconds), language) })}</span>}
            </span>
            <Moment at={e.firedAt} zone={zone} brief />
          </div>
          <div className="quiet">{[word('escalationState', e.state), e.crew && word('crew', e.crew), pick(e.categoryName, e.categoryNameEn), pick(e.placeName, e.placeNameEn), e.acknowledgedByName && t('escalations.acknowledgedBy', { name: e.acknowledgedByName, time: span(Number(e.acknowledgedAfterSeconds ?? 0), language) })].filter(Boolean).join(' · ')}</div>
        </Link>
      );
    }
    case 'request':
      return (
        <div className="stack tight">
          <RequestCard line={row.line} zone={zone} />
          <div className="beneath" data-part="in-charge">{row.line.inChargeName ? `${t('request.inCharge')}: ${row.line.inChargeName}` : <span className="late">{t('boards.nobody')}</span>}</div>
        </div>
      );
    case 'followUp': {
      const f = row.line;
      return (
        <Link className="order" to={`/requests/${f.requestId}`}>
          <div className="row spread">
            <span className="row"><span className="number">{spoken(f.number)}</span><strong>{f.customerName}</strong><Tag color="red">{word('followUpReason', f.reason)}</Tag>{f.satisfaction != null && <Tag>{f.satisfaction} / 5</Tag>}</span>
            <Due at={f.dueAt} zone={zone} />
          </div>
          <div className="clamp">{f.description}</div>
          {f.madeItFive && <div className="quiet">{t('followUps.said')} {f.madeItFive}</div>}
        </Link>
      );
    }
  }
}

/** Whose complaints: anybody who works in one of the reader's communities. */
function InCharge({ who, communityId, value, choose }: { who: SignedIn; communityId: string | undefined; value: string | undefined; choose: (id: string | undefined) => void }) {
  const { t, pick } = useWords();
  const communities = useCommunities();
  const mine = (communities.data ?? []).filter((c) => (!communityId || c.communityId === communityId) && who.roles.some((r) => r.communityId === c.communityId));
  return (
    <span className="row">
      {mine.map((c) => <StaffOf key={c.communityId} communityId={c.communityId} name={mine.length > 1 ? pick(c.name, c.nameEn) : undefined} value={value} choose={choose} />)}
      <Button type={value === nobody ? 'primary' : 'default'} aria-pressed={value === nobody} onClick={() => choose(value === nobody ? undefined : nobody)} data-act="nobody">{t('boards.nobody')}</Button>
      {value && <Button type="link" onClick={() => choose(undefined)}>{t('common.reset')}</Button>}
    </span>
  );
}

function StaffOf({ communityId, name, value, choose }: { communityId: string; name?: ReactNode; value: string | undefined; choose: (id: string | undefined) => void }) {
  const { t } = useWords();
  const staff = useStaff(communityId).data ?? [];
  const label = [t('request.inCharge'), name].filter(Boolean).join(' · ');
  return (
    <Select
      allowClear
      aria-label={label}
      placeholder={label}
      style={{ minWidth: 180 }}
      value={staff.some((s) => s.staffId === value) ? value : undefined}
      onChange={(v: string | undefined) => choose(v)}
      options={staff.map((s) => ({ value: s.staffId, label: s.displayName }))}
      showSearch={{ optionFilterProp: 'label' }}
    />
  );
}
