import createClient from 'openapi-fetch';
import { Problem } from './problems';
import type { paths } from './schema.gen';

export type * from './schema.gen';

/** The one typed client. Types come from the OpenAPI document, never by hand. */
export const api = createClient<paths>({ baseUrl: '/' });

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

  if (reply.response.ok) return reply.data as T;
  const problem = Problem.of(reply.error, reply.response.status);
  if (problem.code === 'session.needed') sessionIsOver();
  throw problem;
}

let sessionIsOver = () => {};

/** What to do when a call is refused because nobody is signed in any more. */
export function whenSessionIsOver(then: () => void): void {
  sessionIsOver = then;
}
