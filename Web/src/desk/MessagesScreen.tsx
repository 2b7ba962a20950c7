import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Input, Segmented, Spin, Tag } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { MessageLine, SignedIn } from '../api/client';
import { Problem } from '../api/problems';
import { useZoneOf } from '../api/reference';
import { useSend } from '../api/sending';
import { screensOf } from '../api/session';
import { useFilters } from '../kit/filters';
import { calm } from '../kit/live';
import { MoveDialog } from '../kit/Form';
import { Narrow, useNarrowed } from '../kit/Narrow';
import { Moment } from '../kit/Moment';
import { spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useLooked } from '../kit/unseen';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { useUnseenOfMine } from './toldMe';

const tabs = ['parked', 'mine'] as const;

/** What could not be delivered, for whom that is; and what whoever looks was told themselves. */
export default function MessagesScreen({ who }: { who: SignedIn }) {
  const { t } = useWords();
  const [f, change] = useFilters(['show']);
  const screens = screensOf(who);
  const its = tabs.filter((s) => s === 'mine' || screens.desk || screens.admin);
  const show = its.find((s) => s === f.show) ?? its[0]!;
  const unseen = useUnseenOfMine(who.staffId);
  useTitle(t('messages.title'));
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t(its.length > 1 ? 'messages.title' : 'messages.mine')}</h1>
        {its.length > 1 && <Segmented className="tabs" value={show} onChange={(v) => change({ show: v === its[0] ? undefined : v })} options={its.map((s) => ({ value: s, label: s === 'mine' && unseen > 0 ? `${t('messages.mine')} (${unseen})` : t(`messages.${s}`) }))} />}
      </div>
      {show === 'parked' ? <Parked /> : <Mine staffId={who.staffId} />}
    </div>
  );
}

/** What I was told, the newest first: the screen is where nothing else leads to me. */
function Mine({ staffId }: { staffId: string }) {
  const { t, word } = useWords();
  const list = useInfiniteQuery({
    queryKey: ['told-me'],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/messages/mine', { params: { query: { take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zoneOf = useZoneOf();
  useLooked(staffId, list.data && rows);
  return (
    <>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('messages.nothing')}<br /><span className="quiet">{t('messages.nothingHint')}</span></>} /></Card>
      ) : (
        <div className="orders">
          {rows.map((m) => (
            <div key={m.messageId} className="order row spread" data-part="told">
              <span className="row">
                <strong>{word('messageTemplate', m.template)}</strong>
                {m.requestId && m.requestNumber ? <Link className="number" to={`/requests/${m.requestId}`}>{spoken(m.requestNumber)}</Link> : m.workOrderId && <Link to={`/work-orders/${m.workOrderId}`}>{t('messages.order')}</Link>}
                <Tag>{m.sentAt && m.channel ? word('messageChannel', m.channel) : t('messages.waiting')}</Tag>
              </span>
              <Moment at={m.createdAt} zone={zoneOf(m.communityId)} brief />
            </div>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
    </>
  );
}

/** Messages that could not be delivered: try again, or let it be and say why. */
function Parked() {
  const { t, word } = useWords();
  const client = useQueryClient();
  const [discarding, discard] = useState<MessageLine>();
  const by = useNarrowed();
  const communityId = by.communityId;
  const list = useInfiniteQuery({
    queryKey: ['parked-messages', communityId],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/messages/parked', { params: { query: { communityId, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zoneOf = useZoneOf();
  const again = () => void client.invalidateQueries({ queryKey: ['parked-messages'] });
  return (
    <>
      <Narrow by={by} />
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('messages.empty')}<br /><span className="quiet">{t('messages.emptyHint')}</span></>} /></Card>
      ) : (
        <div className="orders">
          {rows.map((m) => (
            <div key={m.messageId} className="order" data-part="message">
              <div className="row spread">
                <span className="row">
                  {m.parkedWhy && <Tag color="red">{word('parkedWhy', m.parkedWhy)}</Tag>}
                  <strong>{word('messageTemplate', m.template)}</strong>
                  {m.requestId && m.requestNumber && <Link className="number" to={`/requests/${m.requestId}`}>{spoken(m.requestNumber)}</Link>}
                </span>
                {m.parkedAt && <Moment at={m.parkedAt} zone={zoneOf(m.communityId)} brief />}
              </div>
              <div className="quiet">
                {[m.recipientName ?? (m.recipientRole && word('roles', m.recipientRole)) ?? word('recipientKind', m.recipientKind), m.channel && word('messageChannel', m.channel), t('messages.tries', { count: m.attempts }), m.lastFailure].filter(Boolean).join(' · ')}
              </div>
              <div className="row">
                {m.allowedMoves.includes('retry') && <Retry line={m} done={again} />}
                {m.allowedMoves.includes('discard') && <Button size="small" onClick={() => discard(m)}>{t('messages.discard')}</Button>}
              </div>
            </div>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      <MoveDialog<{ reason: string }, unknown>
        keep={discarding && `message ${discarding.messageId} discard`}
        title={t('messages.discard')}
        open={!!discarding}
        onClose={() => discard(undefined)}
        call={(v, header) => told(api.POST('/api/messages/{messageId}/discard', { params: { path: { messageId: discarding!.messageId }, header }, body: { reason: v.reason } }))}
        done={again}
      >
        <Form.Item name="reason" label={t('messages.reason')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea rows={3} maxLength={1000} /></Form.Item>
      </MoveDialog>
    </>
  );
}

/** A refusal stands beside the message that it is about. */
function Retry({ line, done }: { line: MessageLine; done: () => void }) {
  const { t } = useWords();
  const sending = useSend<void, unknown>((_, header) => told(api.POST('/api/messages/{messageId}/retry', { params: { path: { messageId: line.messageId }, header } })), done);
  return (
    <>
      <Button size="small" loading={sending.pending} onClick={() => void sending.send()}>{t('messages.retry')}</Button>
      <Trouble problem={sending.problem} />
    </>
  );
}
