import { expect, test } from 'vitest';
import { toDecide } from './holds';

const at = (hour: number) => `2026-03-02T${String(hour).padStart(2, '0')}:00:00Z`;
const hold = { wakeAt: at(10), limitAt: null, limitPassedAt: null, agreedAt: null };

test('A hold takes a manager’s word where it is past its limit or meant for longer, and nobody has agreed', () => {
  expect(toDecide({ ...hold, limitAt: at(9) })).toBe(true);
  expect(toDecide({ ...hold, limitAt: at(9), limitPassedAt: at(9) })).toBe(true);
  expect(toDecide({ ...hold, limitAt: at(10) })).toBe(false);
  expect(toDecide({ ...hold, limitAt: at(12) })).toBe(false);
  expect(toDecide(hold)).toBe(false);
  expect(toDecide({ ...hold, agreedAt: at(8) })).toBe(false);
});
