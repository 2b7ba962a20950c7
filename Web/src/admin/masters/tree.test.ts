import { expect, test } from 'vitest';
import { ordered } from './tree';

const line = (categoryId: string, parentId: string | null = null) => ({ categoryId, parentId });

test('Each stands right after what it is below', () => {
  const rows = ordered([line('a'), line('b'), line('a1', 'a'), line('a11', 'a1'), line('b1', 'b'), line('a2', 'a')]);

  expect(rows.map((r) => [r.item.categoryId, r.depth])).toEqual([['a', 0], ['a1', 1], ['a11', 2], ['a2', 1], ['b', 0], ['b1', 1]]);
});

test('What stands below one that is not shown is shown all the same', () => {
  expect(ordered([line('x', 'gone')]).map((r) => [r.item.categoryId, r.depth])).toEqual([['x', 0]]);
});
