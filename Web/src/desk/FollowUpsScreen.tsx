import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Input, Select, Spin, Tag } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { FollowUpEnding, FollowUpLine } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { calm } from '../kit/live';
import { MoveDialog } from '../kit/Form';
import { Due } from '../kit/Moment';
import { spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

/** What bad answers ask of us: call back, explain, or send somebody again. The one that is due first on top; the score stands. */
export default function FollowUpsScreen() {
  const { t, word, options } = useWords();
  const client = useQueryClient();
  const [ending, setEnding] = useState<FollowUpLine>();
  useTitle(t('nav.followUps'));
  const list = useInfiniteQuery({
    queryKey: ['follow-ups'],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/follow-ups', { params: { query: { take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zone = useZone(rows[0]?.communityId);
  return (
    <div className="stack">
      <h1>{t('nav.followUps')}</h1>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('followUps.empty')}<br /><span className="quiet">{t('followUps.emptyHint')}</span></>} /></Card>
      ) : (
        <div className="orders">
          {rows.map((f) => (
            <div key={f.followUpId} className="order">
              <div className="row spread">
                <span className="row">
                  <Link className="number" to={`/requests/${f.requestId}`}>{spoken(f.number)}</Link>
                  <strong>{f.customerName}</strong>
                  <Tag color="red">{word('followUpReason', f.reason)}</Tag>
                  {f.satisfaction != null && <Tag>{f.satisfaction} / 5</Tag>}
                  <span className="quiet">{word('requestStatus', f.status)}</span>
                </span>
                <Due at={f.dueAt} zone={zone} />
              </div>
              <div className="clamp">{f.description}</div>
              {f.madeItFive && <div><span className="quiet">{t('followUps.said')}</span> {f.madeItFive}</div>}
              <Button onClick={() => setEnding(f)} data-act="end">{t('followUps.end')}</Button>
            </div>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>{t('common.more')}</Button>}
      {ending && (
        <MoveDialog<{ how: FollowUpEnding; words: string }, unknown>
          title={t('followUps.end')} open onClose={() => setEnding(undefined)} done={() => void client.invalidateQueries({ queryKey: ['follow-ups'] })} initial={{ how: 'calledBack' }}
          call={(v, header) => told(api.POST('/api/follow-ups/{followUpId}/ending', { params: { path: { followUpId: ending.followUpId } }, headers: { ...header }, body: v }))}
        >
          <Form.Item name="how" label={t('followUps.how')}><Select options={options('followUpEnding')} /></Form.Item>
          <Form.Item name="words" label={t('followUps.words')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea maxLength={2000} autoSize={{ minRows: 2 }} /></Form.Item>
        </MoveDialog>
      )}
    </div>
  );
}
