import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Form, Input, Result, Select, Spin, Tag } from 'antd';
import type dayjs from 'dayjs';
import { useCallback, useState } from 'react';
import { Link, useParams } from 'react-router';
import { api, told } from '../api/client';
import type { Crew, FaultDetails, FaultMove, FaultRequest, Payer } from '../api/client';
import { Problem } from '../api/problems';
import { useCategories, useZone } from '../api/reference';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { calm } from '../kit/live';
import { Choice } from '../kit/Choice';
import { MoveDialog, useOpened } from '../kit/Form';
import { OpenedOn } from '../kit/Meanwhile';
import { Due, Moment } from '../kit/Moment';
import { CategoryPick, RequestPick, TeamPick } from '../kit/Picks';
import { useSome } from '../kit/Some';
import { OrderStatusTag, RequestStatusTag, spoken } from '../kit/tags';
import { exact, instantOf, wallOf } from '../kit/times';
import { At } from '../kit/Pickers';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

export default function FaultScreen() {
  const { t } = useWords();
  const { faultId } = useParams();
  const client = useQueryClient();
  const details = useQuery({
    queryKey: ['fault', faultId],
    queryFn: ({ signal }) => told(api.GET('/api/faults/{faultId}', { params: { path: { faultId: faultId! } }, signal })),
    refetchInterval: calm(30_000),
  });
  const changed = useCallback(() => void client.invalidateQueries({ predicate: (q) => ['fault', 'faults', 'request', 'requests', 'counts', 'work-orders', 'timeline'].includes(String(q.queryKey[0])) }), [client]);
  useTitle(details.data?.fault.title);
  if (nothingOf(details)) {
    const problem = Problem.from(details.error);
    return problem.status === 404 ? <Result status="404" title={t('fault.notFound')} /> : <Trouble problem={problem} retry={() => void details.refetch()} />;
  }
  if (!details.data) return <Spin className="waiting" />;
  return (
    <>
      <Behind of={details} />
      <Shown key={details.data.fault.faultId} details={details.data} changed={changed} />
    </>
  );
}

const inOrder = ['dispatch', 'join', 'expect', 'end', 'amend'] as const;

