import { ArrowLeftOutlined, DownloadOutlined, PrinterOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Card, Empty, Spin, Tag } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { api, told } from '../api/client';
import type { ClockOutcome, DemandBy, DemandEvery, DemandFigure, EscalatedWhich, EscalationLine, HoldReason, OwnersTimeLine, RatedWhich, RatingLine, ReportBy, ReportedClock, ReportedRequest, SatisfactionBy, TimeHolder } from '../api/client';
import { Problem } from '../api/problems';
import { useCategories, useCommunities, useZoneOf } from '../api/reference';
import { csv, download } from '../kit/csv';
import type { Cell } from '../kit/csv';
import { Moment } from '../kit/Moment';
import { PriorityTag, RequestStatusTag, spoken } from '../kit/tags';
import { span, wallDay, wallTime } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { useNaming } from './naming';
import { everyOne, loadAll, mostOnPaper, print } from './printing';
import { usePeriod, useScope } from './scope';
import type { Scope } from './scope';
import './manager.css';

type Row = { of: 'clocks'; line: ReportedClock } | { of: 'satisfaction'; line: RatingLine } | { of: 'escalations'; line: EscalationLine } | { of: 'demand'; line: ReportedRequest } | { of: 'time'; line: OwnersTimeLine };
interface Rows { items: Row[]; next: string | null | undefined }

const outcomes: Record<string, ClockOutcome[] | undefined> = { onTime: ['onTime'], late: ['late'], running: ['running'], runningLate: ['runningLate'], moot: ['moot'], lateOrRunningLate: ['late', 'runningLate'] };

/** Exactly the rows that a figure counts, by the same words as the figure. */
async function read({ f, from, to, communityId, crew, kind, requestKind }: Scope, after: string | undefined, take: number, signal?: AbortSignal): Promise<Rows> {
  const scope = { from, to, communityId, requestKind, key: f.key, take, after };
  const list = { querySerializer: { array: { style: 'form' as const, explode: false } }, signal };
  const which = f.which ?? 'all';
  if (f.of === 'satisfaction') {
    const page = await told(api.GET('/api/reports/satisfaction/lines', { params: { query: { ...scope, crew, by: (f.by ?? 'all') as SatisfactionBy, which: which as RatedWhich } }, ...list }));
    return { items: page.items.map((line) => ({ of: 'satisfaction', line })), next: page.next };
  }
  if (f.of === 'escalations') {
    const page = await told(api.GET('/api/reports/escalations/lines', { params: { query: { ...scope, crew, kind, by: (f.by ?? 'all') as ReportBy, which: which as EscalatedWhich } }, ...list }));
    return { items: page.items.map((line) => ({ of: 'escalations', line })), next: page.next };
  }
  if (f.of === 'time') {
    const page = await told(api.GET('/api/reports/owners-time/lines', { params: { query: { ...scope, by: (f.by ?? 'all') as DemandBy, every: (f.every ?? 'month') as DemandEvery, period: f.period, holder: f.which as TimeHolder | undefined, crew, reason: f.reason as HoldReason | undefined } }, ...list }));
    return { items: page.items.map((line) => ({ of: 'time', line })), next: page.next };
  }
  if (f.of === 'demand') {
    const page = await told(api.GET('/api/reports/demand/lines', { params: { query: { ...scope, by: (f.by ?? 'all') as DemandBy, every: (f.every ?? 'month') as DemandEvery, period: f.period } }, ...list }));
    return { items: page.items.map((line) => ({ of: 'demand', line })), next: page.next };
  }
  const page = await told(api.GET('/api/reports/clocks/lines', { params: { query: { ...scope, crew, kind, by: (f.by ?? 'all') as ReportBy, outcome: outcomes[which], met: which === 'met', annotated: which === 'annotated' } }, ...list }));
  return { items: page.items.map((line) => ({ of: 'clocks', line })), next: page.next };
}

