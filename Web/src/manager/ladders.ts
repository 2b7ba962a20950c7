import type { Ladder } from '../api/client';
import type { Cell } from '../kit/csv';

/** How things are called and when they were, for a sheet. */
export interface Telling {
  clock: (kind: string) => string;
  priority: (priority: string) => string;
  crew: (crew: string) => string;
  cause: (cause: string) => string;
  duty: (duty: string) => string;
  pick: (name: string | null | undefined, nameEn: string | null | undefined) => string;
  /** On the community's wall. */
  at: (when: string | null | undefined, communityId: string) => string | null;
  nobody: string;
}

/** A line for each step that a late clock climbed: who was told when, who said what, and what came of it. */
export function ladderCells({ steps }: Ladder, of: Telling): Cell[][] {
  return steps.map(({ escalation: e, told }) => {
    const at = (when: string | null | undefined) => of.at(when, e.communityId);
    return [
      e.workOrderNumber == null ? null : Number(e.workOrderNumber), e.requestNumber == null ? null : Number(e.requestNumber),
      of.clock(e.kind), e.priority && of.priority(e.priority), e.crew && of.crew(e.crew), of.pick(e.categoryName, e.categoryNameEn), of.pick(e.placeName, e.placeNameEn), at(e.dueAt), Number(e.lateSeconds),
      Number(e.level), of.cause(e.cause), at(e.firedAt), e.nobody ? of.nobody : told.map((w) => `${w.displayName ?? '—'} (${of.duty(w.duty)}) ${at(w.toldAt) ?? ''}`.trim()).join('; '),
      e.acknowledgedByName, at(e.acknowledgedAt), e.acknowledgedWords, at(e.promisedAt), at(e.promiseBrokenAt), e.resolvedByName, e.resolvedWords,
    ];
  });
}
