import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Empty, Segmented, Spin } from 'antd';
import { api, told } from '../api/client';
import { Problem } from '../api/problems';
import { calm } from '../kit/live';
import { useFilters } from '../kit/filters';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { OrderLine } from './OrderLine';

const shown = {
  team: { open: true, myTeams: true, sort: 'dueFirst' },
  mine: { open: true, mine: true, sort: 'dueFirst' },
  pool: { open: true, myTeams: true, pool: true, sort: 'dueFirst' },
  done: { open: false, myTeams: true, sort: 'newestFirst' },
} as const;

/** The team's orders, the most urgent first. */
export default function CrewScreen() {
  const { t } = useWords();
  const [f, change] = useFilters(['show']);
  const show = (f.show && f.show in shown ? f.show : 'team') as keyof typeof shown;
  useTitle(t('crew.title'));
  const orders = useInfiniteQuery({
    queryKey: ['work-orders', 'crew', show],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/work-orders', { params: { query: { ...shown[show], take: 30, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = orders.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <div className="stack" style={{ maxWidth: 720, margin: '0 auto' }}>
      <Segmented
        block
        size="large"
        value={show}
        onChange={(v) => change({ show: v === 'team' ? undefined : v })}
        options={[{ value: 'team', label: t('crew.team') }, { value: 'mine', label: t('crew.mine') }, { value: 'pool', label: t('crew.pool') }, { value: 'done', label: t('crew.done') }]}
      />
      {orders.isError && <Trouble problem={Problem.from(orders.error)} retry={() => void orders.refetch()} />}
      {orders.isPending ? <Spin className="waiting" /> : rows.length === 0 && !orders.isError ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('crew.empty')}<br /><span className="quiet">{t('crew.emptyHint')}</span></>} />
      ) : (
        <div className="orders">{rows.map((o) => <OrderLine key={o.workOrderId} line={o} />)}</div>
      )}
      {orders.hasNextPage && <Button size="large" block onClick={() => void orders.fetchNextPage()} loading={orders.isFetchingNextPage}>{t('common.more')}</Button>}
    </div>
  );
}
