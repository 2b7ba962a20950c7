import createClient from 'openapi-fetch';
import { Problem } from './problems';
import type { paths } from './schema.gen';

export type * from './schema.gen';

/** The one typed client. Types come from the OpenAPI document, never by hand. */
export const api = createClient<paths>({ baseUrl: '/', fetch: (request) => answered(request) });

let actor: string | undefined;

/** From now on every call says that it is meant to be this person's: where somebody else signed in meanwhile, in another tab, the desk does not take it for theirs. */
export function actAs(staffId: string): void {
  actor = staffId;
}

/** How long an answer may take before there is none: what hangs is pressed again, under the same key. Whoever sends a file may have a slow line. */
const patience = (request: Request): number => (request.headers.get('Content-Type')?.startsWith('application/json') ?? true ? (request.method === 'GET' ? 60_000 : 30_000) : 300_000);

/** What still waits for a reply's body. */
const running = new WeakMap<Response, ReturnType<typeof setTimeout>>();

async function answered(request: Request): Promise<Response> {
  // Who is signed in is what is asked there.
  if (actor && (request.method === 'DELETE' || new URL(request.url).pathname !== '/api/session')) request.headers.set('Actor', actor);
  const stop = new AbortController();
  // Not cleared with the reply's head: its body may hang as well.
  const timer = setTimeout(() => stop.abort(new DOMException('No answer.', 'TimeoutError')), patience(request));
  request.signal.addEventListener('abort', () => stop.abort(request.signal.reason));
  if (request.signal.aborted) stop.abort(request.signal.reason);
  try {
    const reply = await fetch(request, { signal: stop.signal });
    running.set(reply, timer);
    return reply;
  } catch (e) {
    clearTimeout(timer);
    throw e;
  }
}

interface Told<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The reply, or a Problem that says why there is none. */
export async function told<T>(call: Promise<Told<T>>): Promise<T> {
  let reply: Told<T>;
  try {
    reply = await call;
  } catch (e) {
    throw e instanceof DOMException && e.name === 'AbortError' ? e : Problem.unreachable();
  }

  clearTimeout(running.get(reply.response));
  if (reply.response.ok) return reply.data as T;
  const problem = Problem.of(reply.error, reply.response.status);
  if (problem.code === 'session.needed' || problem.code === 'session.somebody_elses') sessionIsOver(new URL(reply.response.url).pathname === '/api/session', problem.code);
  throw problem;
}

let sessionIsOver: (asked: boolean, code: string) => void = () => {};

/** What to do when a call is refused because nobody is signed in any more, or somebody else (where calls say whose they are); and whether it was the question who is. */
export function whenSessionIsOver(then: (asked: boolean, code: string) => void): void {
  sessionIsOver = then;
}
