import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { AutoComplete, Button, Card, DatePicker, Drawer, Empty, Form, Input, Rate, Segmented, Select, Spin, Tag } from 'antd';
import type dayjs from 'dayjs';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { CallBackLine, CallBackSheet, CallResult, FeedbackState, Solved } from '../api/client';
import { Problem } from '../api/problems';
import { useStaff, useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { calm } from '../kit/live';
import { Choice } from '../kit/Choice';
import { useFilters } from '../kit/filters';
import { MoveDialog } from '../kit/Form';
import { Due, Moment } from '../kit/Moment';
import { Numbers } from '../kit/Numbers';
import { spoken } from '../kit/tags';
import { instantOf } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

const shown = ['ready', 'toCall', 'asked', 'reminded'] as const;

/** Whom to ring about what was done, the oldest round first; one of them opened is a sheet with what to say and what was tried. */
export default function CallBacksScreen() {
  const { t, word } = useWords();
  const [f, change] = useFilters(['state']);
  const view = shown.find((s) => s === f.state) ?? 'ready';
  const state: FeedbackState = view === 'ready' ? 'toCall' : view;
  const [open, setOpen] = useState<CallBackLine>();
  useTitle(t('nav.callBacks'));
  const list = useInfiniteQuery({
    queryKey: ['call-backs', view],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/call-backs', { params: { query: { state, ready: view === 'ready', take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zone = useZone(rows[0]?.communityId);
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('nav.callBacks')}</h1>
        <Segmented value={view} onChange={(v) => change({ state: v === 'ready' ? undefined : v })} options={shown.map((s) => ({ value: s, label: s === 'ready' ? t('callBacks.ready') : word('feedbackState', s) }))} />
      </div>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('callBacks.empty')}<br /><span className="quiet">{t('callBacks.emptyHint')}</span></>} /></Card>
      ) : (
        <div className="orders">
          {rows.map((c) => (
            <div key={c.feedbackId} className="order">
              <div className="row spread">
                <span className="row">
                  <Link className="number" to={`/requests/${c.requestId}`}>{spoken(c.number)}</Link>
                  <strong>{c.customerName}</strong>
                  <Numbers masked={c.phones.length ? c.phones : [c.reporterPhone]} of={{ requestId: c.requestId }} />
                  {c.attempts > 0 && <Tag>{t('callBacks.attempts', { count: c.attempts })}</Tag>}
                  {c.listedWhy === 'notDelivered' && <Tag color="orange">{word('listedWhy', c.listedWhy)}</Tag>}
                  {c.takenByName && <Tag color="blue">{t('callBacks.takenBy', { name: c.takenByName })}</Tag>}
                  {c.handedToName && <Tag>{t('callBacks.handedTo', { name: c.handedToName })}</Tag>}
                </span>
                {c.dueAt ? <Due at={c.dueAt} zone={zone} /> : <Moment at={c.startedAt} zone={zone} brief />}
              </div>
              <div className="clamp">{c.description}</div>
              <div className="row spread">
                <span className="quiet">{[word('requestKind', c.kind), c.placeName].filter(Boolean).join(' · ')}{c.callAfter && Date.parse(c.callAfter) > Date.now() && <> · {t('callBacks.callAfter')} <Moment at={c.callAfter} zone={zone} brief /></>}</span>
                <Button onClick={() => setOpen(c)} data-act="open-call">{t('callBacks.script')}</Button>
              </div>
            </div>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>{t('common.more')}</Button>}
      <Drawer title={open && `${spoken(open.number)} ${open.customerName ?? ''}`} open={!!open} onClose={() => setOpen(undefined)} size="large">
        {open && <Sheet line={open} zone={zone} close={() => setOpen(undefined)} />}
      </Drawer>
    </div>
  );
}

/** One call: the script, the calls so far, and what may be done about it. */
function Sheet({ line, zone, close }: { line: CallBackLine; zone: string; close: () => void }) {
  const { t, word } = useWords();
  const client = useQueryClient();
  const session = useSession();
  const path = { feedbackId: line.feedbackId };
  const sheet = useQuery({ queryKey: ['call-back', line.feedbackId], queryFn: ({ signal }) => told(api.GET('/api/call-backs/{feedbackId}', { params: { path }, signal })) });
  const [toDial, setToDial] = useState<string[]>([]);
  const [doing, setDoing] = useState<'tried' | 'answered' | 'refused' | 'snooze' | 'handOver'>();
  const changed = () => void client.invalidateQueries({ queryKey: ['call-backs'] }).then(() => sheet.refetch());
  const ended = () => { void client.invalidateQueries({ queryKey: ['call-backs'] }); close(); };
  const taking = useSend<void, unknown>((_, header) => told(api.POST('/api/call-backs/{feedbackId}/taking', { params: { path }, headers: { ...header } })), changed);
  const releasing = useSend<void, unknown>((_, header) => told(api.POST('/api/call-backs/{feedbackId}/release', { params: { path }, headers: { ...header } })), changed);
  if (sheet.isError) return <Trouble problem={Problem.from(sheet.error)} retry={() => void sheet.refetch()} />;
  if (!sheet.data) return <Spin className="waiting" />;
  const s = sheet.data;
  const mine = !!s.takenBy && s.takenBy === session.data?.staffId;
  const dialog = { line, sheet: s, zone, toDial, close: () => setDoing(undefined) };
  return (
    <div className="stack">
      <div className="row">
        <Numbers masked={line.phones.length ? line.phones : [line.reporterPhone]} of={{ requestId: line.requestId }} onShown={setToDial} />
        {s.bestHour != null ? <Tag color="green">{t('callBacks.bestHour', { hour: s.bestHour })}</Tag> : <span className="quiet">{t('callBacks.noBestHour')}</span>}
        {s.takenByName && <Tag color="blue">{t('callBacks.takenBy', { name: s.takenByName })}</Tag>}
        {s.handedToName && <Tag>{t('callBacks.handedTo', { name: s.handedToName })}</Tag>}
        {s.callAfter && Date.parse(s.callAfter) > Date.now() && <span className="quiet">{t('callBacks.callAfter')} <Moment at={s.callAfter} zone={zone} /></span>}
      </div>
      {!mine && <p className="quiet">{t('callBacks.takeFirst')}</p>}
      <div className="row">
        {!mine && <Button type="primary" loading={taking.pending} onClick={() => void taking.send()} data-act="take">{t('callBacks.take')}</Button>}
        {mine && <Button loading={releasing.pending} onClick={() => void releasing.send()}>{t('callBacks.release')}</Button>}
        {(['answered', 'refused', 'tried', 'snooze', 'handOver'] as const).map((d) => <Button key={d} type={mine && d === 'answered' ? 'primary' : 'default'} onClick={() => setDoing(d)} data-act={d}>{t(`callBacks.${d}`)}</Button>)}
      </div>
      <Trouble problem={taking.problem ?? releasing.problem} />
      <Card title={t('callBacks.script')}><ol>{s.script.map((say) => <li key={say}>{say}</li>)}</ol></Card>
      <Card title={t('callBacks.calls')}>
        {s.calls.length === 0 && <span className="quiet">{t('callBacks.noCalls')}</span>}
        {s.calls.map((c) => (
          <div key={c.triedAt} className="row"><Moment at={c.triedAt} zone={zone} /> <Tag>{word('callResult', c.result)}</Tag> <span className="number">{c.numberDialled}</span> <span className="quiet">{[c.staffName, c.spokeWith, c.note].filter(Boolean).join(' · ')}</span></div>
        ))}
      </Card>
      <Tried key={`tried ${toDial[0]}`} {...dialog} open={doing === 'tried'} done={changed} />
      <Answered key={`answered ${toDial[0]}`} {...dialog} open={doing === 'answered'} done={ended} />
      <Refused key={`refused ${toDial[0]}`} {...dialog} open={doing === 'refused'} done={ended} />
      <Later {...dialog} open={doing === 'snooze'} done={changed} />
      <HandOver {...dialog} open={doing === 'handOver'} done={changed} />
    </div>
  );
}

interface One { line: CallBackLine; sheet: CallBackSheet; zone: string; toDial: string[]; open: boolean; close: () => void; done: () => void }

const needed = (message: string) => [{ required: true, message }];

function Tried({ line, zone, toDial, open, close, done }: One) {
  const { t, word } = useWords();
  return (
    <MoveDialog<{ numberDialled: string; result: CallResult; note?: string; spokeWith?: string; callAgainAt?: dayjs.Dayjs }, unknown>
      title={t('callBacks.tried')} open={open} onClose={close} done={done} initial={{ result: 'noAnswer', numberDialled: toDial[0] }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/feedback/call-attempts', {
        params: { path: { requestId: line.requestId } }, headers: { ...header },
        body: { numberDialled: v.numberDialled, result: v.result, note: v.note || null, spokeWith: v.spokeWith || null, callAgainAt: v.result === 'callLater' && v.callAgainAt ? instantOf(v.callAgainAt, zone) : null },
      }))}
    >
      <Form.Item name="result" label={t('callBacks.result')}><Select options={(['noAnswer', 'busy', 'wrongNumber', 'callLater'] as const).map((r) => ({ value: r, label: word('callResult', r) }))} /></Form.Item>
      <Form.Item name="numberDialled" label={t('callBacks.number')} rules={needed(t('common.required'))}><AutoComplete options={toDial.map((n) => ({ value: n }))}><Input maxLength={40} inputMode="tel" /></AutoComplete></Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.result !== b.result}>
        {(form) => form.getFieldValue('result') === 'callLater' && (
          <div className="pair">
            <Form.Item name="spokeWith" label={t('callBacks.spokeWith')}><Input maxLength={100} /></Form.Item>
            <Form.Item name="callAgainAt" label={t('callBacks.again')}><DatePicker showTime={{ format: 'HH:mm', minuteStep: 15 }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} /></Form.Item>
          </div>
        )}
      </Form.Item>
      <Form.Item name="note" label={`${t('callBacks.note')} (${t('common.optional')})`}><Input.TextArea maxLength={1000} autoSize /></Form.Item>
    </MoveDialog>
  );
}

