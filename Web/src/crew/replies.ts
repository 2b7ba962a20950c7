import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { Problem } from '../api/problems';
import { dropKept, keptKeys, readKept, writeKept } from './store';

/** What is older is not shown: it stands for nothing any more. */
const oldest = 3 * 86_400_000;

interface Shown { value: unknown; at: number }

/** The last that the desk said to one person, in memory and on the telephone: shown at once, asked for again, shown still when there is no line. */
export class Replies {
  private readonly known = new Map<string, Shown>();
  private readonly changes = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private readonly owner: string;

  constructor(owner: string) {
    this.owner = owner;
  }

  readonly listen = (then: () => void): (() => void) => {
    this.listeners.add(then);
    return () => this.listeners.delete(then);
  };

  private readonly stirred = new Set<() => void>();

  /** Whoever shows something that may have changed is told when it did. */
  readonly onStir = (then: () => void): (() => void) => {
    this.stirred.add(then);
    return () => this.stirred.delete(then);
  };

  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = 0;

  /** Something happened: at once, and then every two seconds at most, however much happens. */
  stir(): void {
    this.timer ??= setTimeout(() => {
      [this.timer, this.last] = [undefined, Date.now()];
      for (const then of this.stirred) then();
    }, Math.max(100, this.last + 2_000 - Date.now()));
  }

  get(key: string): Shown | undefined {
    return this.known.get(key);
  }

  async recall(key: string): Promise<void> {
    if (this.known.has(key)) return;
    const kept = await readKept(this.owner, key).catch(() => undefined);
    if (kept && kept.at > Date.now() - oldest && !this.known.has(key)) this.show(key, { value: kept.value, at: kept.at });
  }

  put(key: string, value: unknown): void {
    this.show(key, { value, at: Date.now() });
    void writeKept(this.owner, key, value).catch(() => undefined);
  }

  /** Asks, and keeps the answer. False where it was changed here meanwhile: what was asked for before knows nothing of it, and is to be asked for anew. */
  async refresh<T>(key: string, ask: () => Promise<T>, stop: AbortSignal): Promise<boolean> {
    const before = this.changes.get(key);
    const value = await ask();
    if (stop.aborted) return true;
    if (this.changes.get(key) !== before) return false;
    this.put(key, value);
    return true;
  }

  change<T>(key: string, how: (value: T) => T): void {
    this.changes.set(key, (this.changes.get(key) ?? 0) + 1);
    const shown = this.known.get(key);
    if (shown) this.put(key, how(shown.value as T));
  }

  /** The orders that are on no list any more leave the telephone. */
  async keepOrders(ids: ReadonlySet<string>): Promise<void> {
    for (const key of await keptKeys(this.owner).catch(() => [])) {
      const [what, id] = key.split(' ');
      if ((what === 'order' || what === 'photos') && !ids.has(id!)) await dropKept(this.owner, key).catch(() => undefined);
    }
  }

  private show(key: string, shown: Shown): void {
    this.known.set(key, shown);
    for (const then of this.listeners) then();
  }
}

export interface Reply<T> {
  value: T | undefined;
  at: number | undefined;
  problem: Problem | null;
  asking: boolean;
  again: () => void;
}

/** @param every Asked again after so long while the page is looked at; what is asked for seldom is no matter of what happens. */
export function useReply<T>(replies: Replies, key: string, ask: (signal: AbortSignal) => Promise<T>, every = 30_000): Reply<T> {
  const shown = useSyncExternalStore(replies.listen, () => replies.get(key));
  const [state, set] = useState<{ key: string; problem: Problem | null; asking: boolean }>({ key, problem: null, asking: true });
  const [turn, next] = useState(0);
  // What is under way when something happens is let finish, however slow the line is, and asked for once more.
  const run = useRef({ asking: false, stirred: false });
  useEffect(() => {
    if (every > 30_000) return;
    return replies.onStir(() => {
      if (run.current.asking) run.current.stirred = true;
      else next((n) => n + 1);
    });
  }, [replies, every]);
  useEffect(() => {
    run.current = { asking: true, stirred: false };
    const ended = () => {
      run.current.asking = false;
      if (run.current.stirred) next((n) => n + 1);
    };
    const stop = new AbortController();
    set((s) => ({ key, problem: s.key === key ? s.problem : null, asking: true }));
    void replies.recall(key);
    replies.refresh(key, () => ask(AbortSignal.any([stop.signal, AbortSignal.timeout(30_000)])), stop.signal).then(
      (fresh) => {
        if (stop.signal.aborted) return;
        if (!fresh) return next((n) => n + 1);
        set({ key, problem: null, asking: false });
        ended();
      },
      (e: unknown) => {
        if (stop.signal.aborted) return;
        set({ key, problem: e instanceof Problem ? e : Problem.unreachable(), asking: false });
        run.current.asking = false;
      },
    );
    const timer = setTimeout(() => next((n) => n + 1), every);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [replies, key, turn, every]);
  useEffect(() => {
    const look = () => { if (document.visibilityState === 'visible') next((n) => n + 1); };
    addEventListener('online', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('online', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, []);
  return { value: shown?.value as T | undefined, at: shown?.at, problem: state.key === key ? state.problem : null, asking: state.key === key ? state.asking : true, again: useCallback(() => next((n) => n + 1), []) };
}
