import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { api, told } from '../api/client';
import type { WorkOrderLine } from '../api/client';
import { mayRing, ring } from '../desk/ringing';
import { follow } from '../kit/stream';
import type { Crew } from './crew';
import { useReply } from './replies';
import type { Replies } from './replies';

/** While the page is looked at, what happens to the crew's orders is shown as it happens; a telephone in a pocket has no stream, and asks when it is looked at again. */
export function useFollowing(replies: Replies, on: boolean): void {
  useEffect(() => {
    if (!on) return;
    let stop: AbortController | undefined;
    let place: string | undefined;
    const look = () => {
      if (document.visibilityState !== 'visible') {
        stop?.abort();
        stop = undefined;
      } else if (!stop) {
        stop = new AbortController();
        void follow(place, stop.signal, (said) => {
          place = said.id ?? place;
          if (said.event === 'happened' || said.event === 'reset') replies.stir();
        }, () => undefined);
      }
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      stop?.abort();
      document.removeEventListener('visibilitychange', look);
    };
  }, [replies, on]);
}

/** Those that were not there before; at first none, whatever there is: who has just come reads them. */
export function newOnes(before: ReadonlySet<string> | undefined, ids: readonly string[]): string[] {
  return before ? ids.filter((id) => !before.has(id)) : [];
}

/** Orders in which somebody is in danger and that nobody of the crew has accepted yet: heard, felt and seen on every page as soon as there is one. */
export function useDangers(crew: Crew): readonly WorkOrderLine[] {
  const reply = useReply(crew.replies, 'dangers', (signal) => told(api.GET('/api/work-orders', { params: { query: { open: true, myTeams: true, priority: 'danger', sort: 'dueFirst', take: 10 } }, signal })));
  const actions = useSyncExternalStore(crew.sender.listen, crew.sender.now);
  const waiting = useMemo(() => reply.value?.items.filter((o) => (o.status === 'dispatched' || o.status === 'unassigned') && !actions.some((a) => a.orderId === o.workOrderId)) ?? [], [reply.value, actions]);
  const before = useRef<ReadonlySet<string>>(undefined);
  useEffect(() => {
    // What the telephone remembers is no news, and no measure of it.
    if (!reply.value || reply.asking && !before.current) return;
    const fresh = newOnes(before.current, waiting.map((o) => o.workOrderId));
    before.current = new Set([...(before.current ?? []), ...waiting.map((o) => o.workOrderId)]);
    if (fresh.length === 0 || !mayRing()) return;
    ring(3);
    navigator.vibrate?.([400, 200, 400, 200, 400]);
  }, [reply.value, reply.asking, waiting]);
  return waiting;
}
