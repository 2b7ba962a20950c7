import { AlertOutlined } from '@ant-design/icons';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Input, Segmented, Select, Spin, Tag } from 'antd';
import type dayjs from 'dayjs';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { AlarmLine, Crew, EscalationRow, EscalationState, Ladder } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useZoneOf } from '../api/reference';
import { useSession } from '../api/session';
import { useFilters } from '../kit/filters';
import { MoveDialog } from '../kit/Form';
import { Moment } from '../kit/Moment';
import { At } from '../kit/Pickers';
import { PriorityTag, spoken } from '../kit/tags';
import { instantOf, span, wallTime } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { PaperHead, PeriodPick, SheetButtons } from './EscalationSheet';
import { everyOne, mostOnPaper, onPaper } from './printing';
import type { Paper as PaperOf } from './printing';
import './manager.css';

const alarmColour = { nobodyToTell: 'gold', ringNow: 'red', clockTrouble: 'default' } as const;

/** What was late, by how much, the ladder that it climbed: who was told when, who acknowledged after how long, with which promise and which words; above it, what the desk must see and hear. */
export default function EscalationsScreen() {
  const { t, word, options, pick } = useWords();
  const client = useQueryClient();
  const session = useSession();
  const communities = useCommunities();
  const [f, change] = useFilters(['state', 'crew', 'level', 'community', 'from', 'to']);
  const state = (f.state ?? 'open') as EscalationState;
  const crew = f.crew as Crew | undefined;
  const warned = f.level === '0';
  const [opened, setOpened] = useState<{ move: 'acknowledge' | 'resolve'; line: EscalationRow }>();
  useTitle(t('escalations.title'));
  const query = { state: [state], crew, communityId: f.community, level: warned ? [0] : [1, 2, 3, 4], from: f.from, to: f.to };
  const page = (after: string | undefined, take: number, signal?: AbortSignal) => told(api.GET('/api/escalations/ladders', { params: { query: { ...query, take, after } }, signal, querySerializer: { array: { style: 'form', explode: false } } }));
  const list = useInfiniteQuery({
    queryKey: ['escalations', query],
    queryFn: ({ pageParam, signal }) => page(pageParam, 50, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 15_000,
  });
  const [paper, setPaper] = useState<PaperOf<Ladder>>();
  const ladders = onPaper(paper, JSON.stringify(query), list.dataUpdatedAt) ?? list.data?.pages.flatMap((p) => p.items) ?? [];
  const mine = (communities.data ?? []).filter((c) => session.data?.roles.some((r) => r.communityId === c.communityId));
  const zoneOf = useZoneOf();
  const named = mine.find((c) => c.communityId === f.community);
  const zone = zoneOf(named?.communityId ?? mine[0]?.communityId ?? '');
  const every = (most?: number) => everyOne((after) => page(after, 200), most);
  // The whole list is for the paper alone: read once, beside the list that is asked for anew all the time.
  const toPrint = async () => {
    const rows = await every(mostOnPaper);
    flushSync(() => setPaper({ of: JSON.stringify(query), at: Date.now(), rows }));
    window.addEventListener('afterprint', () => setPaper(undefined), { once: true });
  };
  const again = () => void client.invalidateQueries({ queryKey: ['escalations'] });
  const line = opened?.line;
  const officer = (communityId: string) => !!session.data?.roles.some((r) => r.communityId === communityId && (r.role === 'manager' || r.role === 'customerOfficer'));
  return (
    <div className="stack">
      <Alarms />
      <div className="row spread">
        <h1>{t('escalations.title')}</h1>
        <div className="scope unprinted">
          <Segmented value={warned ? '0' : 'late'} onChange={(v) => change({ level: v === '0' ? '0' : undefined })} options={[{ value: 'late', label: t('escalations.lateOnes') }, { value: '0', label: t('escalations.warnedOnes') }]} />
          <Segmented value={state} onChange={(v) => change({ state: v === 'open' ? undefined : v })} options={options('escalationState')} />
          {mine.length > 1 && <Select allowClear value={f.community} onChange={(v: string | undefined) => change({ community: v })} options={mine.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} placeholder={t('common.community')} aria-label={t('common.community')} />}
          <Select allowClear value={crew} onChange={(v: Crew | undefined) => change({ crew: v })} options={options('crew')} placeholder={t('escalations.crew')} aria-label={t('escalations.crew')} />
          <PeriodPick from={f.from} to={f.to} zone={zone} choose={(p) => change({ from: p.from, to: p.to })} />
          <SheetButtons all={every} whole={toPrint} none={ladders.length === 0} />
        </div>
      </div>
      <PaperHead from={f.from} to={f.to} zone={zone} words={[t(warned ? 'escalations.warnedOnes' : 'escalations.lateOnes'), word('escalationState', state), crew && word('crew', crew), named && pick(named.name, named.nameEn)]} />
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : ladders.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('escalations.empty')} /></Card>
      ) : (
        <div className="orders" data-part="ladders">
          {ladders.map((l) => <OneLadder key={l.clockId} ladder={l} zone={zoneOf(l.steps[0]!.escalation.communityId)} mayResolve={officer(l.steps[0]!.escalation.communityId)} act={(move, of) => setOpened({ move, line: of })} />)}
        </div>
      )}
      {list.hasNextPage && <Button className="unprinted" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      <MoveDialog<{ promisedAt?: dayjs.Dayjs; note?: string }, unknown>
        keep={line && `escalation ${line.escalationId} acknowledge`}
        title={t('escalations.acknowledge')}
        open={opened?.move === 'acknowledge'}
        onClose={() => setOpened(undefined)}
        call={(v, header) => told(api.POST('/api/escalations/{escalationId}/acknowledgement', {
          params: { path: { escalationId: line!.escalationId }, header }, body: { promisedAt: v.promisedAt ? instantOf(v.promisedAt, zoneOf(line!.communityId)) : null, note: v.note || null },
        }))}
        done={again}
      >
        {line && line.level > 0 && line.priority !== 'danger' && <Form.Item name="promisedAt" label={`${t('escalations.promisedAt')} (${t('common.optional')})`} extra={t('escalations.promiseHint')}><At zone={zoneOf(line.communityId)} step={5} /></Form.Item>}
        <Form.Item name="note" label={`${t('escalations.word')} (${t('common.optional')})`}><Input.TextArea rows={3} maxLength={1000} /></Form.Item>
      </MoveDialog>
      <MoveDialog<{ note: string }, unknown>
        keep={line && `escalation ${line.escalationId} resolve`}
        title={t('escalations.resolve')}
        open={opened?.move === 'resolve'}
        onClose={() => setOpened(undefined)}
        call={(v, header) => told(api.POST('/api/escalations/{escalationId}/resolution', { params: { path: { escalationId: line!.escalationId }, header }, body: { note: v.note } }))}
        done={again}
      >
        <Form.Item name="note" label={t('escalations.note')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea rows={3} maxLength={1000} /></Form.Item>
      </MoveDialog>
    </div>
  );
}

