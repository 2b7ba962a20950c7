import { useQuery } from '@tanstack/react-query';
import { api, told } from '../api/client';
import { asked, useUnseen } from '../kit/unseen';

/**
 * How many messages stand on this person's screen that nobody told them by another way and that they have not looked at. It is on every
 * page: asked for by the minute, not at each thing that happens.
 */
export function useUnseenOfMine(staffId: string): number {
  const mine = useQuery({ queryKey: ['unseen'], queryFn: ({ signal }) => told(api.GET('/api/messages/mine', { params: { query: { take: asked } }, signal })), refetchInterval: 60_000, retry: false });
  return useUnseen(staffId, mine.data?.items);
}