function Shown({ details, changed }: { details: FaultDetails; changed: () => void }) {
  const { t, word, pick } = useWords();
  const [leaving, setLeaving] = useState<{ how: 'unJoin' | 'splitOff'; request: FaultRequest }>();
  const form = useOpened<FaultMove, FaultDetails>(details);
  const { fault: f, requests, workOrders, allowedMoves } = details;
  const zone = useZone(f.communityId);
  const { some, more } = useSome(requests);
  const moves = inOrder.filter((m) => allowedMoves.includes(m));
  return (
    <div className="stack" data-part="fault">
      <div className="stack tight">
        <div className="row"><h1>{f.title}</h1><Tag color={f.status === 'open' ? 'volcano' : 'green'}>{word('faultStatus', f.status)}</Tag><span className="quiet number">{spoken(f.number)}</span></div>
        <div className="quiet">{[pick(f.categoryName, f.categoryNameEn), pick(f.placeName, f.placeNameEn), pick(f.assetName, f.assetNameEn)].filter(Boolean).join(' · ')}</div>
      </div>
      <div className="row">
        {moves.map((m, i) => <Button key={m} type={i === 0 ? 'primary' : 'default'} onClick={() => form.open(m)} data-move={m}>{word('faultMove', m)}</Button>)}
      </div>
      <div className="columns aside">
        <Card title={t('fault.requests')}>
          <ul className="lines">
            {some.map((r) => (
              <li key={`${r.requestId}${r.joinedAt}`}>
                <Link className="plain" to={`/requests/${r.requestId}`}>
                  <div className="row"><span className="number">{spoken(r.number)}</span><RequestStatusTag status={r.status} /><span>{r.customerName}</span><span className="quiet">{pick(r.placeName, r.placeNameEn)}</span>{r.leftAt && r.leftHow && <Tag>{word('leftHow', r.leftHow)}</Tag>}</div>
                  <div className="clamp">{r.description}</div>
                </Link>
                {!r.leftAt && (r.status === 'received' || r.status === 'inProgress') && allowedMoves.includes('leave') && <Button size="small" onClick={() => setLeaving({ how: 'unJoin', request: r })} data-act="un-join">{t('fault.unJoin')}</Button>}
                {!r.leftAt && (r.status === 'awaitingFeedback' || r.status === 'closed') && <Button size="small" onClick={() => setLeaving({ how: 'splitOff', request: r })} data-act="split-off">{t('fault.splitOff')}</Button>}
              </li>
            ))}
          </ul>
          {more}
          {requests.length === 0 && <span className="quiet">{t('fault.noRequests')}</span>}
        </Card>
        <div className="stack">
          <Card title={t('request.details')}>
            <dl className="facts">
              <dt>{t('fault.expected')}</dt><dd>{f.expectedAt ? <Due at={f.expectedAt} zone={zone} late={f.endedAt ? false : undefined} /> : <span className="quiet">{t('fault.noExpected')}</span>}</dd>
              <dt>{t('time.started')}</dt><dd><Moment at={f.openedAt} zone={zone} /></dd>
              {f.endedAt && <><dt>{t('fault.ended')}</dt><dd><Moment at={f.endedAt} zone={zone} /></dd></>}
            </dl>
          </Card>
          <Card title={t('request.orders')}>
            {workOrders.length === 0 && <span className="quiet">{t('request.noOrders')}</span>}
            <ul className="lines">
              {workOrders.map((o) => (
                <li key={o.workOrderId} data-part="order"><Link className="plain" to={`/work-orders/${o.workOrderId}`}><div className="row"><OrderStatusTag status={o.status} /><strong>{o.teamId ? pick(o.teamName, o.teamNameEn) : word('crew', o.crew)}</strong>{o.assigneeName && <span>{o.assigneeName}</span>}<span className="quiet number">{spoken(o.number)}</span></div><div className="clamp">{o.whatToDo}</div>{o.doneWhat && <div className="quiet pre">✓ {o.doneWhat}</div>}</Link></li>
              ))}
            </ul>
          </Card>
        </div>
      </div>
      {inOrder.filter((m) => allowedMoves.includes(m) || form.is(m)).map((m) => {
        const Move = dialogs[m];
        const seen = form.seenBy(m);
        const on = { gone: !allowedMoves.includes(m), seen: seen.fault.version, now: f.version, since: [], look: changed, touch: () => form.touch(m), settle: () => form.settle(m) };
        return <OpenedOn key={`${m} ${seen.fault.version}`} value={on}><Move keep={`fault ${f.faultId} ${m}`} details={seen} current={details} zone={zone} changed={changed} close={form.close} open={form.is(m)} /></OpenedOn>;
      })}
      {leaving && <Leave key={leaving.request.requestId} details={details} current={details} zone={zone} changed={changed} open {...leaving} close={() => setLeaving(undefined)} />}
    </div>
  );
}

/** What the form was opened on, and how it is now. */
interface One { keep: string; details: FaultDetails; current: FaultDetails; zone: string; open: boolean; close: () => void; changed: () => void }

const path = (d: FaultDetails) => ({ faultId: d.fault.faultId });

