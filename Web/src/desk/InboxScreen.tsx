import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Input, Select, Spin, Tag } from 'antd';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, told } from '../api/client';
import type { InboundLine, InboundSettled, RequestKind, RequestReply } from '../api/client';
import { Problem } from '../api/problems';
import { useZoneOf } from '../api/reference';
import { useSend } from '../api/sending';
import { AskFirst } from '../kit/AskFirst';
import { calm } from '../kit/live';
import { MoveDialog } from '../kit/Form';
import { Narrow, useNarrowed } from '../kit/Narrow';
import { Moment } from '../kit/Moment';
import { CategoryPick, PlacePick } from '../kit/Picks';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { useCard } from './CustomerCardView';

interface Typed {
  kind: RequestKind;
  categoryId: string;
  placeId?: string;
  description: string;
  name?: string;
}

/** Messages that came in and are nobody's open matter: a new request, or none. */
export default function InboxScreen() {
  const { t, word } = useWords();
  const client = useQueryClient();
  const [registering, register] = useState<InboundLine>();
  const by = useNarrowed();
  const communityId = by.communityId;
  useTitle(t('inbox.title'));
  const list = useInfiniteQuery({
    queryKey: ['inbox', communityId],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/inbound-messages', { params: { query: { communityId, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zoneOf = useZoneOf();
  const again = () => void client.invalidateQueries({ queryKey: ['inbox'] });
  return (
    <div className="stack">
      <h1>{t('inbox.title')}</h1>
      <Narrow by={by} />
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('inbox.empty')}<br /><span className="quiet">{t('inbox.emptyHint')}</span></>} /></Card>
      ) : (
        <div className="orders">
          {rows.map((m) => (
            <div key={m.inboundMessageId} className="order" data-part="inbound">
              <div className="row spread">
                <span className="row">
                  <Tag>{word('inboundChannel', m.channel)}</Tag>
                  {m.customerId ? <Link to={`/customers/${m.customerId}`}>{m.customerName}</Link> : <span className="number">{m.sender}</span>}
                  {m.subject && <strong>{m.subject}</strong>}
                </span>
                <Moment at={m.receivedAt} zone={zoneOf(m.communityId)} brief />
              </div>
              <div className="pre">{m.text}</div>
              <div className="row">
                <Button size="small" type="primary" onClick={() => register(m)}>{t('inbox.register')}</Button>
                <NoRequest line={m} done={again} />
              </div>
            </div>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      {registering && <Register key={registering.inboundMessageId} line={registering} close={() => register(undefined)} done={again} />}
    </div>
  );
}

/** It was no request. A refusal stands beside the message that it is about. */
function NoRequest({ line, done }: { line: InboundLine; done: () => void }) {
  const { t } = useWords();
  const sending = useSend<void, InboundSettled>((_, header) => told(api.POST('/api/inbound-messages/{inboundMessageId}/settlement', { params: { path: { inboundMessageId: line.inboundMessageId }, header }, body: {} })), done);
  return (
    <>
      <AskFirst title={t('forGood.noRequest')} okText={t('inbox.none')} cancelText={t('common.cancel')} onConfirm={() => void sending.send()}><Button size="small" loading={sending.pending} data-act="no-request">{t('inbox.none')}</Button></AskFirst>
      <Trouble problem={sending.problem} />
    </>
  );
}

/** Registers the request first, then says that this message was it: pressed again after a lost reply, neither is done twice. */
function Register({ line, close, done }: { line: InboundLine; close: () => void; done: () => void }) {
  const { t, options, pick } = useWords();
  const go = useNavigate();
  const card = useCard(line.customerId ?? undefined);
  return (
    <MoveDialog<Typed, RequestReply>
      rename={(field) => (field === 'customerId' ? 'name' : field)}
      keep={`inbound ${line.inboundMessageId}`}
      title={t('inbox.register')}
      open
      wide
      onClose={close}
      initial={{ kind: 'repair', description: line.text, name: line.customerName ?? '' }}
      call={async (v, header) => {
        const made = await told(api.POST('/api/requests', {
          params: { header },
          body: {
            communityId: line.communityId, kind: v.kind, channel: line.channel === 'email' ? 'email' : 'phone', categoryId: v.categoryId, description: v.description, reportedAt: line.receivedAt, confidential: false,
            toConfirm: false, placeId: v.placeId ?? null,
            customerId: line.customerId, reporter: line.customerId ? null : { name: v.name || null },
          },
        }));
        await told(api.POST('/api/inbound-messages/{inboundMessageId}/settlement', {
          params: { path: { inboundMessageId: line.inboundMessageId }, header: { 'Idempotency-Key': `${header['Idempotency-Key']}-s` } }, body: { requestId: made.requestId },
        }));
        return made;
      }}
      done={(made) => {
        done();
        void go(`/requests/${made.requestId}`);
      }}
    >
      <Form.Item noStyle shouldUpdate={(a: Typed, b: Typed) => a.kind !== b.kind}>
        {(form) => (
          <>
            <Form.Item name="kind" label={t('register.kind')}><Select options={options('requestKind')} onChange={() => form.setFieldValue('categoryId', undefined)} /></Form.Item>
            <Form.Item name="categoryId" label={t('register.category')} rules={[{ required: true, message: t('register.needCategory') }]}><CategoryPick communityId={line.communityId} kind={(form.getFieldValue('kind') as RequestKind | undefined) ?? 'repair'} /></Form.Item>
          </>
        )}
      </Form.Item>
      <Form.Item name="placeId" label={`${t('register.place')} (${t('common.optional')})`}><PlacePick communityId={line.communityId} first={card.data?.homes.map((h) => ({ value: h.placeId, label: pick(h.placeName, h.placeNameEn) }))} /></Form.Item>
      {!line.customerId && <Form.Item name="name" label={t('desk.callerName')}><Input maxLength={100} /></Form.Item>}
      <Form.Item name="description" label={t('register.description')} rules={[{ required: true, whitespace: true, message: t('register.needDescription') }]}><Input.TextArea rows={4} maxLength={4000} /></Form.Item>
    </MoveDialog>
  );
}
