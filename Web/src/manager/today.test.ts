import { expect, test } from 'vitest';
import { askedBy } from '../desk/listed';
import { listOf } from './TodayScreen';

const asked = (address: string) => askedBy(Object.fromEntries(new URL(address, 'http://desk').searchParams)).list;

test('Each figure of the day opens the list that it counts', () => {
  const since = '2026-03-01T16:00:00Z';
  expect((['open', 'late', 'soon', 'escalations', 'promises', 'awaitingFeedback', 'lowRatings'] as const).map((figure) => [figure, listOf(figure, undefined, since)])).toEqual([
    ['open', '/requests?open=true'],
    ['late', '/requests?due=late'],
    ['soon', '/requests?due=soon'],
    ['escalations', '/escalations'],
    ['promises', '/requests?promise=overdue'],
    ['awaitingFeedback', '/requests?status=awaitingFeedback'],
    ['lowRatings', '/reports/rows?of=satisfaction&by=all&which=low&from=2026-03-01T16%3A00%3A00Z'],
  ]);
  expect([asked(listOf('late', 'c', since)), asked(listOf('soon', 'c', since)), asked(listOf('open', 'c', since))]).toMatchObject([{ due: 'late', communityId: 'c' }, { due: 'soon', communityId: 'c' }, { open: true, communityId: 'c' }]);
  expect(listOf('escalations', 'c', since)).toBe('/escalations?community=c');
});
