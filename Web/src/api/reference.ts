import { useQuery } from '@tanstack/react-query';
import { api, told } from './client';

const seldom = { staleTime: 10 * 60_000 };

export const useCommunities = () =>
  useQuery({ queryKey: ['communities'], queryFn: ({ signal }) => told(api.GET('/api/communities', { signal })), ...seldom });

export const useCategories = (communityId: string | undefined) =>
  useQuery({
    queryKey: ['categories', communityId],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/categories', { params: { path: { communityId: communityId! } }, signal })),
    enabled: !!communityId,
    ...seldom,
  });

export const useTeams = (communityId: string | undefined) =>
  useQuery({
    queryKey: ['teams', communityId],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/teams', { params: { path: { communityId: communityId! } }, signal })),
    enabled: !!communityId,
    ...seldom,
  });

export const useStaff = (communityId: string | undefined) =>
  useQuery({
    queryKey: ['staff', communityId],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/staff', { params: { path: { communityId: communityId! } }, signal })),
    enabled: !!communityId,
    ...seldom,
  });

/** The zone in which this community's times are shown; the browser's until it is known. */
export const useZone = (communityId: string | undefined): string => useZoneOf()(communityId);

/** The same for the rows of a list: each is of its own community. */
export function useZoneOf(): (communityId: string | undefined) => string {
  const communities = useCommunities();
  return (communityId) => communities.data?.find((c) => c.communityId === communityId)?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function useSearch(q: string, communityId?: string) {
  const asked = q.trim();
  return useQuery({
    queryKey: ['search', asked, communityId],
    queryFn: ({ signal }) => told(api.GET('/api/search', { params: { query: { q: asked, take: 10, communityId } }, signal })),
    enabled: asked.length > 0,
    placeholderData: (before) => before,
    staleTime: 10_000,
  });
}

/** To choose from: what was found of just what is typed, never of the text before. */
export function useFound(typed: string, communityId?: string) {
  const found = useSearch(typed, communityId);
  return { ...found, data: found.isPlaceholderData ? undefined : found.data };
}
