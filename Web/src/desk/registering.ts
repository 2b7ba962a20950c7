import { Problem } from '../api/problems';

/** What the API is told of one call. */
export type Body = Record<string, unknown>;

export interface Made {
  requestId: string;
  version: number;
  number: number;
}

/** How far the saving of one call has come: kept with its draft, so that neither a reload nor another telephone call makes two requests of it. */
export interface Progress {
  /** Under which it is sent. */
  key?: string;
  /** What was sent, while nobody knows whether it arrived. */
  sent?: Body;
  /** It is registered, and this is what stands there; something after it is not done yet. */
  made?: Made & { body: Body };
}

interface Desk<M extends Made> {
  post: (body: Body) => Promise<M>;
  /** Another text for what was registered before. */
  amend: (made: Made, description: string) => Promise<Made>;
}

/** The desk said no, or could not be asked: only then may it have been done all the same. */
const unknown = (e: unknown): boolean => Problem.from(e).code === 'network.unreachable' || Problem.from(e).status >= 500;

const differing = (a: Body, b: Body): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((k) => JSON.stringify(a[k] ?? null) !== JSON.stringify(b[k] ?? null));

/**
 * Registers a call once. What was sent without an answer is sent again as it was, under its key, before anything else; what the clerk corrected
 * since is an amendment of it.
 */
export async function registerOnce<M extends Made>(body: Body, progress: Progress, keep: (change: Partial<Progress>) => void, desk: Desk<M>): Promise<Made> {
  let made = progress.made;
  for (let first = progress.sent ?? body; !made; first = body) {
    keep({ sent: first });
    try {
      const reply = await desk.post(first);
      made = { requestId: reply.requestId, version: reply.version, number: reply.number, body: first };
      keep({ made, sent: undefined });
    } catch (e) {
      if (unknown(e)) throw e;
      keep({ sent: undefined });
      // Refused as it was sent before: it never arrived, and what stands in the form now is another thing.
      if (differing(first, body).length === 0) throw e;
    }
  }

  const left = differing(made.body, body);
  if (left.some((k) => k !== 'description')) throw new Problem('register.already', 409, 'Registered already with other contents.');
  if (left.length > 0) {
    const amended = await desk.amend(made, body.description as string);
    made = { ...made, version: amended.version, body };
    keep({ made });
  }
  return made;
}
