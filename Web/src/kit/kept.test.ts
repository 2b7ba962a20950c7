import dayjs from 'dayjs';
import { afterEach, expect, test, vi } from 'vitest';
import { InHand, keepPlace, keptPlace, longest, most, sweep, Typed, typed, typesHere } from './kept';

class Memory implements Storage {
  private readonly map = new Map<string, string>();
  [name: string]: unknown;
  get length() { return this.map.size; }
  clear() { this.map.clear(); }
  getItem(key: string) { return this.map.get(key) ?? null; }
  key(index: number) { return [...this.map.keys()][index] ?? null; }
  removeItem(key: string) { this.map.delete(key); }
  setItem(key: string, value: string) { this.map.set(key, value); }
}

afterEach(() => vi.unstubAllGlobals());

const at = () => new Date().toISOString();

test('What was typed about one thing comes back for it and for nothing else, with its times, its version and its key', () => {
  const store = new Memory();
  const here = new Typed(store, 'ann');
  const due = dayjs('2026-03-06T16:00:00');

  here.keep('promise 1', { values: { text: 'by Friday', dueAt: due, window: [due, due], orders: [{ crew: 'security' }], none: undefined }, seen: 4, before: { window: [due, due] }, key: 'k1', at: at() });

  const back = new Typed(store, 'ann').of('promise 1')!;
  expect(back.values).toMatchObject({ text: 'by Friday', orders: [{ crew: 'security' }] });
  expect((back.values.dueAt as dayjs.Dayjs).isSame(due)).toBe(true);
  expect((back.values.window as dayjs.Dayjs[])[1]!.isSame(due)).toBe(true);
  expect(JSON.stringify(back.before)).toBe(JSON.stringify({ window: [due, due] }));
  expect([back.seen, back.key]).toEqual([4, 'k1']);
  expect(here.of('promise 2')).toBeUndefined();
});

test('What is counted are the forms that were begun by one person and not sent', () => {
  const store = new Memory();
  vi.stubGlobal('sessionStorage', store);
  typesHere('ann');
  keepPlace({ value: 'p1', label: '3-2-1502' });
  new Typed(store, 'bob').keep('note 1', { values: { text: 'Bob’s' }, at: at() });
  expect(typed().count()).toBe(0);

  typed().keep('note 1', { values: { text: 'Ann’s' }, at: at() });
  typed().keep('note 2', { values: { text: 'yesterday' }, at: new Date(Date.now() - longest).toISOString() });
  expect(typed().count()).toBe(1);
  typed().forgetAll();
  expect(typed().count()).toBe(0);
});

test('Nobody is shown what somebody else typed in the same tab; who signs out leaves nothing', () => {
  const store = new Memory();
  new Typed(store, 'ann').keep('note 1', { values: { text: 'Ann’s' }, at: at() });
  new Typed(store, 'bob').keep('note 1', { values: { text: 'Bob’s' }, at: at() });

  expect(new Typed(store, 'ann').of('note 1')!.values.text).toBe('Ann’s');
  new Typed(store, 'ann').forgetAll();

  expect(new Typed(store, 'ann').of('note 1')).toBeUndefined();
  expect(new Typed(store, 'bob').of('note 1')!.values.text).toBe('Bob’s');
});

test('After a day it is gone though nobody opens the form again', () => {
  const store = new Memory();
  new Typed(store, 'ann').keep('note 1', { values: { text: 'x' }, at: new Date(Date.now() - longest).toISOString() });
  new Typed(store, 'bob').keep('note 2', { values: { text: 'y' }, at: at() });
  store.setItem('another', 'thing');

  sweep(store);

  expect([store.getItem('desk.typed.ann.note 1'), new Typed(store, 'bob').of('note 2')!.values.text, store.getItem('another')]).toEqual([null, 'y', 'thing']);
});

test('What is old is gone, what cannot be read is none, and of very many the oldest give way', () => {
  const store = new Memory();
  const here = new Typed(store, 'ann');
  here.keep('note old', { values: { text: 'x' }, at: new Date(Date.now() - longest).toISOString() });
  expect(here.of('note old')).toBeUndefined();
  store.setItem('desk.typed.ann.note broken', '{');
  expect(here.of('note broken')).toBeUndefined();

  for (let n = 0; n <= most; n++) here.keep(`note ${n}`, { values: { n }, at: new Date(Date.now() - 1_000 * (most - n)).toISOString() });
  expect(here.of('note 0')).toBeUndefined();
  expect(here.of('note 1')!.values.n).toBe(1);
  expect(here.of(`note ${most}`)!.values.n).toBe(most);
});

test('A full store loses nothing of the form and breaks nothing', () => {
  const store = new Memory();
  store.setItem = () => { throw new Error('full'); };
  expect(() => new Typed(store, 'ann').keep('note 1', { values: { text: 'x' }, at: at() })).not.toThrow();
});

test('What is sent as it stands is kept with its key: after a lost answer and a reload the next press is the same one', () => {
  vi.stubGlobal('sessionStorage', new Memory());
  typesHere('ann');
  const first = new InHand('call-back 1 tried');
  first.keep({ values: { result: 'noAnswer' } });
  expect(typed().of('call-back 1 tried')).toBeUndefined();

  first.key = 'k1';
  first.keep({ values: { result: 'noAnswer' } });

  typesHere('ann');
  const again = new InHand('call-back 1 tried');
  expect(again.restore()!.values).toEqual({ result: 'noAnswer' });
  expect(again.key).toBe('k1');
  again.settle();
  expect(new InHand('call-back 1 tried').restore()).toBeUndefined();
});

test('A key that was refused with nothing typed leaves nothing; what may not be kept is not', () => {
  vi.stubGlobal('sessionStorage', new Memory());
  typesHere('ann');
  const form = new InHand('order 1 quote');
  form.key = 'k1';
  form.keep({ values: {} });
  form.key = undefined;
  form.keep({ values: {} });
  expect(new InHand('order 1 quote').restore()).toBeUndefined();

  const secret = new InHand(null);
  secret.touched = true;
  secret.keep({ values: { text: 'x' } });
  expect([secret.restore(), sessionStorage.length]).toEqual([undefined, 0]);
});

test('A place that was chosen before a reload is called as it was then, the last few of them', () => {
  vi.stubGlobal('sessionStorage', new Memory());
  typesHere('ann');
  for (let n = 1; n <= 25; n++) keepPlace({ value: `p${n}`, label: `Block ${n}` });
  keepPlace({ value: 'p10', label: 'Block 10' });
  typesHere('ann');

  expect(keptPlace('p25')).toEqual({ value: 'p25', label: 'Block 25' });
  expect([keptPlace('p10')?.label, keptPlace('p5'), keptPlace('p7')?.label]).toEqual(['Block 10', undefined, 'Block 7']);
});
