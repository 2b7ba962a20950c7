import type { Query, QueryClient } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import type { LiveEvent } from '../api/client';
import { isConcerned } from './concerns';
import { follow } from './stream';

/**
 * What others do, shown as they do it: one stream a browser, whichever of its tabs holds it, tells all of them. Each tab asks anew what may
 * have changed, and nothing else. While there is no stream, screens ask by themselves as often as they always did.
 */
export type LiveState = 'starting' | 'live' | 'away';

/** What the tab that holds the stream says to the others. */
interface Word {
  state: LiveState;
  place?: string;
  event?: LiveEvent;
  /** Everything may have changed. */
  all?: boolean;
}

let state: LiveState = 'starting';
const watchers = new Set<() => void>();

function become(next: LiveState): void {
  if (next === state) return;
  state = next;
  watchers.forEach((w) => w());
}

const watch = (w: () => void) => {
  watchers.add(w);
  return () => void watchers.delete(w);
};

export const useLiveState = (): LiveState => useSyncExternalStore(watch, () => state);

/** How often a screen asks by itself: as said while nothing is told, else seldom. */
export const calm = (ms: number, live = 120_000) => () => (state === 'live' ? live : ms);

/** Follows for the person who is signed in, until they are not. */
export function useLive(staffId: string): void {
  const client = useQueryClient();
  useEffect(() => {
    const changes = new Changes(client);
    const stop = new AbortController();
    let place: string | undefined;
    let heard: ReturnType<typeof setTimeout> | undefined;
    const name = `desk-live-${staffId}`;
    const shared = typeof BroadcastChannel !== 'undefined' && 'locks' in navigator;
    const channel = shared ? new BroadcastChannel(name) : undefined;

    const hear = (word: Word) => {
      become(word.state);
      place = word.place ?? place;
      if (word.all) changes.all();
      if (word.event) changes.add(word.event);
      // The tab with the stream speaks at least every 15 seconds; one that does not is gone or asleep.
      clearTimeout(heard);
      heard = setTimeout(() => become('away'), 45_000);
    };
    const say = (word: Word) => {
      hear(word);
      channel?.postMessage(word);
    };
    const lead = () => {
      let known = place !== undefined;
      const ask = (e: MessageEvent<Word | 'hello'>) => { if (e.data === 'hello') say({ state, place }); };
      if (channel) channel.onmessage = ask;
      return follow(
        place,
        stop.signal,
        (said) => {
          // What was shown before the first stream began may have changed until then.
          const all = said.event === 'reset' || (said.event === 'ready' && !known);
          known = true;
          say({ state: 'live', place: said.id, all, event: said.event === 'happened' ? (JSON.parse(said.data) as LiveEvent) : undefined });
        },
        () => say({ state: 'away' }),
      );
    };

    if (channel) {
      channel.onmessage = (e: MessageEvent<Word | 'hello'>) => { if (e.data !== 'hello') hear(e.data); };
      channel.postMessage('hello');
      navigator.locks.request(name, { signal: stop.signal }, lead).catch(() => undefined);
    } else {
      void lead();
    }

    return () => {
      stop.abort();
      clearTimeout(heard);
      channel?.close();
      changes.stop();
      become('starting');
    };
  }, [client, staffId]);
}

/**
 * Gathers what happened and asks anew, at most once in a while however much happens. What is under way is let finish, or a list that takes longer
 * than the next event would never be shown; it may have been read before the event, so it is asked once more.
 */
export class Changes {
  private waiting: LiveEvent[] = [];
  private everything = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = 0;
  /** What happened while this was read. */
  private readonly meanwhile = new Map<Query, Happened>();

  private readonly client: QueryClient;
  private readonly unwatch: () => void;

  constructor(client: QueryClient) {
    this.client = client;
    this.unwatch = client.getQueryCache().subscribe(({ type, query }) => {
      const happened = this.meanwhile.get(query);
      if (!happened || (type !== 'removed' && query.state.fetchStatus === 'fetching')) return;
      this.meanwhile.delete(query);
      if (type !== 'removed') queueMicrotask(() => this.anew((q) => q === query && concerns(happened, q)));
    });
  }

  add(event: LiveEvent): void {
    this.waiting.push(event);
    this.soon();
  }

  all(): void {
    this.everything = true;
    this.soon();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.unwatch();
  }

  private soon(): void {
    this.timer ??= setTimeout(() => this.ask(), Math.max(150, this.last + 1_500 - Date.now()));
  }

  private ask(): void {
    const happened: Happened = { events: this.waiting, everything: this.everything };
    [this.timer, this.waiting, this.everything, this.last] = [undefined, [], false, Date.now()];
    for (const query of this.client.getQueryCache().findAll({ fetchStatus: 'fetching' })) {
      const before = this.meanwhile.get(query);
      this.meanwhile.set(query, { events: [...(before?.events ?? []), ...happened.events], everything: happened.everything || !!before?.everything });
    }
    this.anew((q) => q.state.fetchStatus !== 'fetching' && concerns(happened, q));
  }

  private anew(which: (q: Query) => boolean): void {
    void this.client.invalidateQueries({ predicate: which }, { cancelRefetch: false });
  }
}

interface Happened {
  events: readonly LiveEvent[];
  everything: boolean;
}

const concerns = ({ events, everything }: Happened, q: Query): boolean =>
  (everything && q.queryKey[0] !== 'session') || events.some((e) => isConcerned(e, q.queryKey, q.state.data));