export default function RowsScreen() {
  const { t, word, pick } = useWords();
  const go = useNavigate();
  // Opened by a link in a tab of its own, there is nothing to go back to.
  const alone = useLocation().key === 'default';
  const scope = useScope();
  const { f, communities, crew, kind, requestKind } = scope;
  const of = f.of ?? 'clocks';
  const which = f.which ?? 'all';
  const period = usePeriod(scope);
  const key = useKeyName(f.by ?? 'all', f.key, f.community ?? communities[0]?.communityId);
  const community = f.by === 'community' ? undefined : communities.find((c) => c.communityId === f.community);
  const title = of === 'demand' ? t('reports.requests')
    : of === 'time' ? (f.which ? word('timeHolder', f.which) : t('reports.wholeTime'))
    : of === 'satisfaction' ? word('ratedWhich', which)
    : of === 'escalations' ? word('escalatedWhich', which)
    : which in outcomes && which !== 'lateOrRunningLate' ? word('clockOutcome', which)
    : { all: t('reports.allClocks'), met: t('reports.met'), annotated: t('reports.annotated'), lateOrRunningLate: t('reports.everLate') }[which] ?? which;
  const narrowed = [t(`reports.${of as 'clocks'}`), key, community && pick(community.name, community.nameEn), crew && word('crew', crew), kind && word('clockKind', kind), requestKind && word('requestKind', requestKind), f.reason && word('holdReason', f.reason), f.period ? `${word('demandEvery', f.every ?? 'month')} ${f.every === 'month' ? f.period.slice(0, 7) : f.period}` : undefined, period].filter(Boolean).join(' · ');
  useTitle(title);
  const list = useInfiniteQuery({
    queryKey: ['report', 'rows', f, scope.from, scope.to],
    queryFn: ({ pageParam, signal }) => read(scope, pageParam, 100, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const [saving, setSaving] = useState(false);
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const told_ = useTold();

  const [printing, setPrinting] = useState(false);
  /** The whole list, as far as paper goes: a page that cannot be had is said, and nothing is printed. */
  const onPaper = async () => {
    setPrinting(true);
    const whole = await loadAll(list as never, mostOnPaper / 100);
    setPrinting(false);
    if (whole) print();
  };

  /** All of them, also those that are not on the page yet. */
  const save = async () => {
    setSaving(true);
    setTrouble(null);
    try {
      const all = await everyOne((after) => read(scope, after, 200));
      download(`${title}.csv`, csv([told_.heads(of), ...all.map(told_.cells)]));
    } catch (e) {
      setTrouble(Problem.from(e));
    } finally {
      setSaving(false);
    }
  };

  return (
    <div className="stack">
      <div className="row spread">
        <div className="row">
          <Button className="unprinted" type="text" icon={<ArrowLeftOutlined />} onClick={() => void (alone ? go('/reports') : go(-1))} aria-label={t('reports.back')} />
          <h1>{title} <span className="quiet" data-part="count">{rows.length}{list.hasNextPage ? '+' : ''}</span></h1>
        </div>
        <div className="row unprinted">
          <Button icon={<PrinterOutlined />} loading={printing} disabled={rows.length === 0} title={t('sheet.most', { count: mostOnPaper })} onClick={() => void onPaper()} data-act="print">{t('reports.print')}</Button>
          <Button icon={<DownloadOutlined />} loading={saving} disabled={rows.length === 0} onClick={() => void save()} data-act="csv">{t('reports.csv')}</Button>
        </div>
      </div>
      <div className="quiet">{narrowed}</div>
      <Trouble problem={trouble} />
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('reports.empty')} /></Card> : (
        <div className="orders" data-part="rows">{rows.map((r) => <OneRow key={idOf(r)} row={r} />)}</div>
      )}
      {list.hasNextPage && <Button className="unprinted" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
    </div>
  );
}

const idOf = (r: Row): string => (r.of === 'clocks' ? r.line.clockId : r.of === 'satisfaction' ? r.line.feedbackId : r.of === 'escalations' ? r.line.escalation.escalationId : r.line.requestId);

/** What the key of a figure is called; ids are looked up in what is known anyway. */
function useKeyName(by: string, key: string | undefined, communityId: string | undefined): string | undefined {
  const naming = useNaming(by);
  const communities = useCommunities();
  const categories = useCategories(by === 'category' && key ? communityId : undefined);
  if (by === 'all' || key === undefined) return undefined;
  const found: Pick<DemandFigure, 'name' | 'nameEn'> | undefined = by === 'community' ? communities.data?.find((c) => c.communityId === key) : by === 'category' ? categories.data?.find((c) => c.categoryId === key) : undefined;
  return (by === 'category' || by === 'community') && key !== '' && !found ? undefined : naming({ key, name: found?.name, nameEn: found?.nameEn });
}

function OneRow({ row }: { row: Row }) {
  const { t, word, language, pick } = useWords();
  const zoneOf = useZoneOf();
  const request = (id: string | null | undefined, number: number | string | null | undefined) => (id ? <Link className="number" to={`/requests/${id}`}>{spoken(number ?? 0)}</Link> : null);
  const order = (id: string | null | undefined, number: number | string | null | undefined) => (id ? <Link className="number" to={`/work-orders/${id}`}>{t('reports.order')} {spoken(number ?? 0)}</Link> : null);
  if (row.of === 'time') {
    const r = row.line;
    return (
      <One first={<>{request(r.requestId, r.number)}<RequestStatusTag status={r.status} /><strong>{span(Number(r.elapsedSeconds), language)}</strong></>} when={<Moment at={r.reportedAt} zone={zoneOf(r.communityId)} />}>
        <div className="quiet">{word('requestKind', r.kind)} · {pick(r.categoryName, r.categoryNameEn)} · {t('reports.countedTime')} {span(Number(r.countedSeconds), language)}</div>
      </One>
    );
  }
  if (row.of === 'demand') {
    const r = row.line;
    return (
      <One first={<>{request(r.requestId, r.number)}<RequestStatusTag status={r.status} />{r.priority !== 'normal' && <PriorityTag priority={r.priority} />}</>} when={<Moment at={r.reportedAt} zone={zoneOf(r.communityId)} />}>
        <div className="clamp">{r.description}</div>
        <div className="quiet">{word('requestKind', r.kind)} · {pick(r.categoryName, r.categoryNameEn)}</div>
      </One>
    );
  }
  if (row.of === 'satisfaction') {
    const r = row.line;
    return (
      <One
        first={<>{request(r.requestId, r.number)}<Tag>{word('feedbackState', r.state)}</Tag>{r.satisfaction != null && <Tag color={Number(r.satisfaction) <= 2 ? 'red' : Number(r.satisfaction) < 5 ? 'gold' : 'green'}>{r.satisfaction} / 5</Tag>}{r.solved && r.solved !== 'yes' && <Tag color="red">{word('solved', r.solved)}</Tag>}</>}
        when={<Moment at={r.startedAt} zone={zoneOf(r.communityId)} />}
      >
        {r.madeItFive && <div><span className="quiet">{t('reports.reasonIs')}</span> {r.madeItFive}</div>}
        <div className="quiet">{[word('requestKind', r.requestKind), r.crew && word('crew', r.crew), r.author && `${t('reports.who')} ${word('answerAuthor', r.author)}`, r.notAskedRule && word('notAskedRule', r.notAskedRule), r.cameBack && word('ratedWhich', 'cameBack')].filter(Boolean).join(' · ')}</div>
      </One>
    );
  }
  if (row.of === 'escalations') {
    const { escalation: e, told: who } = row.line;
    return (
      <One first={<><Tag color={e.level === 0 ? 'gold' : 'red'}>{e.level === 0 ? t('escalations.warning') : t('escalations.level', { level: e.level })}</Tag>{order(e.workOrderId, e.workOrderNumber) ?? request(e.requestId, e.requestNumber)}<strong>{word('clockKind', e.kind)}</strong></>} when={<Moment at={e.firedAt} zone={zoneOf(e.communityId)} />}>
        <div>{e.nobody ? t('escalations.nobody') : who.length > 0 ? t('escalations.told', { names: who.map((w) => w.displayName ?? '—').join(language === 'en' ? ', ' : '、') }) : e.state === 'resolved' ? t('escalations.doneBefore') : t('reports.notToldYet')}</div>
        {e.acknowledgedAt && <div className="quiet">{t('escalations.acknowledgedBy', { name: e.acknowledgedByName ?? '—', time: span(Number(e.acknowledgedAfterSeconds ?? 0), language) })}{e.acknowledgedWords ? <> <q>{e.acknowledgedWords}</q></> : null}</div>}
        <div className="quiet">{[e.crew && word('crew', e.crew), pick(e.categoryName, e.categoryNameEn), pick(e.placeName, e.placeNameEn)].filter(Boolean).join(' · ')}</div>
      </One>
    );
  }
  const k = row.line;
  return (
    <One
      first={<>{order(k.workOrderId, k.workOrderNumber) ?? request(k.requestId, k.requestNumber)}<strong>{word('clockKind', k.kind)}</strong><Tag color={k.outcome === 'late' || k.outcome === 'runningLate' ? 'red' : k.outcome === 'onTime' ? 'green' : 'default'}>{word('clockOutcome', k.outcome)}</Tag>{k.lateReportAt && <Tag color="gold">{t('reports.annotated')}</Tag>}</>}
      when={<><span className="quiet">{t('escalations.due')}</span> <Moment at={k.dueAt} zone={zoneOf(k.communityId)} /></>}
    >
      {Number(k.lateSeconds) > 0 && <div className="late">{t('escalations.late', { time: span(Number(k.lateSeconds), language) })}</div>}
      {k.lateReportAt && <div>{t('reports.annotatedHow')} <Moment at={k.lateReportAt} zone={zoneOf(k.communityId)} /></div>}
      <div className="quiet">{[k.crew && word('crew', k.crew), k.requestKind && word('requestKind', k.requestKind), t('reports.took', { time: span(Number(k.takenSeconds), language) })].filter(Boolean).join(' · ')}</div>
    </One>
  );
}

function One({ first, when, children }: { first: ReactNode; when: ReactNode; children: ReactNode }) {
  return (
    <div className="order">
      <div className="row spread"><span className="row">{first}</span><span>{when}</span></div>
      {children}
    </div>
  );
}

/** The same rows as cells of a sheet, times on the community's wall. */
function useTold(): { heads: (of: string) => string[]; cells: (row: Row) => Cell[] } {
  const { t, word, pick } = useWords();
  const zoneOf = useZoneOf();
  const at = (when: string | null | undefined, community: string) => (when ? `${wallDay(when, zoneOf(community))} ${wallTime(when, zoneOf(community))}` : null);
  const num = (n: number | string | null | undefined) => (n == null ? null : Number(n));
  return {
    heads: (of) =>
      of === 'time' ? [t('requests.number'), t('requests.kind'), t('requests.category'), t('requests.status'), t('requests.reported'), t('reports.seconds', { title: t('reports.wholeTime') }), t('reports.seconds', { title: t('reports.countedTime') })]
      : of === 'demand' ? [t('requests.number'), t('requests.kind'), t('requests.category'), t('requests.status'), t('requests.priority'), t('requests.reported'), t('requests.what')]
      : of === 'satisfaction' ? [t('requests.number'), t('requests.kind'), t('requests.crew'), t('reports.from'), t('reports.state'), t('reports.score'), t('reports.solved'), t('reports.who'), t('reports.reason')]
      : of === 'escalations' ? [t('reports.levelOf'), t('reports.clock'), t('reports.order'), t('requests.number'), t('requests.crew'), t('escalations.due'), t('escalations.fired'), t('reports.toldWhom'), t('reports.acknowledgedBy'), t('escalations.note')]
      : [t('reports.clock'), t('reports.order'), t('requests.number'), t('requests.crew'), t('reports.state'), t('escalations.due'), t('reports.stopped'), t('reports.seconds', { title: t('reports.lateBy') }), t('reports.seconds', { title: t('reports.taken') }), t('reports.annotated')],
    cells: (r) => {
      if (r.of === 'time') return [num(r.line.number), word('requestKind', r.line.kind), pick(r.line.categoryName, r.line.categoryNameEn), word('requestStatus', r.line.status), at(r.line.reportedAt, r.line.communityId), num(r.line.elapsedSeconds), num(r.line.countedSeconds)];
      if (r.of === 'demand') return [num(r.line.number), word('requestKind', r.line.kind), pick(r.line.categoryName, r.line.categoryNameEn), word('requestStatus', r.line.status), word('priority', r.line.priority), at(r.line.reportedAt, r.line.communityId), r.line.description];
      if (r.of === 'satisfaction') return [num(r.line.number), word('requestKind', r.line.requestKind), r.line.crew && word('crew', r.line.crew), at(r.line.startedAt, r.line.communityId), word('feedbackState', r.line.state), num(r.line.satisfaction), r.line.solved && word('solved', r.line.solved), r.line.author && word('answerAuthor', r.line.author), r.line.madeItFive];
      if (r.of === 'escalations') {
        const { escalation: e, told: who } = r.line;
        return [num(e.level), word('clockKind', e.kind), num(e.workOrderNumber), num(e.requestNumber), e.crew && word('crew', e.crew), at(e.dueAt, e.communityId), at(e.firedAt, e.communityId), who.map((w) => `${w.displayName ?? '—'} ${at(w.toldAt, e.communityId)}`).join('; '), e.acknowledgedByName && `${e.acknowledgedByName} ${at(e.acknowledgedAt, e.communityId)}`, e.acknowledgedWords];
      }
      const k = r.line;
      return [word('clockKind', k.kind), num(k.workOrderNumber), num(k.requestNumber), k.crew && word('crew', k.crew), word('clockOutcome', k.outcome), at(k.dueAt, k.communityId), at(k.stoppedAt, k.communityId), num(k.lateSeconds), num(k.takenSeconds), at(k.lateReportAt, k.communityId)];
    },
  };
}
