import { useCallback, useRef, useState } from 'react';
import { Problem } from './problems';

/** What goes beside the body. */
export interface Sending {
  'Idempotency-Key': string;
}

export interface Send<V> {
  send: (values: V) => Promise<boolean>;
  pending: boolean;
  problem: Problem | null;
  forget: () => void;
}

/** Where the key of what is being sent is kept: over a reload, if whoever asks keeps it there. */
export interface KeyKept {
  get: () => string | undefined;
  set: (key: string | undefined) => void;
}

/** Random; also where the page came over plain HTTP and the browser has no randomUUID. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

/**
 * One thing that somebody wants done. Its idempotency key is made when the button is first pressed and kept for every retry, until it
 * is done: a lost reply never does a thing twice. Pressing while it is on its way does nothing.
 */
export function useSend<V, R>(call: (values: V, header: Sending) => Promise<R>, done?: (reply: R, values: V) => void, kept?: KeyKept): Send<V> {
  const own = useRef<string>(undefined);
  const key: KeyKept = kept ?? { get: () => own.current, set: (k) => { own.current = k; } };
  const busy = useRef(false);
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const send = useCallback(
    async (values: V) => {
      if (busy.current) return false;
      busy.current = true;
      const under = key.get() ?? newKey();
      key.set(under);
      setPending(true);
      setProblem(null);
      try {
        const reply = await call(values, { 'Idempotency-Key': under });
        key.set(undefined);
        done?.(reply, values);
        return true;
      } catch (e) {
        const why = Problem.from(e);
        // The key stands for what was saved under it; a deliberate next press is something new.
        if (why.code === 'idempotency_key.other_body') key.set(undefined);
        setProblem(why);
        return false;
      } finally {
        busy.current = false;
        setPending(false);
      }
    },
    [call, done],
  );

  return { send, pending, problem, forget: useCallback(() => setProblem(null), []) };
}