function Dispatch({ details, open, close, changed, keep }: One) {
  const { t, word, options } = useWords();
  const categories = useCategories(details.fault.communityId);
  const crew = categories.data?.find((c) => c.categoryId === details.fault.categoryId)?.crew ?? undefined;
  if (categories.isPending) return null;
  return (
    <MoveDialog<{ crew: Crew; teamId?: string; payer?: Payer; whatToDo: string }, unknown>
      keep={keep} title={word('faultMove', 'dispatch')} open={open} onClose={close} done={changed} initial={{ crew, whatToDo: details.fault.title }}
      rename={(f) => f.replace('orders[0].', '')}
      call={(v, header) => told(api.POST('/api/faults/{faultId}/work-orders', { params: { path: path(details), header }, body: { orders: [{ crew: v.crew, teamId: v.teamId ?? null, whatToDo: v.whatToDo, mandatory: true, payer: v.payer ?? null }] } }))}
    >
      <Form.Item noStyle shouldUpdate={(a, b) => a.crew !== b.crew || a.teamId !== b.teamId}>
        {(form) => (
          <>
            <Form.Item name="crew" label={t('moves.crew')} rules={[{ required: true, message: t('common.required') }]}><Choice options={options('crew')} onChange={() => form.setFieldValue('teamId', undefined)} /></Form.Item>
            <Form.Item name="teamId" label={t('moves.team')}><TeamPick communityId={details.fault.communityId} crew={form.getFieldValue('crew') ?? 'none'} /></Form.Item>
          </>
        )}
      </Form.Item>
      <Form.Item name="payer" label={t('moves.payer')}><Select allowClear options={options('payer').filter((o) => o.value !== 'owner')} placeholder={t('register.priorityDefault')} /></Form.Item>
      <Form.Item name="whatToDo" label={t('moves.whatToDo')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea autoSize={{ minRows: 2 }} maxLength={2000} /></Form.Item>
    </MoveDialog>
  );
}

function Join({ details, current, open, close, changed, keep }: One) {
  const { t, word, pick } = useWords();
  const joined = new Set(current.requests.filter((r) => !r.leftAt).map((r) => r.requestId));
  return (
    <MoveDialog<{ requestId: string }, unknown>
      keep={keep} title={word('faultMove', 'join')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/faults/{faultId}/requests', { params: { path: path(details), header }, body: v }))}
    >
      <Form.Item name="requestId" label={t('requests.number')} rules={[{ required: true, message: t('common.required') }]}>
        <RequestPick
          communityId={details.fault.communityId}
          offer={(r) => ({
            label: [`${spoken(r.number)} ${r.description.slice(0, 40)}`, pick(r.placeName, r.placeNameEn), r.customerName, joined.has(r.requestId) ? t('fault.joinedHere') : word('requestStatus', r.status)].filter(Boolean).join(' · '),
            disabled: joined.has(r.requestId) || (r.status !== 'received' && r.status !== 'inProgress'),
          })}
        />
      </Form.Item>
    </MoveDialog>
  );
}

function Expect({ details, current, zone, open, close, changed, keep }: One) {
  const { t, word, language } = useWords();
  const f = details.fault;
  const wall = (at: string | null | undefined) => (at ? wallOf(at, zone) : undefined);
  return (
    <MoveDialog<{ expectedAt: dayjs.Dayjs }, unknown>
      keep={keep} title={word('faultMove', 'expect')} open={open} onClose={close} done={changed} initial={{ expectedAt: wall(f.expectedAt) }}
      compare={[{ name: 'expectedAt', label: t('fault.expected'), before: wall(f.expectedAt), now: wall(current.fault.expectedAt), say: (at: dayjs.Dayjs) => exact(instantOf(at, zone), zone, language) }]}
      call={(v, header, version) => told(api.POST('/api/faults/{faultId}/expected-time', { params: { path: path(details), header }, body: { expectedAt: instantOf(v.expectedAt, zone), version } }))}
    >
      <Form.Item name="expectedAt" label={t('fault.expected')} rules={[{ required: true, message: t('common.required') }]}><At zone={zone} step={5} /></Form.Item>
    </MoveDialog>
  );
}

function End({ details, current, open, close, changed, keep }: One) {
  const { t, word } = useWords();
  // Nobody was sent for them: what is said here is their answer.
  const waiting = current.requests.filter((r) => !r.leftAt && r.status === 'received').length;
  return (
    <MoveDialog<{ words?: string }, unknown>
      keep={keep} title={word('faultMove', 'end')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/faults/{faultId}/ending', { params: { path: path(details), header }, body: { words: v.words || null } }))}
    >
      {waiting > 0 && <p>{t('fault.endAnswers', { count: waiting })}</p>}
      <Form.Item name="words" label={waiting > 0 ? t('moves.textToOwner') : `${t('moves.textToOwner')} (${t('common.optional')})`} rules={waiting > 0 ? [{ required: true, whitespace: true, message: t('common.required') }] : []}><Input.TextArea autoSize={{ minRows: 2 }} maxLength={2000} /></Form.Item>
    </MoveDialog>
  );
}

function Amend({ details, current, open, close, changed, keep }: One) {
  const { t, word, pick } = useWords();
  const f = details.fault;
  const categories = useCategories(f.communityId);
  const named = (id: string) => { const c = categories.data?.find((x) => x.categoryId === id); return c ? pick(c.name, c.nameEn) : id; };
  return (
    <MoveDialog<{ title: string; categoryId: string }, unknown>
      keep={keep} title={word('faultMove', 'amend')} open={open} onClose={close} done={changed} initial={{ title: f.title, categoryId: f.categoryId }}
      compare={[{ name: 'title', label: t('fault.name'), before: f.title, now: current.fault.title }, { name: 'categoryId', label: t('fault.category'), before: f.categoryId, now: current.fault.categoryId, say: named }]}
      call={(v, _, version) => told(api.PATCH('/api/faults/{faultId}', { params: { path: path(details) }, body: { title: v.title, categoryId: v.categoryId, version } }))}
    >
      <Form.Item name="title" label={t('fault.name')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={200} /></Form.Item>
      <Form.Item name="categoryId" label={t('fault.category')} rules={[{ required: true, message: t('common.required') }]}><CategoryPick communityId={f.communityId} kind="repair" /></Form.Item>
    </MoveDialog>
  );
}

const dialogs = { dispatch: Dispatch, join: Join, expect: Expect, end: End, amend: Amend };

/** A request goes its own way: it was about something else, or for this one it is not fixed. */
function Leave({ details, open, close, changed, how, request }: Omit<One, 'keep'> & { how: 'unJoin' | 'splitOff'; request: FaultRequest }) {
  const { t } = useWords();
  const here = { ...path(details), requestId: request.requestId };
  const words = [{ required: true, whitespace: true, message: t('common.required') }];
  return (
    <MoveDialog<{ reason: string; saidBy: string; words: string }, unknown>
      keep={`fault ${details.fault.faultId} ${how} ${request.requestId}`}
      title={`${t(`fault.${how}`)} · ${spoken(request.number)}`} submit={t(`fault.${how}`)} open={open} onClose={close} done={changed} initial={{ saidBy: request.customerName ?? undefined }}
      call={(v, header) => how === 'unJoin'
        ? told(api.POST('/api/faults/{faultId}/requests/{requestId}/un-joining', { params: { path: here, header }, body: { reason: v.reason } }))
        : told(api.POST('/api/faults/{faultId}/requests/{requestId}/splitting-off', { params: { path: here, header }, body: { saidBy: v.saidBy, words: v.words } }))}
    >
      <p>{t(`fault.${how}Means`)}</p>
      {how === 'unJoin' ? (
        <Form.Item name="reason" label={t('common.reason')} rules={words}><Input.TextArea autoSize={{ minRows: 2 }} maxLength={1000} /></Form.Item>
      ) : (
        <>
          <Form.Item name="saidBy" label={t('fault.saidBy')} rules={words}><Input maxLength={100} /></Form.Item>
          <Form.Item name="words" label={t('fault.theirWords')} rules={words}><Input.TextArea autoSize={{ minRows: 2 }} maxLength={2000} /></Form.Item>
        </>
      )}
    </MoveDialog>
  );
}
