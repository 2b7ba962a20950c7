import { beforeEach, expect, test } from 'vitest';
import { InUse } from './inUse';

/** One browser: whoever asks for a lock that is held gets none; what is let go of is free a moment later. */
class Browser {
  held = new Map<string, unknown>();

  async request(name: string, _: LockOptions, then: (lock: Lock | null) => unknown): Promise<unknown> {
    await Promise.resolve();
    if (this.held.has(name)) return then(null);
    this.held.set(name, true);
    try {
      return await then({ name, mode: 'exclusive' });
    } finally {
      await new Promise((done) => setTimeout(done));
      this.held.delete(name);
    }
  }

  query = () => Promise.resolve({ held: [...this.held.keys()].map((name) => ({ name })) });
}

let [one, other]: InUse[] = [];
let browser: Browser;
beforeEach(() => {
  browser = new Browser();
  [one, other] = [new InUse(browser as never), new InUse(browser as never)];
});

test('A draft that one tab has in hand is left alone by every other one, until it is let go of', async () => {
  const letGo = await one!.take('tap');

  expect([letGo !== undefined, await other!.take('tap')]).toEqual([true, undefined]);
  expect([[...(await other!.elsewhere())], [...(await one!.elsewhere())]]).toEqual([['tap'], []]);

  letGo!();
  await new Promise((done) => setTimeout(done, 5));
  expect([...(await other!.elsewhere())]).toEqual([]);
  expect(await other!.take('tap')).toBeDefined();
});

test('What this tab has just let go of is its own still: it is offered at once, and taken again', async () => {
  const letGo = await one!.take('tap');
  letGo!();

  expect([...(await one!.elsewhere())]).toEqual([]);
  expect(await one!.take('tap')).toBeDefined();
  expect([...(await other!.elsewhere())]).toEqual(['tap']);
});

test('A tab that closes leaves what it had', async () => {
  await one!.take('tap');
  browser.held.clear();

  expect([...(await other!.elsewhere())]).toEqual([]);
  expect(await other!.take('tap')).toBeDefined();
});

test('Where there are no locks, or none are given, every draft is free', async () => {
  const forbidden = { request: () => Promise.reject(new Error('SecurityError')), query: () => Promise.reject(new Error('SecurityError')) };
  for (const none of [undefined, forbidden as never]) {
    const alone = new InUse(none);
    expect([typeof (await alone.take('tap')), [...(await alone.elsewhere())]]).toEqual(['function', []]);
  }
});
