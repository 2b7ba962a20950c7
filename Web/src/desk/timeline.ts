import { useInfiniteQuery } from '@tanstack/react-query';
import { api, told } from '../api/client';
import { calm } from '../kit/live';

/** What happened to a request, the first first; the number of the latest event is known where all of it was read. */
export function useTimeline(requestId: string) {
  const pages = useInfiniteQuery({
    queryKey: ['timeline', requestId],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/requests/{requestId}/timeline', { params: { path: { requestId }, query: { after: pageParam } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const entries = pages.data?.pages.flatMap((p) => p.items) ?? [];
  return { pages, entries, latest: pages.data && !pages.hasNextPage ? (entries.at(-1)?.seq ?? 0) : Number.MAX_SAFE_INTEGER };
}
