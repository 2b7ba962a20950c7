import { useEffect, useState, useSyncExternalStore } from 'react';
import { api, told } from '../api/client';
import type { WorkOrderLine } from '../api/client';
import { spoken, useCommunities, zoneHere } from './crew';
import type { Crew } from './crew';
import { Button, Moment, Trouble, useNow } from './kit';
import { orderKey } from './order';
import { foresee } from './queue';
import { useReply } from './replies';
import { To } from './router';
import { exact } from './times';
import { useWords } from './words';

const lists = {
  team: { open: true, myTeams: true, sort: 'dueFirst' },
  mine: { open: true, mine: true, sort: 'dueFirst' },
  pool: { open: true, myTeams: true, pool: true, sort: 'dueFirst' },
  done: { open: false, myTeams: true, sort: 'newestFirst' },
} as const;
type List = keyof typeof lists;
const shown: readonly List[] = ['team', 'mine', 'pool', 'done'];

/** So many are fetched whole, so that they can be opened where there is no line. */
const takenAlong = 30;

interface Loaded { items: WorkOrderLine[]; next?: string | null; pages: number }

async function loaded(list: List, most: number, signal: AbortSignal): Promise<Loaded> {
  const items: WorkOrderLine[] = [];
  let pages = 0;
  let next: string | null | undefined;
  do {
    const got = await told(api.GET('/api/work-orders', { params: { query: { ...lists[list], take: 50, after: next ?? undefined } }, signal }));
    items.push(...got.items);
    next = got.next;
    pages++;
  } while (next && pages < most);
  return { items, next, pages };
}

/** The crew's orders, the most urgent first. */
export function OrdersPage({ crew, query }: { crew: Crew; query: string }) {
  const { say, language } = useWords();
  const asked = new URLSearchParams(query).get('show') as List | null;
  const list: List = asked && asked in lists ? asked : 'team';
  const key = `list ${list}`;
  const [wanted, want] = useState<Partial<Record<List, number>>>({});
  // However many pages were loaded stay loaded, also for whoever comes back from an order.
  const pages = () => wanted[list] ?? (crew.replies.get(key)?.value as Loaded | undefined)?.pages ?? 1;
  const reply = useReply<Loaded>(crew.replies, key, (signal) => loaded(list, pages(), signal));
  const communities = useCommunities(crew.replies);
  useEffect(() => { document.title = say('app'); }, [say]);
  useTakenAlong(crew, list === 'team' ? reply.value?.items : undefined);
  const items = reply.value?.items;
  return (
    <div className="stack">
      <nav className="tabs" aria-label={say('app')}>
        {shown.map((l) => <To key={l} to={l === 'team' ? '/crew' : `/crew?show=${l}`} aria-current={l === list ? 'page' : undefined} data-list={l}>{say(l)}</To>)}
      </nav>
      {reply.problem && (reply.problem.code === 'network.unreachable' && reply.at ? <p className="quiet" role="status" data-part="as-of">{say('asOf', { time: exact(new Date(reply.at).toISOString(), zoneHere, language) })}</p> : <Trouble problem={reply.problem} retry={reply.again} />)}
      {!items && reply.asking && <p className="quiet" role="status">{say('loading')}</p>}
      {items?.length === 0 && <p className="empty">{say('empty')}<br /><span className="quiet">{say('emptyHint')}</span></p>}
      <ul className="orders">
        {items?.map((o) => <li key={o.workOrderId}><Line line={o} crew={crew} zone={communities?.find((c) => c.communityId === o.communityId)?.timeZone ?? zoneHere} /></li>)}
      </ul>
      {reply.value?.next && <Button onClick={() => { want({ ...wanted, [list]: reply.value!.pages + 1 }); reply.again(); }} busy={reply.asking} data-act="more">{say('more')}</Button>}
    </div>
  );
}

/** One order: where, what, until when; as it will be once the desk knows what this telephone did. */
function Line({ line: o, crew, zone }: { line: WorkOrderLine; crew: Crew; zone: string }) {
  const { say, word, pick } = useWords();
  const now = useNow();
  const actions = useSyncExternalStore(crew.sender.listen, crew.sender.now).filter((a) => a.orderId === o.workOrderId);
  const waiting = actions.filter((a) => a.state === 'pending');
  const { status } = foresee(o.status, o.status === 'working', waiting.map((a) => a.step));
  const open = status !== 'done' && status !== 'voided';
  const late = open && !!o.lateFrom && Date.parse(o.lateFrom) < now;
  const unaccepted = status === 'dispatched' && !!o.acceptDueAt && Date.parse(o.acceptDueAt) < now;
  return (
    <To to={`/work-orders/${o.workOrderId}`} className={`order ${o.priority} ${late || unaccepted ? 'isLate' : ''}`} data-order={o.number}>
      <span className="row spread"><strong className="where">{pick(o.placeName, o.placeNameEn) || spoken(o.number)}</strong><span className={`tag ${status}`}>{word('workOrderStatus', status)}</span></span>
      <span className="clamp">{o.whatToDo}</span>
      <span className="row spread">
        <span className="row">
          {(o.priority === 'danger' || o.priority === 'urgent') && <span className="tag bad">{word('priority', o.priority)}</span>}
          {o.reworkOfId && <span className="tag bad">{say('rework')}</span>}
          {waiting.length > 0 && <span className="tag waiting">{say('pending')}</span>}
          {actions.some((a) => a.state === 'refused') && <span className="tag bad">{say('refused')}</span>}
          <span className="quiet number">{spoken(o.number)}</span>
          {o.assigneeName && <span className="quiet">{o.assigneeName}</span>}
          {o.requests > 1 && <span className="quiet">{say('serves', { count: o.requests })}</span>}
        </span>
        {o.dueAt && open && <Moment at={o.dueAt} zone={zone} late={late} />}
      </span>
      {unaccepted && <span className="late">{say('late')} · {word('clockKind', 'accept')} <Moment at={o.acceptDueAt!} zone={zone} late /></span>}
    </To>
  );
}

/** The first orders of the list are fetched one after the other, those that changed only; those that are on no list any more leave the telephone. */
function useTakenAlong(crew: Crew, items: readonly WorkOrderLine[] | undefined): void {
  useEffect(() => {
    if (!items) return;
    const stop = new AbortController();
    void (async () => {
      for (const o of items.slice(0, takenAlong)) {
        await crew.replies.recall(orderKey(o.workOrderId));
        if (stop.signal.aborted) return;
        const had = crew.replies.get(orderKey(o.workOrderId))?.value as { workOrder: { version: number } } | undefined;
        if (had?.workOrder.version === o.version) continue;
        try {
          await crew.replies.refresh(orderKey(o.workOrderId), () => told(api.GET('/api/work-orders/{workOrderId}', { params: { path: { workOrderId: o.workOrderId } }, signal: stop.signal })), stop.signal);
        } catch {
          return;
        }
      }
      if (!stop.signal.aborted) await crew.replies.keepOrders(new Set([...items.map((o) => o.workOrderId), ...crew.sender.actions.map((a) => a.orderId)]));
    })();
    return () => stop.abort();
  }, [crew, items]);
}

