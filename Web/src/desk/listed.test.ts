import { describe, expect, test } from 'vitest';
import { askedBy, inOrder } from './listed';

describe('a list of requests', () => {
  test('As the address says it: what is late is asked for as late, what is soon as soon', () => {
    expect(askedBy({ due: 'late', community: 'c' }).list).toMatchObject({ due: 'late', communityId: 'c', open: undefined, status: undefined });
    expect(askedBy({ due: 'soon' }).list).toMatchObject({ due: 'soon' });
    expect(askedBy({ status: 'awaitingFeedback' }).list).toMatchObject({ status: ['awaitingFeedback'] });
    expect(askedBy({ open: 'true', late: 'false', toConfirm: 'true', newWord: 'true' }).list).toMatchObject({ open: true, late: false, toConfirm: true, unreadWord: true });
  });

  test('Sorted by due time it has open ones only, and its number is that of open ones', () => {
    const { list, all } = askedBy({ sort: 'dueFirst' });

    expect([list.open, all]).toEqual([true, ['received', 'inProgress', 'awaitingFeedback']]);
  });

  test('Otherwise its number is that of all', () => {
    expect(askedBy({}).all).toEqual(['received', 'inProgress', 'awaitingFeedback', 'closed', 'cancelled']);
    expect(askedBy({ sort: 'oldestFirst' }).all).toHaveLength(5);
  });

  test('What has ended is in the order in which it came, whatever order is asked for', () => {
    expect(askedBy({ open: 'false', sort: 'dueFirst' })).toMatchObject({ sort: 'newestFirst', list: { open: false } });
    expect(askedBy({ open: 'false', sort: 'dueFirst' }).all).toHaveLength(5);
    expect(askedBy({ status: 'closed', sort: 'dueFirst' })).toMatchObject({ sort: 'newestFirst', list: { open: undefined, status: ['closed'] } });
    expect(askedBy({ status: 'received', sort: 'dueFirst' })).toMatchObject({ sort: 'dueFirst', list: { open: true, status: ['received'] } });
  });

  test('Whoever wants what has ended by due time gets what is open', () => {
    expect(inOrder({ status: 'closed', kind: 'repair' }, 'dueFirst')).toEqual({ sort: 'dueFirst', status: undefined, open: undefined });
    expect(inOrder({ status: 'received' }, 'dueFirst')).toEqual({ sort: 'dueFirst' });
    expect(inOrder({ status: 'closed' }, 'newestFirst')).toEqual({ sort: undefined });
  });
});
