import dayjs from 'dayjs';
import { expect, test } from 'vitest';
import { bodyOf, knownFrom } from './newCustomer';

test('What was typed into the one box goes where it belongs', () => {
  expect(knownFrom(' 139 0013 8001 ')).toEqual({ phone: '139 0013 8001' });
  expect(knownFrom('+86 139-0013-8001')).toEqual({ phone: '+86 139-0013-8001' });
  expect(knownFrom('李小明')).toEqual({ name: '李小明' });
  expect(knownFrom('010-12345678')).toEqual({ phone: '010-12345678' });
  expect(knownFrom('3-2-1502')).toEqual({});
  expect(knownFrom('8001')).toEqual({});
  expect(knownFrom('')).toEqual({});
});

const typed = {
  communityId: 'c', name: ' 李小明 ', language: 'zh-CN' as const, preferredChannel: 'phone' as const, note: ' ',
  contactPoints: [{ kind: 'phone' as const, value: ' ' }, { kind: 'email' as const, value: ' a@b.cn ', label: 'work' }, undefined],
  occupancies: [{ role: 'tenant' as const }, { role: 'owner' as const, placeId: 'p', fromOn: dayjs('2026-03-01T23:30') }],
};

test('Lines that say nothing are not sent, and days are days', () => {
  expect(bodyOf(typed).body).toEqual({
    communityId: 'c', name: '李小明', language: 'zh-CN', preferredChannel: 'phone', note: null,
    contactPoints: [{ kind: 'email', value: 'a@b.cn', label: 'work' }],
    occupancies: [{ placeId: 'p', role: 'owner', fromOn: '2026-03-01' }],
  });
});

test('A fault stands at the line in which it was typed', () => {
  const { rename } = bodyOf(typed);

  expect(rename('contactPoints[0].value')).toBe('contactPoints[1].value');
  expect(rename('occupancies[0].fromOn')).toBe('occupancies[1].fromOn');
  expect(rename('name')).toBe('name');
});
