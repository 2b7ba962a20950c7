import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { AutoComplete, Button, Card, Drawer, Empty, Form, Input, Segmented, Select, Spin, Tag } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { FollowUpEnding, FollowUpLine } from '../api/client';
import { Problem } from '../api/problems';
import { useZoneOf } from '../api/reference';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { Choice } from '../kit/Choice';
import { useFilters } from '../kit/filters';
import { Narrow, useNarrowed } from '../kit/Narrow';
import { useHeld } from '../kit/hands';
import { calm } from '../kit/live';
import { MoveDialog } from '../kit/Form';
import { Due, Moment } from '../kit/Moment';
import { Numbers } from '../kit/Numbers';
import { spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { resultsOf } from './attempts';
import { Calls, HandOver, Later, Tried } from './Ringing';

/** What bad answers ask of us: ring, explain, or send somebody again. The one that is due first on top; the score stands. */
export default function FollowUpsScreen() {
  const { t, word } = useWords();
  const [f, change] = useFilters(['show']);
  const ready = f.show === 'ready';
  const by = useNarrowed();
  const communityId = by.communityId;
  const [open, setOpen] = useState<FollowUpLine>();
  useTitle(t('nav.followUps'));
  const list = useInfiniteQuery({
    queryKey: ['follow-ups', ready, communityId],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/follow-ups', { params: { query: { communityId, ready, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zoneOf = useZoneOf();
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('nav.followUps')}</h1>
        <Segmented value={ready ? 'ready' : 'all'} onChange={(v) => change({ show: v === 'ready' ? 'ready' : undefined })} options={[{ value: 'all', label: t('callBacks.all') }, { value: 'ready', label: t('callBacks.ready') }]} />
      </div>
      <Narrow by={by} />
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('followUps.empty')}<br /><span className="quiet">{t('followUps.emptyHint')}</span></>} /></Card>
      ) : (
        <div className="orders">
          {rows.map((u) => (
            <div key={u.followUpId} className="order" data-part="follow-up">
              <div className="row spread">
                <span className="row">
                  <Link className="number" to={`/requests/${u.requestId}`}>{spoken(u.number)}</Link>
                  <strong>{u.customerName}</strong>
                  <Tag color="red">{word('followUpReason', u.reason)}</Tag>
                  {u.satisfaction != null && <Tag>{u.satisfaction} / 5</Tag>}
                  {u.attempts > 0 && <Tag>{t('callBacks.attempts', { count: u.attempts })}</Tag>}
                  {u.takenByName && <Tag color="blue">{t('callBacks.takenBy', { name: u.takenByName })}</Tag>}
                  {u.handedToName && <Tag>{t('callBacks.handedTo', { name: u.handedToName })}</Tag>}
                  <span className="quiet">{word('requestStatus', u.status)}</span>
                </span>
                <Due at={u.dueAt} zone={zoneOf(u.communityId)} />
              </div>
              <div className="clamp">{u.description}</div>
              {u.madeItFive && <div><span className="quiet">{t('followUps.said')}</span> {u.madeItFive}</div>}
              <div className="row spread">
                <span className="quiet">{u.callAfter && Date.parse(u.callAfter) > Date.now() && <>{t('callBacks.callAfter')} <Moment at={u.callAfter} zone={zoneOf(u.communityId)} brief /></>}</span>
                <Button onClick={() => setOpen(u)} data-act="open-follow-up">{t('followUps.ring')}</Button>
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

/** One of them: what to say, the calls so far, and how it ends. */
function Sheet({ line, zone, close }: { line: FollowUpLine; zone: string; close: () => void }) {
  const { t, word } = useWords();
  const client = useQueryClient();
  const session = useSession();
  const path = { followUpId: line.followUpId };
  const sheet = useQuery({ queryKey: ['follow-up', line.followUpId], queryFn: ({ signal }) => told(api.GET('/api/follow-ups/{followUpId}', { params: { path }, signal })) });
  const [toDial, setToDial] = useState<string[]>([]);
  const [doing, setDoing] = useState<'tried' | 'snooze' | 'handOver' | 'end'>();
  const first = useHeld(toDial[0], doing !== undefined);
  const known = useHeld(sheet.data?.numberKnown ?? true, doing !== undefined);
  const changed = () => void client.invalidateQueries({ queryKey: ['follow-ups'] }).then(() => sheet.refetch());
  const ended = () => { void client.invalidateQueries({ queryKey: ['follow-ups'] }); close(); };
  const taking = useSend<void, unknown>((_, header) => told(api.POST('/api/follow-ups/{followUpId}/taking', { params: { path }, headers: { ...header } })), changed);
  const releasing = useSend<void, unknown>((_, header) => told(api.POST('/api/follow-ups/{followUpId}/release', { params: { path }, headers: { ...header } })), changed);
  if (nothingOf(sheet)) return <Trouble problem={Problem.from(sheet.error)} retry={() => void sheet.refetch()} />;
  if (!sheet.data) return <Spin className="waiting" />;
  const s = sheet.data;
  const mine = !!s.takenBy && s.takenBy === session.data?.staffId;
  // What they said neither closed it nor sent it back: whoever rang says what becomes of it.
  const waits = line.status === 'awaitingFeedback' && s.reason !== 'notSolved';
  const keep = (what: string) => `follow-up ${line.followUpId} ${what}`;
  const ringing = { communityId: line.communityId, zone, close: () => setDoing(undefined), done: changed };
  // Whoever owes the call does not end it by reading; nobody else has anything to read.
  const endings = (['calledBack', 'explained', 'rework', 'unreachable', 'noted'] as const).filter((e) => e !== 'noted' || s.forRole === 'manager');
  return (
    <div className="stack">
      <Behind of={sheet} />
      <div className="row">
        <Numbers masked={line.phones.length ? line.phones : [line.reporterPhone]} of={{ requestId: line.requestId }} onShown={setToDial} />
        {s.takenByName && <Tag color="blue">{t('callBacks.takenBy', { name: s.takenByName })}</Tag>}
        {s.handedToName && <Tag>{t('callBacks.handedTo', { name: s.handedToName })}</Tag>}
        {s.callAfter && Date.parse(s.callAfter) > Date.now() && <span className="quiet">{t('callBacks.callAfter')} <Moment at={s.callAfter} zone={zone} /></span>}
      </div>
      {!mine && <p className="quiet">{t('callBacks.takeFirst')}</p>}
      <div className="row">
        {!mine && <Button type="primary" loading={taking.pending} onClick={() => void taking.send()} data-act="take">{t('callBacks.take')}</Button>}
        {mine && <Button loading={releasing.pending} onClick={() => void releasing.send()} data-act="release">{t('callBacks.release')}</Button>}
        <Button type={mine ? 'primary' : 'default'} onClick={() => setDoing('end')} data-act="end">{t('followUps.end')}</Button>
        {(['tried', 'snooze', 'handOver'] as const).map((d) => <Button key={d} onClick={() => setDoing(d)} data-act={d}>{t(`callBacks.${d}`)}</Button>)}
      </div>
      <Trouble problem={taking.problem ?? releasing.problem} />
      <Card title={t('callBacks.script')}><ol>{s.script.map((say) => <li key={say}>{say}</li>)}</ol></Card>
      <Card title={t('callBacks.calls')}><Calls calls={s.calls} zone={zone} /></Card>
      <Tried key={`tried ${first} ${known}`} {...ringing} keep={keep('tried')} toDial={toDial} results={resultsOf({ ...s, numberKnown: known })} open={doing === 'tried'} call={(body, header) => told(api.POST('/api/follow-ups/{followUpId}/call-attempts', { params: { path }, headers: { ...header }, body }))} />
      <Later {...ringing} keep={keep('snooze')} open={doing === 'snooze'} call={(body, header) => told(api.POST('/api/follow-ups/{followUpId}/snooze', { params: { path }, headers: { ...header }, body }))} />
      <HandOver {...ringing} keep={keep('handOver')} open={doing === 'handOver'} call={(body, header) => told(api.POST('/api/follow-ups/{followUpId}/hand-over', { params: { path }, headers: { ...header }, body }))} />
      <MoveDialog<{ how: FollowUpEnding; words: string; spokeWith?: string; numberDialled?: string; then?: 'close' | 'leave' }, unknown>
        key={`end ${first}`} keep={keep('end')} title={t('followUps.end')} open={doing === 'end'} onClose={ringing.close} done={ended}
        initial={{ how: s.forRole === 'manager' ? 'noted' : 'calledBack', spokeWith: line.customerName ?? undefined, numberDialled: toDial[0] }}
        call={async (v, header) => {
          const { request } = await told(api.POST('/api/follow-ups/{followUpId}/ending', {
            params: { path }, headers: { ...header }, body: { how: v.how, words: v.words, ...(v.how === 'calledBack' ? { spokeWith: v.spokeWith || null, numberDialled: v.numberDialled || null } : { spokeWith: null, numberDialled: null }) },
          }));
          if (!waits || v.how === 'rework' || v.then !== 'close' || !request.allowedMoves.includes('close')) return;
          await told(api.POST('/api/requests/{requestId}/closure', { params: { path: { requestId: line.requestId }, header: { 'Idempotency-Key': `${header['Idempotency-Key']}-close` } }, body: { decision: 'close', words: v.words.slice(0, 1000) } }));
        }}
      >
        <Form.Item name="how" label={t('followUps.how')}><Select options={endings.map((e) => ({ value: e, label: word('followUpEnding', e) }))} /></Form.Item>
        <Form.Item noStyle shouldUpdate={(a, b) => a.how !== b.how}>
          {(form) => form.getFieldValue('how') === 'calledBack' && (
            <div className="pair">
              <Form.Item name="spokeWith" label={t('callBacks.spokeWith')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={100} /></Form.Item>
              <Form.Item name="numberDialled" label={t('callBacks.number')} rules={[{ required: true, message: t('common.required') }]}><AutoComplete options={toDial.map((n) => ({ value: n }))}><Input maxLength={40} inputMode="tel" /></AutoComplete></Form.Item>
            </div>
          )}
        </Form.Item>
        <Form.Item name="words" label={t('followUps.words')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea maxLength={2000} autoSize={{ minRows: 2 }} /></Form.Item>
        <Form.Item noStyle shouldUpdate={(a, b) => a.how !== b.how}>
          {(form) => waits && form.getFieldValue('how') !== 'rework' && (
            <Form.Item name="then" label={t('followUps.then')} rules={[{ required: true, message: t('common.required') }]} extra={t('followUps.thenHint')}>
              <Choice options={[{ value: 'close', label: t('followUps.thenClose') }, { value: 'leave', label: t('followUps.thenLeave') }]} />
            </Form.Item>
          )}
        </Form.Item>
      </MoveDialog>
    </div>
  );
}
