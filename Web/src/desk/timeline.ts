import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { api, told } from '../api/client';
import { calm } from '../kit/live';

/** All that happened to a request, the first first: page after page up to the latest, which is what counts. The number of the latest event is known where all of it was read. */
export function useTimeline(requestId: string) {
  const pages = useInfiniteQuery({
    queryKey: ['timeline', requestId],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/requests/{requestId}/timeline', { params: { path: { requestId }, query: { after: pageParam, take: 200 } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const { hasNextPage, isFetching, isError, fetchNextPage } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  const entries = pages.data?.pages.flatMap((p) => p.items) ?? [];
  const names = useMemo(() => new Map(pages.data?.pages.flatMap((p) => p.names.map((n) => [n.id, n] as const))), [pages.data]);
  return { pages, entries, names, latest: pages.data && !pages.hasNextPage ? (entries.at(-1)?.seq ?? 0) : Number.MAX_SAFE_INTEGER };
}
