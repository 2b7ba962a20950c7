import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { AutoComplete, Button, Card, Drawer, Empty, Form, Input, Segmented, Spin, Tag } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { CallBackLine, CallBackSheet, FeedbackState, Solved } from '../api/client';
import { Problem } from '../api/problems';
import { useZoneOf } from '../api/reference';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { calm } from '../kit/live';
import { Choice } from '../kit/Choice';
import { useHeld } from '../kit/hands';
import { useFilters } from '../kit/filters';
import { Narrow, useNarrowed } from '../kit/Narrow';
import { MoveDialog } from '../kit/Form';
import { Due, Moment } from '../kit/Moment';
import { Numbers } from '../kit/Numbers';
import { Stars } from '../kit/Stars';
import { spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { resultsOf } from './attempts';
import { OwnersPhoto, sendOwnersPhoto } from './OwnersWord';
import { Calls, HandOver, Later, Tried } from './Ringing';

const shown = ['ready', 'toCall', 'asked', 'reminded'] as const;

/** Whom to ring about what was done, the oldest round first; one of them opened is a sheet with what to say and what was tried. */
export default function CallBacksScreen() {
  const { t, word, pick } = useWords();
  const [f, change] = useFilters(['state']);
  const view = shown.find((s) => s === f.state) ?? 'ready';
  const by = useNarrowed();
  const communityId = by.communityId;
  const state: FeedbackState = view === 'ready' ? 'toCall' : view;
  const [open, setOpen] = useState<CallBackLine>();
  useTitle(t('nav.callBacks'));
  const list = useInfiniteQuery({
    queryKey: ['call-backs', view, communityId],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/call-backs', { params: { query: { communityId, state, ready: view === 'ready', take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zoneOf = useZoneOf();
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('nav.callBacks')}</h1>
        <Segmented value={view} onChange={(v) => change({ state: v === 'ready' ? undefined : v })} options={shown.map((s) => ({ value: s, label: s === 'ready' ? t('callBacks.ready') : word('feedbackState', s) }))} />
      </div>
      <Narrow by={by} />
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
                {c.dueAt ? <Due at={c.dueAt} zone={zoneOf(c.communityId)} /> : <Moment at={c.startedAt} zone={zoneOf(c.communityId)} brief />}
              </div>
              <div className="clamp">{c.description}</div>
              <div className="row spread">
                <span className="quiet">{[word('requestKind', c.kind), pick(c.placeName, c.placeNameEn)].filter(Boolean).join(' · ')}{c.callAfter && Date.parse(c.callAfter) > Date.now() && <> · {t('callBacks.callAfter')} <Moment at={c.callAfter} zone={zoneOf(c.communityId)} brief /></>}</span>
                <Button onClick={() => setOpen(c)} data-act="open-call">{t('callBacks.script')}</Button>
              </div>
            </div>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      <Drawer title={open && `${spoken(open.number)} ${open.customerName ?? ''}`} open={!!open} onClose={() => setOpen(undefined)} size="large">
        {open && <Sheet line={open} zone={zoneOf(open.communityId)} close={() => setOpen(undefined)} />}
      </Drawer>
    </div>
  );
}

/** One call: the script, the calls so far, and what may be done about it. */
function Sheet({ line, zone, close }: { line: CallBackLine; zone: string; close: () => void }) {
  const { t } = useWords();
  const client = useQueryClient();
  const session = useSession();
  const path = { feedbackId: line.feedbackId };
  const sheet = useQuery({ queryKey: ['call-back', line.feedbackId], queryFn: ({ signal }) => told(api.GET('/api/call-backs/{feedbackId}', { params: { path }, signal })) });
  const [toDial, setToDial] = useState<string[]>([]);
  const [doing, setDoing] = useState<'tried' | 'answered' | 'refused' | 'snooze' | 'handOver'>();
  const first = useHeld(toDial[0], doing !== undefined);
  const known = useHeld(sheet.data?.numberKnown ?? true, doing !== undefined);
  const changed = () => void client.invalidateQueries({ queryKey: ['call-backs'] }).then(() => sheet.refetch());
  const ended = () => { void client.invalidateQueries({ queryKey: ['call-backs'] }); close(); };
  const taking = useSend<void, unknown>((_, header) => told(api.POST('/api/call-backs/{feedbackId}/taking', { params: { path }, headers: { ...header } })), changed);
  const releasing = useSend<void, unknown>((_, header) => told(api.POST('/api/call-backs/{feedbackId}/release', { params: { path }, headers: { ...header } })), changed);
  if (nothingOf(sheet)) return <Trouble problem={Problem.from(sheet.error)} retry={() => void sheet.refetch()} />;
  if (!sheet.data) return <Spin className="waiting" />;
  const s = sheet.data;
  const mine = !!s.takenBy && s.takenBy === session.data?.staffId;
  const dialog = { line, sheet: s, zone, toDial, close: () => setDoing(undefined) };
  const keep = (what: string) => `call-back ${line.feedbackId} ${what}`;
  const ringing = { communityId: line.communityId, zone, close: dialog.close, done: changed };
  return (
    <div className="stack">
      <Behind of={sheet} />
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
        {mine && <Button loading={releasing.pending} onClick={() => void releasing.send()} data-act="release">{t('callBacks.release')}</Button>}
        {(['answered', 'refused', 'tried', 'snooze', 'handOver'] as const).map((d) => <Button key={d} type={mine && d === 'answered' ? 'primary' : 'default'} onClick={() => setDoing(d)} data-act={d}>{t(`callBacks.${d}`)}</Button>)}
      </div>
      <Trouble problem={taking.problem ?? releasing.problem} />
      <Card title={t('callBacks.script')}><ol>{s.script.map((say) => <li key={say}>{say}</li>)}</ol></Card>
      <Card title={t('callBacks.calls')}>
        <Calls calls={s.calls} zone={zone} />
      </Card>
      <Tried
        key={`tried ${first} ${known}`} {...ringing} keep={keep('tried')} open={doing === 'tried'} toDial={toDial} results={resultsOf({ ...s, numberKnown: known })}
        call={(body, header) => told(api.POST('/api/requests/{requestId}/feedback/call-attempts', { params: { path: { requestId: line.requestId } }, headers: { ...header }, body }))}
      />
      <Answered key={`answered ${first}`} {...dialog} keep={keep('answered')} open={doing === 'answered'} done={ended} />
      <Refused key={`refused ${first}`} {...dialog} keep={keep('refused')} open={doing === 'refused'} done={ended} />
      <Later {...ringing} keep={keep('snooze')} open={doing === 'snooze'} call={(body, header) => told(api.POST('/api/call-backs/{feedbackId}/snooze', { params: { path }, headers: { ...header }, body }))} />
      <HandOver {...ringing} keep={keep('handOver')} open={doing === 'handOver'} call={(body, header) => told(api.POST('/api/call-backs/{feedbackId}/hand-over', { params: { path }, headers: { ...header }, body }))} />
    </div>
  );
}

interface One { keep: string; line: CallBackLine; sheet: CallBackSheet; zone: string; toDial: string[]; open: boolean; close: () => void; done: () => void }

const needed = (message: string) => [{ required: true, message }];

function Answered({ line, toDial, open, close, done, keep }: One) {
  const { t, options } = useWords();
  const [photo, setPhoto] = useState<File>();
  return (
    <MoveDialog<{ solved: Solved; satisfaction: number; recommend?: number; madeItFive?: string; spokeWith: string; numberDialled?: string }, unknown>
      keep={keep} title={t('callBacks.answered')} open={open} onClose={close} initial={{ spokeWith: line.customerName ?? undefined, numberDialled: toDial[0] }}
      done={() => { setPhoto(undefined); done(); }}
      call={async (v, header) => {
        await sendOwnersPhoto(line.requestId, photo, header);
        return told(api.POST('/api/requests/{requestId}/feedback', { params: { path: { requestId: line.requestId } }, headers: { ...header }, body: { ...v, recommend: v.recommend || null, madeItFive: v.madeItFive || null, numberDialled: v.numberDialled || null } }));
      }}
    >
      <Form.Item name="solved" label={t('moves.solved')} rules={needed(t('common.required'))}><Choice options={options('solved')} /></Form.Item>
      <Form.Item name="satisfaction" label={t('moves.satisfaction')} rules={needed(t('common.required'))}><Stars allowClear={false} /></Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.satisfaction !== b.satisfaction}>
        {(form) => (form.getFieldValue('satisfaction') ?? 5) < 5 && <Form.Item name="madeItFive" label={`${t('moves.madeItFive')} (${t('common.optional')})`}><Input.TextArea maxLength={2000} autoSize={{ minRows: 2 }} /></Form.Item>}
      </Form.Item>
      <Form.Item name="recommend" label={`${t('moves.recommend')} (${t('common.optional')})`}><Stars /></Form.Item>
      <OwnersPhoto photo={photo} choose={setPhoto} />
      <div className="pair">
        <Form.Item name="spokeWith" label={t('moves.spokeWith')} rules={needed(t('common.required'))}><Input maxLength={100} /></Form.Item>
        <Form.Item name="numberDialled" label={`${t('moves.numberDialled')} (${t('common.optional')})`}><AutoComplete options={toDial.map((n) => ({ value: n }))}><Input maxLength={40} inputMode="tel" /></AutoComplete></Form.Item>
      </div>
    </MoveDialog>
  );
}

function Refused({ line, toDial, open, close, done, keep }: One) {
  const { t } = useWords();
  return (
    <MoveDialog<{ spokeWith: string; numberDialled?: string; note?: string }, unknown>
      keep={keep} title={t('callBacks.refused')} open={open} onClose={close} done={done} initial={{ spokeWith: line.customerName ?? undefined, numberDialled: toDial[0] }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/feedback/refusal', { params: { path: { requestId: line.requestId } }, headers: { ...header }, body: { spokeWith: v.spokeWith, numberDialled: v.numberDialled || null, note: v.note || null } }))}
    >
      <Form.Item name="spokeWith" label={t('moves.spokeWith')} rules={needed(t('common.required'))}><Input maxLength={100} /></Form.Item>
      <Form.Item name="numberDialled" label={`${t('moves.numberDialled')} (${t('common.optional')})`}><AutoComplete options={toDial.map((n) => ({ value: n }))}><Input maxLength={40} inputMode="tel" /></AutoComplete></Form.Item>
      <Form.Item name="note" label={`${t('callBacks.note')} (${t('common.optional')})`}><Input.TextArea maxLength={1000} autoSize /></Form.Item>
    </MoveDialog>
  );
}
