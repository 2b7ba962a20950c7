import { api, told } from '../api/client';
import { useReply } from './replies';
import type { Replies } from './replies';
import type { Sender } from './sender';

/** What the pages of one person share. */
export interface Crew {
  replies: Replies;
  sender: Sender;
}

const seldom = 10 * 60_000;

export const useCommunities = (replies: Replies) => useReply(replies, 'communities', (signal) => told(api.GET('/api/communities', { signal })), seldom).value;

export const useTeams = (replies: Replies, communityId: string) =>
  useReply(replies, `teams ${communityId}`, (signal) => told(api.GET('/api/communities/{communityId}/teams', { params: { path: { communityId } }, signal })), seldom);

/** A number as it is read over the telephone: in groups. */
export const spoken = (number: number): string => String(number).replace(/(\d)(?=(\d{4})+$)/g, '$1 ');

export const zoneHere = Intl.DateTimeFormat().resolvedOptions().timeZone;
