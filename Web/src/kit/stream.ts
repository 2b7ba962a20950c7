import { told } from '../api/client';
import { Problem } from '../api/problems';

/** One event of a stream. */
export interface Said {
  event: string;
  id?: string;
  data: string;
}

/** The whole events of what has arrived, and what is left of the next one. */
export function eventsOf(text: string): [Said[], string] {
  const parts = text.split('\n\n');
  const rest = parts.pop()!;
  return [parts.map(eventOf).filter((e) => e.data !== ''), rest];
}

function eventOf(part: string): Said {
  const said: Said = { event: 'message', data: '' };
  for (const line of part.split('\n')) {
    const [name, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).replace(/^ /, '')];
    if (name === 'event') said.event = value;
    else if (name === 'id') said.id = value;
    else if (name === 'data') said.data = said.data ? `${said.data}\n${value}` : value;
  }
  return said;
}

/** The desk says something at least every 15 seconds; a line that is silent for longer is dead. */
const silence = 40_000;
const longestWait = 30_000;

/** Reads the stream again and again, from where it broke off, until the signal. */
export async function follow(from: string | undefined, signal: AbortSignal, tell: (said: Said) => void, lost: () => void): Promise<void> {
  let place = from;
  let failures = 0;
  while (!signal.aborted) {
    let wait = 0;
    try {
      await once(place, signal, (said) => {
        failures = 0;
        place = said.id ?? place;
        tell(said);
      });
    } catch (e) {
      if (signal.aborted) return;
      failures += 1;
      wait = e instanceof Problem && e.status === 429 ? longestWait : Math.min(longestWait, 500 * 2 ** failures);
      lost();
    }
    // Many who were cut off at once do not all come back at once.
    await pause(wait + Math.random() * 1_000, signal);
  }
}

async function once(place: string | undefined, signal: AbortSignal, tell: (said: Said) => void): Promise<void> {
  const dead = new AbortController();
  let timer = setTimeout(() => dead.abort(), silence);
  const stop = () => dead.abort();
  signal.addEventListener('abort', stop);
  window.addEventListener('offline', stop); // it would be silent, and nobody would know for as long
  try {
    const response = await fetch('/api/live', { headers: { Accept: 'text/event-stream', ...(place ? { 'Last-Event-ID': place } : {}) }, signal: dead.signal, cache: 'no-store' });
    if (!response.ok || !response.body) {
      await told(Promise.resolve({ error: await response.json().catch(() => null), response }));
      return;
    }

    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => dead.abort(), silence);
      const [events, left] = eventsOf(rest + value);
      rest = left;
      events.forEach(tell);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    window.removeEventListener('offline', stop);
  }
}

/** So long, or until there is reason to try again: the network is back, somebody looks. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const seen = () => document.visibilityState === 'visible' && over();
    const timer = setTimeout(over, ms);
    function over() {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      window.removeEventListener('online', over);
      document.removeEventListener('visibilitychange', seen);
      resolve();
    }
    signal.addEventListener('abort', over);
    window.addEventListener('online', over);
    document.addEventListener('visibilitychange', seen);
  });
}