/** One clock and every step that it climbed. */
function OneLadder({ ladder, zone, mayResolve, act }: { ladder: Ladder; zone: string; mayResolve: boolean; act: (move: 'acknowledge' | 'resolve', of: EscalationRow) => void }) {
  const { t, word, language, pick } = useWords();
  const last = ladder.steps.find((s) => s.escalation.escalationId === ladder.lastEscalationId)!.escalation;
  const late = Number(last.lateSeconds);
  return (
    <div className={`order${last.state !== 'resolved' && late > 0 ? ' isLate' : ''}`} data-ladder={ladder.clockId}>
      <div className="row spread">
        <span className="row">
          {last.workOrderId ? <Link className="number" to={`/work-orders/${last.workOrderId}`}>{t('reports.order')} {spoken(last.workOrderNumber ?? 0)}</Link>
            : last.requestId ? <Link className="number" to={`/requests/${last.requestId}`}>{spoken(last.requestNumber ?? 0)}</Link> : null}
          <strong>{word('clockKind', last.kind)}</strong>
          {last.priority && <PriorityTag priority={last.priority} />}
          {late > 0 && <span className="late">{t('escalations.late', { time: span(late, language) })}</span>}
          {last.lateReportAt && <Tag color="gold">{t('reports.annotated')}</Tag>}
        </span>
        <span><span className="quiet">{t('escalations.due')}</span> <Moment at={last.dueAt} zone={zone} /></span>
      </div>
      <div className="quiet">{[last.crew && word('crew', last.crew), pick(last.categoryName, last.categoryNameEn), pick(last.placeName, last.placeNameEn)].filter(Boolean).join(' · ')}</div>
      <ol className="rungs">
        {ladder.steps.map(({ escalation: e, told: who }) => (
          <li key={e.escalationId} data-level={e.level}>
            <div><Tag color={e.level === 0 ? 'gold' : 'red'}>{e.level === 0 ? t('escalations.warning') : t('escalations.level', { level: e.level })}</Tag></div>
            <div className="rung">
              <div><Moment at={e.firedAt} zone={zone} /> <span className="quiet">{word('escalationCause', e.cause)}</span></div>
              {e.nobody ? <div className="late">{t('escalations.nobody')}</div>
                : who.length > 0 ? <div>{t('escalations.told', { names: who.map((w) => `${w.displayName ?? '—'} (${word('duty', w.duty)}, ${wallTime(w.toldAt, zone)})`).join(language === 'en' ? ', ' : '、') })}</div>
                : e.state === 'resolved' ? <div className="quiet">{t('escalations.doneBefore')}</div>
                : <div className="quiet">{t('escalations.tellAt', { time: '' })}<Moment at={e.tellAt} zone={zone} /></div>}
              {e.acknowledgedAt && <div>{t('escalations.acknowledgedBy', { name: e.acknowledgedByName ?? '—', time: span(Number(e.acknowledgedAfterSeconds ?? 0), language) })} {e.acknowledgedWords && <q>{e.acknowledgedWords}</q>}</div>}
              {e.promisedAt && <div className={e.promiseBrokenAt ? 'late' : ''}>{t('escalations.promised', { time: '' })}<Moment at={e.promisedAt} zone={zone} />{e.promiseBrokenAt && <> · {t('escalations.promiseBroken')}</>}</div>}
              {e.resolvedByName && <div>{t('escalations.resolvedBy', { name: e.resolvedByName })} {e.resolvedWords && <q>{e.resolvedWords}</q>}</div>}
            </div>
          </li>
        ))}
      </ol>
      {last.state === 'resolved' && !last.resolvedByName && last.stoppedAt && <div className="quiet">{t('escalations.ended')} <Moment at={last.stoppedAt} zone={zone} /></div>}
      {last.state !== 'resolved' && (
        <div className="row unprinted">
          <Button type={last.state === 'open' ? 'primary' : 'default'} onClick={() => act('acknowledge', last)} data-act="acknowledge">{t('escalations.acknowledge')}</Button>
          {mayResolve && <Button onClick={() => act('resolve', last)} data-act="resolve">{t('escalations.resolve')}</Button>}
        </div>
      )}
    </div>
  );
}

