import { expect, test } from 'vitest';
import type { Ladder } from '../api/client';
import { ladderCells } from './ladders';

test('Each step of a ladder is a line: who was told when, and who answered what', () => {
  const step = { communityId: 'c', workOrderNumber: 7, requestNumber: null, kind: 'finish', priority: 'urgent', crew: 'engineering', categoryName: '水', categoryNameEn: 'Water', placeName: '3-2', placeNameEn: null, dueAt: 'd', lateSeconds: 60, cause: 'breach', firedAt: 'f' };
  const ladder = {
    steps: [
      { escalation: { ...step, level: 1 }, told: [{ displayName: '赵强', duty: 'crewLead', toldAt: 't1' }, { displayName: '孙红', duty: 'desk', toldAt: 't2' }] },
      { escalation: { ...step, level: 2, nobody: true, acknowledgedByName: '周主任', acknowledgedAt: 'a', acknowledgedWords: '已安排', promisedAt: 'p' }, told: [] },
    ],
  } as unknown as Ladder;
  const say = (word: string) => `<${word}>`;

  const cells = ladderCells(ladder, { clock: say, priority: say, crew: say, cause: say, duty: say, pick: (name) => name ?? '', at: (when) => (when ? `at ${when}` : null), nobody: 'nobody' });

  expect(cells).toHaveLength(2);
  expect(cells[0]).toEqual([7, null, '<finish>', '<urgent>', '<engineering>', '水', '3-2', 'at d', 60, 1, '<breach>', 'at f', '赵强 (<crewLead>) at t1; 孙红 (<desk>) at t2', undefined, null, undefined, null, null, undefined, undefined]);
  expect(cells[1]!.slice(9)).toEqual([2, '<breach>', 'at f', 'nobody', '周主任', 'at a', '已安排', 'at p', null, undefined, undefined]);
});
