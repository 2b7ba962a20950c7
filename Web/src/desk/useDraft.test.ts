import dayjs from 'dayjs';
import { expect, test } from 'vitest';
import { packed, unpacked, worthKeeping } from './useDraft';

test('A draft comes back as it was typed, its times as the pickers know them', () => {
  const typed = { categoryId: 'c', description: '漏水', channel: 'phone' as const, reportedAt: dayjs('2026-03-02T09:00:00Z'), appointment: [dayjs('2026-03-03T01:00:00Z'), dayjs('2026-03-03T03:00:00Z')] as [dayjs.Dayjs, dayjs.Dayjs] };

  const kept = unpacked(JSON.parse(JSON.stringify(packed(typed))) as Record<string, unknown>);

  expect([kept.description, kept.categoryId, kept.channel]).toEqual(['漏水', 'c', 'phone']);
  expect(kept.reportedAt?.toISOString()).toBe('2026-03-02T09:00:00.000Z');
  expect(kept.appointment?.map((t) => t.toISOString())).toEqual(['2026-03-03T01:00:00.000Z', '2026-03-03T03:00:00.000Z']);
  expect(unpacked(packed({ appointment: null, foreignDue: null }))).toMatchObject({ appointment: undefined, foreignDue: undefined });
});

test('What a telephone system or the form itself put there is no draft; what somebody typed is one', () => {
  expect(worthKeeping(undefined, undefined)).toBe(false);
  expect(worthKeeping({ channel: 'phone', placeId: 'p', callerPhone: '13800138000', description: '  ' }, '13800138000')).toBe(false);
  expect(worthKeeping({ channel: 'phone', callerPhone: '13800138000' }, undefined)).toBe(true);
  expect(worthKeeping({ channel: 'phone', categoryId: 'c' }, undefined)).toBe(true);
  expect(worthKeeping({ channel: 'phone', description: '漏水' }, '13800138000')).toBe(true);
});
