import { expect, test } from 'vitest';
import { amountOf, money, totalOf } from './money';

test('Each line is rounded to cents, half away from zero, as on paper', () => {
  expect(amountOf({ quantity: 1.005, unitPrice: 1 })).toBe(1.01);
  expect(amountOf({ quantity: '0.333', unitPrice: '10' })).toBe(3.33);
  expect(amountOf({ quantity: 3, unitPrice: 19.99 })).toBe(59.97);
  expect(amountOf({ quantity: 0.5, unitPrice: 0.01 })).toBe(0.01);
});

test('The total is that of the lines; what is no number yet counts nothing', () => {
  expect(totalOf([{ quantity: 2, unitPrice: 0.1 }, { quantity: 1, unitPrice: 0.2 }, { quantity: '', unitPrice: 5 }, { quantity: 1, unitPrice: 'x' }, undefined])).toBe(0.4);
  expect(totalOf([])).toBe(0);
  expect([amountOf({ quantity: 1, unitPrice: null }), amountOf({ quantity: 1.2345, unitPrice: 1 }), amountOf({ quantity: '-1', unitPrice: 1 })]).toEqual([null, null, null]);
});

test('Money is written in the community’s currency', () => {
  expect(money(1234.5, 'zh-CN', 'CNY')).toBe('¥1,234.50');
  expect(money(5, 'en')).toBe('5.00');
});
