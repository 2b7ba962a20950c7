import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Card, Empty, Segmented, Spin, Tag } from 'antd';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { FeedbackState } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { useFilters } from '../kit/filters';
import { Due, Moment } from '../kit/Moment';
import { Numbers } from '../kit/Numbers';
import { spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

const states: FeedbackState[] = ['toCall', 'asked', 'reminded'];

/** Whom to ring about what was done, the one due first on top. */
export default function CallBacksScreen() {
  const { t, word } = useWords();
  const [f, change] = useFilters(['state']);
  const state = (f.state ?? 'toCall') as FeedbackState;
  useTitle(t('nav.callBacks'));
  const list = useInfiniteQuery({
    queryKey: ['call-backs', state],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/call-backs', { params: { query: { state, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 30_000,
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zone = useZone(rows[0]?.communityId);
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('nav.callBacks')}</h1>
        <Segmented value={state} onChange={(v) => change({ state: v === 'toCall' ? undefined : v })} options={states.map((s) => ({ value: s, label: word('feedbackState', s) }))} />
      </div>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('callBacks.empty')} /></Card>
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
                </span>
                {c.dueAt ? <Due at={c.dueAt} zone={zone} /> : <Moment at={c.startedAt} zone={zone} brief />}
              </div>
              <div className="clamp">{c.description}</div>
              <div className="quiet">{[word('requestKind', c.kind), c.placeName].filter(Boolean).join(' · ')}</div>
            </div>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>{t('common.more')}</Button>}
    </div>
  );
}
