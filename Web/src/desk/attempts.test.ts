import dayjs from 'dayjs';
import { expect, test } from 'vitest';
import { attemptOf, firstResult, resultsOf } from './attempts';

const zone = 'Asia/Shanghai';

test('That no number is known is said where none is, of a round that is to be called or of a follow-up', () => {
  expect(resultsOf({ numberKnown: false, state: 'toCall' })[0]).toBe('noNumber');
  expect(resultsOf({ numberKnown: false })[0]).toBe('noNumber');
  expect(resultsOf({ numberKnown: true, state: 'toCall' })).not.toContain('noNumber');
  expect(resultsOf({ numberKnown: false, state: 'asked' })).not.toContain('noNumber');
});

test('Where there is a number to dial a call is chosen at first', () => {
  expect(firstResult(resultsOf({ numberKnown: false }), ['13800138000'])).toBe('noAnswer');
  expect(firstResult(resultsOf({ numberKnown: false }), [])).toBe('noNumber');
  expect(firstResult(resultsOf({ numberKnown: true }), [])).toBe('noAnswer');
});

test('Where nobody was rung neither a number is sent nor who spoke, whatever was typed before', () =>
  expect(attemptOf({ result: 'noNumber', numberDialled: '13800138000', spokeWith: '王小明', callAgainAt: dayjs(), note: '只有邮箱' }, zone)).toEqual(
    { result: 'noNumber', numberDialled: null, spokeWith: null, callAgainAt: null, note: '只有邮箱' }));

test('Who picked up and asked to be rung later is sent with the call', () =>
  expect(attemptOf({ result: 'callLater', numberDialled: '13800138000', spokeWith: '王太太', callAgainAt: dayjs('2026-03-02T18:00') }, zone)).toEqual(
    { result: 'callLater', numberDialled: '13800138000', spokeWith: '王太太', callAgainAt: expect.stringMatching(/^2026-03-02T10:00/) as string, note: null }));
