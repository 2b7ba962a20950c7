import { expect, test } from 'vitest';
import { bodyOf, typedOf } from './typed';

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
