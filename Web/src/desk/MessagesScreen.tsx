import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Input, Spin, Tag } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { MessageLine } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { calm } from '../kit/live';
import { MoveDialog } from '../kit/Form';
import { Moment } from '../kit/Moment';
import { spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

/** Messages that could not be delivered: try again, or let it be and say why. */
export default function MessagesScreen() {
  const { t, word } = useWords();
  const client = useQueryClient();
  const [discarding, discard] = useState<MessageLine>();
  useTitle(t('messages.title'));
  const list = useInfiniteQuery({
    queryKey: ['parked-messages'],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/messages/parked', { params: { query: { take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zone = useZone(rows[0]?.communityId);
  const again = () => void client.invalidateQueries({ queryKey: ['parked-messages'] });
  return (
    <div className="stack">
      <h1>{t('messages.title')}</h1>
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
                {m.parkedAt && <Moment at={m.parkedAt} zone={zone} brief />}
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
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>{t('common.more')}</Button>}
      <MoveDialog<{ reason: string }, unknown>
        title={t('messages.discard')}
        open={!!discarding}
        onClose={() => discard(undefined)}
        call={(v, header) => told(api.POST('/api/messages/{messageId}/discard', { params: { path: { messageId: discarding!.messageId }, header }, body: { reason: v.reason } }))}
        done={again}
      >
        <Form.Item name="reason" label={t('messages.reason')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea rows={3} maxLength={1000} /></Form.Item>
      </MoveDialog>
    </div>
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
