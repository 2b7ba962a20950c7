import type { Channel, Crew, Priority, PromiseDue, RequestDue, RequestKind, RequestSort, RequestStatus } from '../api/client';

export const names = ['community', 'status', 'kind', 'priority', 'crew', 'channel', 'late', 'due', 'promise', 'open', 'toConfirm', 'newWord', 'sort', 'customer', 'inCharge'] as const;
export const statuses: readonly RequestStatus[] = ['received', 'inProgress', 'awaitingFeedback', 'closed', 'cancelled'];

export type Filters = Partial<Record<(typeof names)[number], string>>;

const open: readonly RequestStatus[] = ['received', 'inProgress', 'awaitingFeedback'];

const yes = (said: string | undefined): boolean | undefined => (said ? said === 'true' : undefined);

const isOver = (f: Filters): boolean => f.open === 'false' || (f.status !== undefined && !open.includes(f.status as RequestStatus));

/** What a list is asked for, and what stands in it, by what its address says. */
export function askedBy(f: Filters) {
  const status = f.status as RequestStatus | undefined;
  const narrowed = {
    communityId: f.community,
    kind: f.kind as RequestKind | undefined,
    priority: f.priority as Priority | undefined,
    crew: f.crew as Crew | undefined,
    channel: f.channel as Channel | undefined,
    customerId: f.customer,
    inChargeId: f.inCharge,
    late: yes(f.late),
    due: f.due as RequestDue | undefined,
    promise: f.promise as PromiseDue | undefined,
    open: yes(f.open),
    toConfirm: yes(f.toConfirm),
    unreadWord: yes(f.newWord),
  };
  // Due times are sorted among open ones only: what has ended stands in the order in which it came.
  const sort: RequestSort = f.sort === 'dueFirst' && isOver(f) ? 'newestFirst' : ((f.sort ?? 'newestFirst') as RequestSort);
  return {
    narrowed,
    sort,
    list: { ...narrowed, open: sort === 'dueFirst' ? true : narrowed.open, status: status && [status] },
    /** Of which statuses there are rows while none is chosen. */
    all: f.sort === 'dueFirst' && narrowed.open !== false ? open : statuses,
  };
}

/** The address in another order: by due time it is about open ones, and no longer about what has ended. */
export const inOrder = (f: Filters, sort: RequestSort): Partial<Record<keyof Filters, string | undefined>> => ({
  sort: sort === 'newestFirst' ? undefined : sort,
  ...(sort === 'dueFirst' && isOver(f) ? { status: undefined, open: undefined } : {}),
});
