import { expect, test } from 'vitest';
import { amountIn, bodyOf, misread, quantityIn, typedOf } from './typed';

const zone = 'Asia/Shanghai';

test('A completion needs what was done, and whole lines of material; empty lines are none', () => {
  expect(bodyOf('complete', { whatWasDone: '  ' }, zone)).toBeNull();
  expect(bodyOf('complete', { whatWasDone: '换阀门', materials: [{ name: '阀门', quantity: '0', unit: '个' }] }, zone)).toBeNull();
  expect(bodyOf('complete', { whatWasDone: ' 换阀门 ', materials: [{ name: '', quantity: '', unit: '' }, { name: '阀门', quantity: '1.5', unit: '个' }], finalAmount: '20' }, zone)).toEqual({
    whatWasDone: '换阀门', cause: null, materials: [{ name: '阀门', quantity: 1.5, unit: '个' }], finalAmount: 20,
  });
});

test('A hold needs a reason and a time; for an absent customer how they were looked for, and when they were rung', () => {
  const hold = { reason: 'customer', wakeAt: '2026-03-02T15:00' };
  expect(bodyOf('hold', hold, zone)).toBeNull();
  expect(bodyOf('hold', { ...hold, evidence: 'call' }, zone)).toBeNull();
  expect(bodyOf('hold', { ...hold, evidence: 'call', calledAt: '2026-03-02T09:30' }, zone)).toEqual({ reason: 'customer', wakeAt: '2026-03-02T07:00:00.000Z', note: null, evidence: 'call', calledAt: '2026-03-02T01:30:00.000Z' });
  expect(bodyOf('hold', { ...hold, reason: 'other' }, zone)).toBeNull();
  expect(bodyOf('hold', { ...hold, reason: 'parts', evidence: 'call', calledAt: '2026-03-02T09:30' }, zone)).toMatchObject({ evidence: null, calledAt: null });
});

test('What was sent can be changed: it is typed as before', () => {
  const hold = { reason: 'customer', evidence: 'call', wakeAt: '2026-03-02T15:00', calledAt: '2026-03-02T09:30', note: 'x' };
  expect(typedOf('hold', bodyOf('hold', hold, zone)!, zone)).toEqual(hold);
  const done = { whatWasDone: '换阀门', cause: '老化', finalAmount: '', materials: [{ name: '阀门', quantity: '2', unit: '个' }] };
  expect(bodyOf('complete', typedOf('complete', bodyOf('complete', done, zone)!, zone), zone)).toEqual(bodyOf('complete', done, zone));
});

test('A quote has whole lines; the owner’s word has a name, and a yes an amount', () => {
  const line = { name: ' 阀门 ', quantity: '1.5', unit: '个', unitPrice: '80' };
  expect(bodyOf('quote', { lines: [{ ...line, unitPrice: '' }] }, zone)).toBeNull();
  expect(bodyOf('quote', { lines: [] }, zone)).toBeNull();
  expect(bodyOf('quote', { lines: [line, { name: '', quantity: '1', unit: '', unitPrice: '' }], consentedBy: ' ' }, zone)).toEqual({ lines: [{ name: '阀门', quantity: 1.5, unit: '个', unitPrice: 80 }], consentedBy: null });
  expect(bodyOf('consent', { quoteId: 'q', answer: 'yes', consentedBy: '李先生', amount: '' }, zone)).toBeNull();
  expect(bodyOf('consent', { quoteId: 'q', answer: 'yes', amount: '80' }, zone)).toBeNull();
  expect(bodyOf('consent', { quoteId: 'q', answer: 'no', consentedBy: '李先生', amount: '80' }, zone)).toEqual({ quoteId: 'q', refusedBy: '李先生', reason: null });
  const yes = bodyOf('consent', { quoteId: 'q', answer: 'yes', consentedBy: '李先生', amount: '80' }, zone)!;
  expect(bodyOf('consent', typedOf('consent', yes, zone), zone)).toEqual(yes);
});

test.each<[string, number | null]>([
  ['120', 120], ['120.5', 120.5], ['120,5', 120.5], ['120.', 120], [' 120 元', 120], ['¥120', 120], ['￥１２０', 120], ['1,200', 1200], ['1，200.50', 1200.5], ['1 200.50', 1200.5], ['12,345,678.90', 12_345_678.9], ['0', 0],
  ['', null], ['abc', null], ['12o', null], ['1.200', null], ['120.505', null], ['12,00,50', null], ['-5', null], ['1,2,3', null], ['120 or so', null], ['1e3', null],
])('The amount %s', (text, amount) => expect(amountIn(text)).toBe(amount));

test.each<[string, number | null]>([['2', 2], ['1.5', 1.5], ['1,5', 1.5], ['0,125', 0.125], ['２', 2], ['1200', 1200], ['1,200', null], ['0', null], ['2个', null], ['', null], ['1.2345', null]])('The quantity %s', (text, quantity) => expect(quantityIn(text)).toBe(quantity));

test('An amount that cannot be read is sent by nobody as none: it is not sent, and the form says so', () => {
  const done = { whatWasDone: '换阀门', finalAmount: '12o' };
  expect([bodyOf('complete', done, zone), misread('complete', done)]).toEqual([null, true]);
  expect([bodyOf('complete', { ...done, finalAmount: '1,200.50元' }, zone), misread('complete', { ...done, finalAmount: '1,200.50元' })]).toMatchObject([{ finalAmount: 1200.5 }, false]);
  expect(bodyOf('complete', { ...done, finalAmount: ' ' }, zone)).toMatchObject({ finalAmount: null });
  expect([misread('complete', { whatWasDone: '' }), misread('complete', { materials: [{ name: '阀门', quantity: '2个', unit: '个' }] })]).toEqual([false, true]);
  const line = { name: '阀门', quantity: '1', unit: '个', unitPrice: '1,200' };
  expect(bodyOf('quote', { lines: [line] }, zone)).toMatchObject({ lines: [{ unitPrice: 1200 }] });
  expect([bodyOf('quote', { lines: [{ ...line, unitPrice: '1.200' }] }, zone), misread('quote', { lines: [{ ...line, unitPrice: '1.200' }] })]).toEqual([null, true]);
  const yes = { quoteId: 'q', answer: 'yes', consentedBy: '李先生', amount: '八十' };
  expect([bodyOf('consent', yes, zone), misread('consent', yes), bodyOf('consent', { ...yes, amount: '80元' }, zone)]).toMatchObject([null, true, { amount: 80 }]);
});
