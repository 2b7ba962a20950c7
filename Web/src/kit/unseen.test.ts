import { expect, test } from 'vitest';
import type { ToldLine } from '../api/client';
import { asked, look, unseenOf } from './unseen';

const line = (messageId: string, channel: ToldLine['channel'] = 'screen'): ToldLine =>
  ({ communityId: 'c', messageId, template: 'escalation', requestId: null, requestNumber: null, workOrderId: null, createdAt: '2026-03-02T01:00:00Z', sentAt: channel && '2026-03-02T01:00:05Z', channel });

function memory() {
  const kept = new Map<string, string>();
  return { kept, getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
}
const seenBy = (store: ReturnType<typeof memory>, who: string) => store.getItem(`desk.told.${who}`) ?? '';

test('What stands on the screen alone is counted until it was looked at; what came by another way, or is on its way, is not', () => {
  const store = memory();
  const told = [line('3'), line('2', 'weCom'), line('1'), line('0', null)];
  expect(unseenOf(told, '')).toBe(2);

  look(store, 'ann', told);

  expect(unseenOf(told, seenBy(store, 'ann'))).toBe(0);
  expect(unseenOf([line('4'), ...told], seenBy(store, 'ann'))).toBe(1);
  expect(unseenOf(told, seenBy(store, 'bob'))).toBe(2);
});

test('One that was looked at does not become new when a later one is gone; what cannot be read is nothing seen', () => {
  const store = memory();
  const many = Array.from({ length: asked * 2 }, (_, n) => line(String(1_000 - n)));
  look(store, 'ann', many.slice(asked));
  look(store, 'ann', many.slice(0, asked));

  expect(unseenOf(many, seenBy(store, 'ann'))).toBe(0);
  for (let n = 0; n < 20; n++) look(store, 'ann', Array.from({ length: asked }, (_, m) => line(`x${n}-${m}`)));
  expect(JSON.parse(seenBy(store, 'ann'))).toHaveLength(asked * 4);
  expect(unseenOf([line('1')], '{')).toBe(1);
});

test('A store that is full or forbidden breaks nothing', () => {
  const full = { getItem: () => null, setItem: () => { throw new Error('full'); } };
  expect(() => look(full, 'ann', [line('1')])).not.toThrow();
});
