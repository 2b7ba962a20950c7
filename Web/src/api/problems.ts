import type { Fault } from './schema.gen';
import type { en } from '../words/en';

/** Why the desk said no, with its stable code; or why it could not be asked. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly faults: readonly Fault[];
  readonly traceId?: string;
  /** Whether a form has marked fields of its own: then only the faults that are none of theirs are left here. */
  readonly marked: boolean = false;

  constructor(code: string, status: number, title: string, faults: readonly Fault[] = [], traceId?: string) {
    super(code);
    this.code = code;
    this.status = status;
    this.title = title;
    this.faults = faults;
    this.traceId = traceId;
  }

  /** From a reply's body; whatever is no problem document (a proxy's page, nothing at all) is as good as no answer. */
  static of(body: unknown, status: number): Problem {
    if (body && typeof body === 'object' && 'code' in body && typeof body.code === 'string') {
      const { code, title, errors, traceId } = body as { code: string; title?: string; errors?: Fault[] | null; traceId?: string };
      return new Problem(code, status, title ?? code, errors ?? [], traceId);
    }

    return status >= 500 ? Problem.unreachable(status) : new Problem('unexpected', status, String(status));
  }

  /** What is left to say beside the button, once the others are marked. */
  left(faults: readonly Fault[]): Problem {
    return Object.assign(new Problem(this.code, this.status, this.title, faults, this.traceId), { marked: faults.length < this.faults.length });
  }

  static unreachable(status = 0): Problem {
    return new Problem('network.unreachable', status, 'unreachable');
  }

  /** Whatever was thrown, as a problem. */
  static from(thrown: unknown): Problem {
    return thrown instanceof Problem ? thrown : new Problem('unexpected', 0, String(thrown));
  }
}

type ProblemWords = typeof en.problems;

/** The sentence for a code; for one without words the desk's own sentence, framed, so that nobody stands before nothing. */
export function sentence(words: ProblemWords, code: string, title: string): string {
  return (words as Record<string, string>)[code] ?? words.unknown.replace('{{title}}', title);
}

/** What is to be said in words: the faults that no field shows, each once, and not what the problem itself says already. */
export function saidOf(words: ProblemWords, problem: Pick<Problem, 'code' | 'faults'>): string[] {
  return [...new Set(problem.faults.filter((f) => f.code !== problem.code).map((f) => sentence(words, f.code, f.message)))];
}

/** `orders[0].whatToDo` → ['orders', 0, 'whatToDo'], as forms name their fields. */
export function fieldPath(field: string): (string | number)[] {
  return field.split(/[.[\]]+/).filter(Boolean).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
