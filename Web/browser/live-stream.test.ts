import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { as, enter, launch, open, settled, signIn } from './browser';

let browser: Browser;
let clerk: Awaited<ReturnType<typeof as>>;
beforeAll(async () => {
  browser = await launch();
  clerk = await as('clerk');
});
afterAll(async () => {
  await clerk?.context.close();
  await browser?.close();
});

/** Another screen of the same page: nothing is loaded anew. It is there, with what there was to be read. */
async function go(page: Page, path: string, there: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await page.waitForURL((u) => u.pathname + u.search === path);
  await page.locator(there).first().waitFor();
  await settled(page);
}

test.each<['zh-CN' | 'en']>([['zh-CN'], ['en']])('Every board follows by the stream alone, where nothing is ever asked by the clock; so does an open record, and whoever’s session ends is told (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 1440 });
  // Whatever asks again after a while asks by an interval: there is none.
  await page.addInitScript(() => { (window as unknown as { setInterval: () => number }).setInterval = () => 0; });
  const stream = page.waitForResponse((r) => new URL(r.url()).pathname === '/api/live');
  await signIn(page, 'manager', '/queue');
  await stream;

  await page.locator('main .counts').waitFor();
  await settled(page);
  const tap = await register('repair', `the tap that is told by the stream ${language}`);
  await page.locator('a.order', { hasText: `the tap that is told by the stream ${language}` }).waitFor();

  await go(page, `/requests/${tap}`, '[data-part=timeline] time');
  await clerk.post(`/api/requests/${tap}/notes`, { text: 'told by the stream', visibility: 'desk' });
  await page.locator('[data-part=timeline]', { hasText: 'told by the stream' }).waitFor();

  await go(page, '/requests', 'main .ant-table-row');
  const lamp = await register('repair', `the lamp that is told by the stream ${language}`);
  await page.locator('main .ant-table-row', { hasText: `the lamp that is told by the stream ${language}` }).waitFor();
  const { workOrders } = await clerk.post<{ workOrders: { workOrderId: string }[] }>(`/api/requests/${lamp}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: 'a lamp to mend', mandatory: true }] });

  await go(page, '/officer?show=complaints', '[data-board=complaints][aria-pressed=true]');
  await register('complaint', `the noise that is told by the stream ${language}`);
  await page.locator('a.order', { hasText: `the noise that is told by the stream ${language}` }).waitFor();
  await go(page, '/officer', '[data-board=returned][aria-pressed=true]');
  await clerk.post(`/api/work-orders/${workOrders[0]!.workOrderId}/return`, { reason: `not ours, says the stream ${language}` });
  await page.locator('[data-part=trouble]', { hasText: `not ours, says the stream ${language}` }).waitFor();

  await go(page, '/today', '[data-figure=open] b');
  const figure = page.locator('[data-figure=open] b');
  const before = Number(await figure.innerText());
  await register('repair', 'one more that is open');
  await expect.poll(async () => Number(await figure.innerText())).toBe(before + 1);

  await go(page, '/escalations', '[data-ladder]');
  const ladder = page.locator('[data-ladder]:has([data-act=acknowledge].ant-btn-primary)').last();
  const climbed = await ladder.getAttribute('data-ladder');
  const { items } = await clerk.get<{ items: { escalation: { clockId: string; escalationId: string } }[] }>('/api/escalations?state=open&take=200');
  const levels = items.filter((e) => e.escalation.clockId === climbed);
  expect(levels).not.toEqual([]);
  for (const { escalation } of levels) await clerk.post(`/api/escalations/${escalation.escalationId}/acknowledgement`, { promisedAt: null, note: 'seen' });
  await page.locator(`[data-ladder="${climbed}"]`).waitFor({ state: 'detached' });

  await page.evaluate(() => fetch('/api/session', { method: 'DELETE' }));
  await page.locator('.ant-modal:visible [id$=password]').first().waitFor();
  expect(wrong).toEqual([]);
  await context.close();
});

test.each<['zh-CN' | 'en']>([['zh-CN'], ['en']])('A board whose line was cut says so, keeps what it shows, and catches up once the line is back (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 1280, cut: true });
  await page.addInitScript(() => { (window as unknown as { setInterval: () => number }).setInterval = () => 0; });
  const stream = page.waitForResponse((r) => new URL(r.url()).pathname === '/api/live');
  await enter(page, 'manager', '/queue');
  await stream;
  await page.locator('main .counts').waitFor();
  await settled(page);
  const orders = page.locator('main a.order');
  const there = await orders.allInnerTexts();
  await page.evaluate(() => document.body.setAttribute('data-stayed', ''));

  await context.setOffline(true);
  await page.locator('[data-part=away]').waitFor();
  const missed = `nobody heard of this at once ${language}`;
  await register('repair', missed);
  expect(there).not.toEqual([]);
  expect(await orders.count()).toBe(there.length);

  const again = page.waitForRequest((r) => new URL(r.url()).pathname === '/api/live' && r.headers()['last-event-id'] !== undefined);
  await context.setOffline(false);
  await again;
  await page.locator('main a.order', { hasText: missed }).waitFor();
  await page.locator('[data-part=away]').waitFor({ state: 'detached' });
  await page.locator('body[data-stayed]').waitFor();
  expect(wrong).toEqual([]);
  await context.close();
});

async function register(kind: 'repair' | 'complaint', description: string): Promise<string> {
  const [community] = await clerk.get<{ communityId: string }[]>('/api/communities');
  const category = (await clerk.get<{ kind: string; categoryId: string }[]>(`/api/communities/${community!.communityId}/categories`)).find((c) => c.kind === kind)!;
  const { requestId } = await clerk.post<{ requestId: string }>('/api/requests', { communityId: community!.communityId, kind, channel: 'phone', categoryId: category.categoryId, description, priority: kind === 'repair' ? 'urgent' : null, reporter: { name: 'A. Nobody' } });
  return requestId;
}