function Answered({ line, toDial, open, close, done }: One) {
  const { t, options } = useWords();
  return (
    <MoveDialog<{ solved: Solved; satisfaction: number; recommend?: number; madeItFive?: string; spokeWith: string; numberDialled?: string }, unknown>
      title={t('callBacks.answered')} open={open} onClose={close} done={done} initial={{ spokeWith: line.customerName ?? undefined, numberDialled: toDial[0] }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/feedback', { params: { path: { requestId: line.requestId } }, headers: { ...header }, body: { ...v, recommend: v.recommend || null, madeItFive: v.madeItFive || null, numberDialled: v.numberDialled || null } }))}
    >
      <Form.Item name="solved" label={t('moves.solved')} rules={needed(t('common.required'))}><Choice options={options('solved')} /></Form.Item>
      <Form.Item name="satisfaction" label={t('moves.satisfaction')} rules={needed(t('common.required'))}><Rate allowClear={false} /></Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.satisfaction !== b.satisfaction}>
        {(form) => (form.getFieldValue('satisfaction') ?? 5) < 5 && <Form.Item name="madeItFive" label={`${t('moves.madeItFive')} (${t('common.optional')})`}><Input.TextArea maxLength={2000} autoSize={{ minRows: 2 }} /></Form.Item>}
      </Form.Item>
      <Form.Item name="recommend" label={`${t('moves.recommend')} (${t('common.optional')})`}><Rate /></Form.Item>
      <div className="pair">
        <Form.Item name="spokeWith" label={t('moves.spokeWith')} rules={needed(t('common.required'))}><Input maxLength={100} /></Form.Item>
        <Form.Item name="numberDialled" label={`${t('moves.numberDialled')} (${t('common.optional')})`}><AutoComplete options={toDial.map((n) => ({ value: n }))}><Input maxLength={40} inputMode="tel" /></AutoComplete></Form.Item>
      </div>
    </MoveDialog>
  );
}

