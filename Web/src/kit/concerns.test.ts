import { expect, test } from 'vitest';
import type { LiveEvent } from '../api/client';
import { isConcerned } from './concerns';
import { eventsOf } from './stream';

const happened = (what: LiveEvent['what'], subjectKind: LiveEvent['subjectKind'], subjectId: string, requestIds: string[] = []): LiveEvent => ({ communityId: 'c', seq: 1, what, subjectKind, subjectId, requestIds });

test('An open record follows what happens to it, to its orders and to its fault, and to nothing else', () => {
  const shown = { faults: [{ faultId: 'f', leftAt: null }, { faultId: 'old', leftAt: '2026-03-02T01:00:00Z' }] };

  expect(isConcerned(happened('requestNoted', 'request', 'r', ['r']), ['request', 'r'], shown)).toBe(true);
  expect(isConcerned(happened('workArrived', 'workOrder', 'o', ['x', 'r']), ['request', 'r'], shown)).toBe(true);
  expect(isConcerned(happened('faultExpected', 'fault', 'f'), ['request', 'r'], shown)).toBe(true);
  expect(isConcerned(happened('faultExpected', 'fault', 'old'), ['request', 'r'], shown)).toBe(false);
  expect(isConcerned(happened('requestNoted', 'request', 'x', ['x']), ['request', 'r'], shown)).toBe(false);
  expect(isConcerned(happened('messageSent', 'request', 'r', ['r']), ['timeline', 'messages', 'r'])).toBe(true);
  expect(isConcerned(happened('workDone' as LiveEvent['what'], 'workOrder', 'o'), ['work-order', 'o'])).toBe(true);
  expect(isConcerned(happened('requestNoted', 'request', 'r', ['r']), ['work-order', 'o'], { requests: [{ requestId: 'r' }] })).toBe(true);
});

test('Queues and boards follow; what nothing happened to is not asked for again', () => {
  expect(isConcerned(happened('requestReceived', 'request', 'r', ['r']), ['requests', 'undispatched'])).toBe(true);
  expect(isConcerned(happened('workClaimed', 'workOrder', 'o'), ['work-orders', 'queue', 'dispatched'])).toBe(true);
  expect(isConcerned(happened('alarmRaised', 'request', 'r', ['r']), ['alarms'])).toBe(true);
  expect(isConcerned(happened('workReturned', 'workOrder', 'o'), ['officer', 'returned', undefined])).toBe(true);
  expect(isConcerned(happened('followUpEnded', 'feedback', 'b'), ['officer', 'count', 'followUps'])).toBe(true);
  expect(isConcerned(happened('customerAmended', 'customer', 'k'), ['officer', 'returned', undefined])).toBe(false);
  expect(isConcerned(happened('customerAmended', 'customer', 'k'), ['requests', 'newest'])).toBe(false);
  expect(isConcerned(happened('customerAmended', 'customer', 'k'), ['card', 'k'])).toBe(true);
  expect(isConcerned(happened('requestReceived', 'request', 'r', ['r']), ['session'])).toBe(false);
  expect(isConcerned(happened('requestReceived', 'request', 'r', ['r']), ['communities'])).toBe(false);
});

test('A follow-up is followed in its list and on its sheet: who took it, put it off or handed it over is seen before a second one rings', () => {
  for (const what of ['callBackTaken', 'callBackReleased', 'callBackSnoozed', 'callBackHandedOver', 'feedbackCallTried', 'followUpEnded'] as const) {
    expect(isConcerned(happened(what, 'feedback', 'b'), ['follow-ups', 'mine'])).toBe(true);
    expect(isConcerned(happened(what, 'feedback', 'b'), ['follow-up', 'u'])).toBe(true);
  }
  expect(isConcerned(happened('requestNoted', 'request', 'r', ['r']), ['follow-up', 'u'])).toBe(false);
});

test('What somebody is told is asked for as soon as something was sent', () => {
  expect(isConcerned(happened('messageSent', 'request', 'r', ['r']), ['told-me'])).toBe(true);
  expect(isConcerned(happened('requestNoted', 'request', 'r', ['r']), ['told-me'])).toBe(false);
});

test('Events are read however the network cuts them', () => {
  const text = 'event: ready\ndata: {}\nid: a-1\nretry: 2000\n\nevent: happened\ndata: {"seq":2}\n\nevent: happened\ndata: {"se';

  const [events, rest] = eventsOf(text);

  expect(events).toEqual([{ event: 'ready', data: '{}', id: 'a-1' }, { event: 'happened', data: '{"seq":2}' }]);
  expect(eventsOf(rest + 'q":3}\nid: a-3\n\n')).toEqual([[{ event: 'happened', data: '{"seq":3}', id: 'a-3' }], '']);
});
