import { AlertOutlined } from '@ant-design/icons';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, DatePicker, Empty, Form, Input, Segmented, Select, Spin, Tag } from 'antd';
import type dayjs from 'dayjs';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { AlarmLine, Crew, EscalationLine, EscalationState } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { useFilters } from '../kit/filters';
import { MoveDialog } from '../kit/Form';
import { Moment } from '../kit/Moment';
import { PriorityTag, spoken } from '../kit/tags';
import { instantOf, span } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

const alarmColour = { nobodyToTell: 'gold', ringNow: 'red', clockTrouble: 'default' } as const;

/** What was late, by how much, who was told when, and who acknowledged; above it, what the desk must see and hear. */
export default function EscalationsScreen() {
  const { t, word, options, language } = useWords();
  const client = useQueryClient();
  const [f, change] = useFilters(['state', 'crew']);
  const state = (f.state ?? 'open') as EscalationState;
  const crew = f.crew as Crew | undefined;
  const [opened, setOpened] = useState<{ move: 'acknowledge' | 'resolve'; line: EscalationLine }>();
  useTitle(t('escalations.title'));
  const list = useInfiniteQuery({
    queryKey: ['escalations', state, crew],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/escalations', { params: { query: { state: [state], crew, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 15_000,
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zone = useZone(rows[0]?.escalation.communityId);
  const again = () => void client.invalidateQueries({ queryKey: ['escalations'] });
  const line = opened?.line.escalation;
  return (
    <div className="stack">
      <Alarms />
      <div className="row spread">
        <h1>{t('escalations.title')}</h1>
        <div className="row">
          <Select allowClear value={crew} onChange={(v: Crew | undefined) => change({ crew: v })} options={options('crew')} placeholder={t('escalations.crew')} aria-label={t('escalations.crew')} style={{ minWidth: 140 }} />
          <Segmented value={state} onChange={(v) => change({ state: v === 'open' ? undefined : v })} options={options('escalationState')} />
        </div>
      </div>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('escalations.empty')} /></Card>
      ) : (
        <div className="orders">
          {rows.map(({ escalation: e, told: who }) => (
            <div key={e.escalationId} className="order">
              <div className="row spread">
                <span className="row">
                  <Tag color={e.level === 0 ? 'gold' : 'red'}>{e.level === 0 ? t('escalations.warning') : t('escalations.level', { level: e.level })}</Tag>
                  {e.priority && <PriorityTag priority={e.priority} />}
                  {e.workOrderId ? <Link className="number" to={`/work-orders/${e.workOrderId}`}>{spoken(e.workOrderNumber ?? 0)}</Link>
                    : e.requestId ? <Link className="number" to={`/requests/${e.requestId}`}>{spoken(e.requestNumber ?? 0)}</Link> : null}
                  <strong>{word('clockKind', e.kind)}</strong>
                  {Number(e.lateSeconds) > 0 && <span className="late">{t('escalations.late', { time: span(Number(e.lateSeconds), language) })}</span>}
                </span>
                <Moment at={e.firedAt} zone={zone} brief />
              </div>
              <div className="quiet">
                {[e.crew && word('crew', e.crew), language === 'en' ? e.categoryNameEn : e.categoryName, e.placeName, word('escalationCause', e.cause)].filter(Boolean).join(' · ')}
              </div>
              <div>
                {e.nobody ? <span className="late">{t('escalations.nobody')}</span>
                  : who.length > 0 ? t('escalations.told', { names: who.map((w) => `${w.displayName ?? '—'} (${word('duty', w.duty)})`).join(', ') })
                  : e.state === 'resolved' ? t('escalations.doneBefore')
                  : <>{t('escalations.tellAt', { time: '' })}<Moment at={e.tellAt} zone={zone} brief /></>}
              </div>
              {e.acknowledgedAt && <div className="quiet">{t('escalations.acknowledgedBy', { name: e.acknowledgedByName ?? '—', time: span(Number(e.acknowledgedAfterSeconds ?? 0), language) })}</div>}
              {e.promisedAt && <div className={e.promiseBrokenAt ? 'late' : 'quiet'}>{t('escalations.promised', { time: '' })}<Moment at={e.promisedAt} zone={zone} brief /> {e.promiseBrokenAt && t('escalations.promiseBroken')}</div>}
              {e.resolvedByName && <div className="quiet">{t('escalations.resolvedBy', { name: e.resolvedByName })}</div>}
              {e.state !== 'resolved' && (
                <div className="row">
                  <Button size="small" onClick={() => setOpened({ move: 'acknowledge', line: { escalation: e, told: who } })}>{t('escalations.acknowledge')}</Button>
                  <Button size="small" onClick={() => setOpened({ move: 'resolve', line: { escalation: e, told: who } })}>{t('escalations.resolve')}</Button>
                </div>
              )}
            </div>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>{t('common.more')}</Button>}
      <MoveDialog<{ promisedAt?: dayjs.Dayjs; note?: string }, unknown>
        title={t('escalations.acknowledge')}
        open={opened?.move === 'acknowledge'}
        onClose={() => setOpened(undefined)}
        call={(v, header) => told(api.POST('/api/escalations/{escalationId}/acknowledgement', {
          params: { path: { escalationId: line!.escalationId }, header }, body: { promisedAt: v.promisedAt ? instantOf(v.promisedAt, zone) : null, note: v.note || null },
        }))}
        done={again}
      >
        {line && line.level > 0 && line.priority !== 'danger' && <Form.Item name="promisedAt" label={`${t('escalations.promisedAt')} (${t('common.optional')})`}><DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" /></Form.Item>}
        <Form.Item name="note" label={t('escalations.note')}><Input.TextArea rows={3} /></Form.Item>
      </MoveDialog>
      <MoveDialog<{ note: string }, unknown>
        title={t('escalations.resolve')}
        open={opened?.move === 'resolve'}
        onClose={() => setOpened(undefined)}
        call={(v, header) => told(api.POST('/api/escalations/{escalationId}/resolution', { params: { path: { escalationId: line!.escalationId }, header }, body: { note: v.note } }))}
        done={again}
      >
        <Form.Item name="note" label={t('escalations.note')} rules={[{ required: true }]}><Input.TextArea rows={3} /></Form.Item>
      </MoveDialog>
    </div>
  );
}

/** Open alarms, each until somebody at the desk says what was done: those to be rung about first. */
function Alarms() {
  const { t, word } = useWords();
  const client = useQueryClient();
  const [ending, setEnding] = useState<AlarmLine>();
  const alarms = useQuery({ queryKey: ['alarms'], queryFn: ({ signal }) => told(api.GET('/api/alarms', { params: { query: { take: 50 } }, signal })), refetchInterval: 10_000, retry: false });
  const rows = [...(alarms.data?.items ?? [])].sort((a, b) => Number(b.kind === 'ringNow') - Number(a.kind === 'ringNow'));
  const zone = useZone(rows[0]?.communityId);
  return (
    <>
      {rows.length > 0 && (
        <Card size="small" role="alert" className="alarms" title={<span className="row"><AlertOutlined className="late" />{t('escalations.openAlarms')} · {rows.length}{alarms.data?.next ? '+' : ''}</span>}>
          <ul className="lines">
            {rows.map((a) => (
              <li key={a.alarmId} className="row spread">
                <span className="row">
                  <Tag color={alarmColour[a.kind]}>{word('alarmKind', a.kind)}</Tag>
                  {a.requestId && <Link className="number" to={`/requests/${a.requestId}`}>{spoken(a.requestNumber ?? 0)}</Link>}
                  {a.priority && <PriorityTag priority={a.priority} />}
                  <span>{[word('clockKind', a.clockKind), a.placeName].filter(Boolean).join(' · ')}</span>
                  <span className="quiet"><Moment at={a.raisedAt} zone={zone} brief /></span>
                </span>
                <Button size="small" onClick={() => setEnding(a)}>{t('escalations.endAlarm')}</Button>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <MoveDialog<{ note: string }, unknown>
        title={t('escalations.endAlarm')}
        open={!!ending}
        onClose={() => setEnding(undefined)}
        call={(v, header) => told(api.POST('/api/alarms/{alarmId}/ending', { params: { path: { alarmId: ending!.alarmId }, header }, body: { note: v.note } }))}
        done={() => void client.invalidateQueries({ queryKey: ['alarms'] })}
      >
        <Form.Item name="note" label={t('escalations.note')} rules={[{ required: true }]}><Input.TextArea rows={3} /></Form.Item>
      </MoveDialog>
    </>
  );
}