/** Open alarms, each until somebody at the desk says what was done: those to be rung about first. */
function Alarms() {
  const { t, word, pick } = useWords();
  const client = useQueryClient();
  const [ending, setEnding] = useState<AlarmLine>();
  const alarms = useInfiniteQuery({
    queryKey: ['alarms', 'all'],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/alarms', { params: { query: { take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 10_000,
    retry: false,
  });
  const rows = (alarms.data?.pages.flatMap((p) => p.items) ?? []).sort((a, b) => Number(b.kind === 'ringNow') - Number(a.kind === 'ringNow'));
  const zoneOf = useZoneOf();
  return (
    <>
      {rows.length > 0 && (
        <Card size="small" role="alert" className="alarms" title={<span className="row"><AlertOutlined className="late" />{t('escalations.openAlarms')} · {rows.length}{alarms.hasNextPage ? '+' : ''}</span>}>
          <ul className="lines">
            {rows.map((a) => (
              <li key={a.alarmId} className="row spread">
                <span className="row">
                  <Tag color={alarmColour[a.kind]}>{word('alarmKind', a.kind)}</Tag>
                  {a.requestId && <Link className="number" to={`/requests/${a.requestId}`}>{spoken(a.requestNumber ?? 0)}</Link>}
                  {a.priority && <PriorityTag priority={a.priority} />}
                  <span>{[word('clockKind', a.clockKind), pick(a.placeName, a.placeNameEn)].filter(Boolean).join(' · ')}</span>
                  <span className="quiet"><Moment at={a.raisedAt} zone={zoneOf(a.communityId)} brief /></span>
                </span>
                <Button size="small" onClick={() => setEnding(a)} data-act="end-alarm">{t('escalations.endAlarm')}</Button>
              </li>
            ))}
          </ul>
          {alarms.hasNextPage && <Button size="small" onClick={() => void alarms.fetchNextPage()} loading={alarms.isFetchingNextPage} data-act="more-alarms">{t('common.more')}</Button>}
        </Card>
      )}
      <MoveDialog<{ note: string }, unknown>
        keep={ending && `alarm ${ending.alarmId}`}
        title={t('escalations.endAlarm')}
        open={!!ending}
        onClose={() => setEnding(undefined)}
        call={(v, header) => told(api.POST('/api/alarms/{alarmId}/ending', { params: { path: { alarmId: ending!.alarmId }, header }, body: { note: v.note } }))}
        done={() => void client.invalidateQueries({ queryKey: ['alarms'] })}
      >
        <Form.Item name="note" label={t('escalations.note')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea rows={3} maxLength={1000} /></Form.Item>
      </MoveDialog>
    </>
  );
}