function Refused({ line, toDial, open, close, done }: One) {
  const { t } = useWords();
  return (
    <MoveDialog<{ spokeWith: string; numberDialled?: string; note?: string }, unknown>
      title={t('callBacks.refused')} open={open} onClose={close} done={done} initial={{ spokeWith: line.customerName ?? undefined, numberDialled: toDial[0] }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/feedback/refusal', { params: { path: { requestId: line.requestId } }, headers: { ...header }, body: { spokeWith: v.spokeWith, numberDialled: v.numberDialled || null, note: v.note || null } }))}
    >
      <Form.Item name="spokeWith" label={t('moves.spokeWith')} rules={needed(t('common.required'))}><Input maxLength={100} /></Form.Item>
      <Form.Item name="numberDialled" label={`${t('moves.numberDialled')} (${t('common.optional')})`}><AutoComplete options={toDial.map((n) => ({ value: n }))}><Input maxLength={40} inputMode="tel" /></AutoComplete></Form.Item>
      <Form.Item name="note" label={`${t('callBacks.note')} (${t('common.optional')})`}><Input.TextArea maxLength={1000} autoSize /></Form.Item>
    </MoveDialog>
  );
}

function Later({ line, zone, open, close, done }: One) {
  const { t } = useWords();
  return (
    <MoveDialog<{ until: dayjs.Dayjs; note?: string }, unknown>
      title={t('callBacks.snooze')} open={open} onClose={close} done={done}
      call={(v, header) => told(api.POST('/api/call-backs/{feedbackId}/snooze', { params: { path: { feedbackId: line.feedbackId } }, headers: { ...header }, body: { until: instantOf(v.until, zone), note: v.note || null } }))}
    >
      <Form.Item name="until" label={t('callBacks.until')} rules={needed(t('common.required'))}><DatePicker showTime={{ format: 'HH:mm', minuteStep: 15 }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} /></Form.Item>
      <Form.Item name="note" label={`${t('callBacks.note')} (${t('common.optional')})`}><Input.TextArea maxLength={1000} autoSize /></Form.Item>
    </MoveDialog>
  );
}

function HandOver({ line, open, close, done }: One) {
  const { t } = useWords();
  const staff = useStaff(line.communityId);
  return (
    <MoveDialog<{ staffId: string; note?: string }, unknown>
      title={t('callBacks.handOver')} open={open} onClose={close} done={done}
      call={(v, header) => told(api.POST('/api/call-backs/{feedbackId}/hand-over', { params: { path: { feedbackId: line.feedbackId } }, headers: { ...header }, body: { staffId: v.staffId, note: v.note || null } }))}
    >
      <Form.Item name="staffId" label={t('callBacks.to')} rules={needed(t('common.required'))}><Select showSearch={{ optionFilterProp: 'label' }} options={staff.data?.map((s) => ({ value: s.staffId, label: s.displayName }))} /></Form.Item>
      <Form.Item name="note" label={`${t('callBacks.note')} (${t('common.optional')})`}><Input.TextArea maxLength={1000} autoSize /></Form.Item>
    </MoveDialog>
  );
}
