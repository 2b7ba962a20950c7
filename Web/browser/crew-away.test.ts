import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, as, held, launch, open, people } from './browser';

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

interface Order { workOrderId: string; number: number; requestId: string }

/** A leak at somebody's home, dispatched to the engineers. */
async function dispatched(what: string, priority?: string): Promise<Order> {
  const desk = await as('clerk');
  const { customers } = await desk.get<{ customers: { customerId: string; communityId: string; homes: { placeId: string }[] }[] }>(`/api/search?q=${process.env.DESK_CALLER ?? '8001'}&take=5`);
  const { communityId, customerId, homes } = customers[0]!;
  const categories = await desk.get<{ categoryId: string; kind: string; name: string; nameEn?: string }[]>(`/api/communities/${communityId}/categories`);
  const leak = categories.find((c) => c.kind === 'repair' && (c.name === '水管漏水' || c.nameEn === 'Leaking pipe'))!;
  const { requestId } = await desk.post<{ requestId: string }>('/api/requests', { communityId, kind: 'repair', channel: 'phone', categoryId: leak.categoryId, customerId, placeId: homes[0]!.placeId, description: what, priority });
  const { workOrders } = await desk.post<{ workOrders: { workOrderId: string; number: number }[] }>(`/api/requests/${requestId}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: what }] });
  await desk.context.close();
  return { ...workOrders[0]!, requestId };
}

const staffIdOf = async (who: string): Promise<string> => {
  const client = await as(who);
  const { staffId } = await client.get<{ staffId: string }>('/api/session');
  await client.context.close();
  return staffId;
};

const of = (page: Page, name: string, state: string) => page.locator(`[data-action=${name}][data-state=${state}]`);

/** The sign-in that stands there, wherever it does. */
async function sign(page: Page, who: string): Promise<void> {
  const [name, password] = people[who]!;
  await page.locator('#signInName').fill(name);
  await page.locator('#password').fill(password);
  await page.locator('#password').press('Enter');
}

/** Looked at again: what waits is sent, and what is shown is asked for. */
const looked = (page: Page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));

test('What was accepted, made safe and put under control without a line goes out after the session was over, as of when it was pressed; the sign-in stays until it is not needed', async () => {
  const order = await dispatched('Gas smells in the kitchen', 'danger');
  const desk = await as('clerk');
  await desk.post(`/api/work-orders/${order.workOrderId}/assignment`, { assigneeId: await staffIdOf('member') });
  const { page, context, wrong } = await open(browser, { language: 'en', width: 360, cut: true });
  await page.goto(`${address}/work-orders/${order.workOrderId}`);
  await sign(page, 'member');
  await page.locator('[data-move=accept]').waitFor();
  expect(await page.locator('[data-move=claim]').count()).toBe(0);
  await context.setOffline(true);
  for (const move of ['accept', 'arrive', 'makeSafe', 'control']) {
    if (move === 'makeSafe' || move === 'control') await page.locator('[data-move=more]').click();
    await page.locator(`[data-move=${move}]`).click();
    await of(page, move, 'pending').waitFor();
  }
  const pressed = await page.locator('[data-action]').evaluateAll((lines) => lines.map((l) => [(l as HTMLElement).dataset.action, Date.parse(l.querySelector('time')!.dateTime)]));

  await context.clearCookies();
  await context.setOffline(false);
  const asked = page.locator('dialog[data-part=sign-in]');
  await asked.waitFor();
  expect(await asked.locator('[data-act=close]').count()).toBe(0);
  // The first Esc is refused, the second one is not asked about.
  await page.locator('#signInName').fill('half a na');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await asked.evaluate((dialog: HTMLDialogElement) => new Promise<void>((done) => {
    if (!dialog.open) return done();
    dialog.addEventListener('close', () => done(), { once: true });
    dialog.close();
  }));
  await asked.waitFor();
  expect(await page.locator('#signInName').inputValue()).toBe('half a na');
  await sign(page, 'member');

  await asked.waitFor({ state: 'detached' });
  for (const move of ['accept', 'arrive', 'makeSafe', 'control']) await of(page, move, 'sent').waitFor();
  const { items } = await desk.get<{ items: { what: string; deviceAt: string | null }[] }>(`/api/requests/${order.requestId}/timeline`);
  const words: Record<string, string> = { accept: 'workAccepted', arrive: 'workArrived', makeSafe: 'workMadeSafe', control: 'workControlled' };
  expect(items.filter((e) => e.deviceAt).map((e) => [e.what, Date.parse(e.deviceAt!)])).toEqual(pressed.map(([move, at]) => [words[move as string], at]));
  expect(wrong).toEqual([]);
  await desk.context.close();
  await context.close();
});

test('What one person did is never sent as another, who signed in meanwhile in another tab: it waits until they are here again', async () => {
  const order = await dispatched('Whose is it');
  const me = await staffIdOf('member');
  const { page, context } = await open(browser, { language: 'zh-CN', width: 360, cut: true });
  await context.route('**/claim', (route) => route.abort('connectionreset'));
  await page.goto(`${address}/work-orders/${order.workOrderId}`);
  await sign(page, 'member');
  await page.locator('[data-move=claim]').click();
  await of(page, 'claim', 'pending').waitFor();
  await page.locator('[data-part=strip]').click();
  await page.locator('[data-act=send-now]').waitFor();
  const signIn = async (who: string) => {
    const [signInName, password] = people[who]!;
    expect((await context.request.post(`${address}/api/session`, { data: { signInName, password } })).status()).toBe(200);
  };

  // This tab hears of it by nothing but what it sends.
  const read = /\/api\/(messages|communities|work-orders(\?|\/[\w-]+$))/;
  await page.route(read, (route) => route.abort('connectionreset'));
  await signIn('lead');
  const answered = page.waitForResponse((r) => r.url().endsWith('/claim'));
  await context.unroute('**/claim');
  await looked(page);

  expect((await answered).status()).toBe(403);
  await page.locator('.empty').waitFor(); // the colleague's page, where nothing waits
  const desk = await as('clerk');
  const stands = async () => (await desk.get<{ workOrder: { status: string; assigneeId?: string | null } }>(`/api/work-orders/${order.workOrderId}`)).workOrder;
  expect((await stands()).assigneeId ?? null).toBeNull();

  await signIn('member');
  await page.unroute(read);
  await looked(page);
  await of(page, 'claim', 'sent').waitFor();
  expect((await stands()).assigneeId).toBe(me);
  await desk.context.close();
  await context.close();
});

test('What was refused is put right in the community’s time wherever the telephone is, and what is typed for it stays typed; a number that cannot be read is not dropped', async () => {
  const order = await dispatched('Waits for a seal');
  const [desk, member] = [await as('clerk'), await as('member')];
  for (const move of ['claim', 'arrival']) await member.post(`/api/work-orders/${order.workOrderId}/${move}`);
  await member.context.close();
  const context = await browser.newContext({ locale: 'en', timezoneId: 'America/New_York', viewport: { width: 360, height: 780 }, hasTouch: true, reducedMotion: 'reduce' });
  context.setDefaultTimeout(Number(process.env.DESK_PATIENCE ?? 60_000));
  const page = await context.newPage();
  // As if the owner paid for it.
  const whole = new RegExp(`/api/work-orders/${order.workOrderId}$`);
  await page.route(whole, async (route) => {
    const reply = await route.fetch();
    const details = (await reply.json()) as { workOrder: object };
    await route.fulfill({ response: reply, json: reply.ok() ? { ...details, workOrder: { ...details.workOrder, payer: 'owner', consentedAmount: 2000 } } : details });
  });
  await page.goto(`${address}/work-orders/${order.workOrderId}`);
  await sign(page, 'member');
  await page.locator('[data-move=complete]').click();
  await page.locator('[name=whatWasDone]').fill('New seal');
  await page.locator('[name=finalAmount]').fill('12o');
  await page.locator('dialog [data-act=submit]').click();
  await page.locator('dialog [data-misread=finalAmount]').waitFor();
  await page.locator('[name=finalAmount]').fill('1,200.50元');
  await page.locator('dialog [data-misread]').waitFor({ state: 'detached' });
  await page.locator('dialog [data-act=close]').click();

  await page.locator('[data-act=menu]').click();
  await page.locator('dialog [data-act=language]').click();
  await page.locator('dialog [data-act=sign-out]', { hasText: '退出' }).waitFor();
  await page.locator('dialog [data-act=close]').click();
  await page.route('**/hold', (route) => route.fulfill({ status: 422, contentType: 'application/problem+json', json: { code: 'hold.wake_at_out_of_range', title: 'Not then.', status: 422 } }));
  await page.locator('[data-move=hold]').click();
  await page.locator('dialog input[value=parts]').check();
  await page.locator('dialog [data-act=in-2]').click();
  const wakeAt = await page.locator('[name=wakeAt]').inputValue();
  await page.locator('dialog [data-act=submit]').click();
  await of(page, 'hold', 'refused').waitFor();

  await page.locator('[data-part=strip]').click();
  await page.locator('.lines [data-act=correct]').click();
  expect(await page.locator('.lines [data-action=hold] time').getAttribute('title')).toBe('Asia/Shanghai');
  expect(await page.locator('[name=wakeAt]').inputValue()).toBe(wakeAt);
  await page.locator('[name=note]').fill('The seal comes from abroad');
  await expect.poll(() => page.evaluate(() => new Promise((done) => { // what is being typed is being written down
    const asked = indexedDB.open('desk-crew');
    asked.onsuccess = () => { const all = asked.result.transaction('drafts').objectStore('drafts').getAll(); all.onsuccess = () => { asked.result.close(); done(JSON.stringify(all.result)); }; };
  }))).toContain('The seal comes from abroad');
  await page.reload();
  await page.locator('html[lang=zh-CN] .lines [data-act=correct]').click();
  expect(await page.locator('[name=note]').inputValue()).toBe('The seal comes from abroad');
  await page.unroute('**/hold');
  await page.locator('dialog [data-act=submit]').click();
  await of(page, 'hold', 'sent').waitFor();

  const { holds } = await desk.get<{ holds: { note: string; wakeAt: string }[] }>(`/api/work-orders/${order.workOrderId}`);
  expect(holds.map((h) => [h.note, Date.parse(h.wakeAt)])).toEqual([['The seal comes from abroad', Date.parse(`${wakeAt}+08:00`)]]);
  await desk.context.close();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await context.close();
});

test('Pages that did not arrive say so and are loaded again; of a list what was loaded stays there, while more is asked for and where there is no line, and other lists with it', async () => {
  for (const what of ['One', 'Two', 'Three']) await dispatched(what);
  const { page, context, wrong } = await open(browser, { language: 'en', width: 360, cut: true });
  const pages = /\/assets\/start-[^/]*\.js$/;
  await page.route(pages, (route) => route.abort('connectionreset'));
  await page.goto(`${address}/crew`);
  await page.locator('[data-part=sorry]').waitFor();
  await page.unroute(pages);
  await page.locator('[data-act=load-again]').click();
  await page.locator('#signInName').waitFor();
  wrong.length = 0;

  // One order to a page. Nothing is asked by the clock: what comes is told by the stream.
  await page.evaluate(() => {
    const real = window.setTimeout;
    window.setTimeout = ((then: () => void, ms?: number) => (ms === 30_000 ? 0 : real(then, ms))) as typeof window.setTimeout;
  });
  const stream = page.waitForResponse((r) => new URL(r.url()).pathname === '/api/live' && r.status() === 200);
  await context.route(/\/api\/work-orders\?/, (route) => route.continue({ url: route.request().url().replace('take=50', 'take=1') }));
  await sign(page, 'member');
  const orders = page.locator('[data-order]');
  await orders.waitFor();
  await stream;
  await dispatched('A cable hangs down, told by the stream', 'danger');
  await page.locator('[data-part=danger]').waitFor();
  await page.locator('[data-list=pool]').click();
  await page.locator('[data-list=pool][aria-current=page]').waitFor();
  await orders.waitFor();
  const ofPool = await orders.getAttribute('data-order');
  await page.locator('[data-list=team]').click();
  const second = await held(page, /\/api\/work-orders\?.*after=/);
  await page.locator('[data-act=more]:enabled').click();
  await second.came;
  expect(await orders.count()).toBe(1);
  second.letGo();
  await expect.poll(() => orders.count()).toBe(2);

  await page.locator('[data-act=more]:enabled').waitFor();
  await context.setOffline(true);
  await page.locator('[data-act=more]').click();
  await page.locator('[data-part=as-of]').waitFor();
  expect(await orders.count()).toBe(2);
  await page.locator('[data-list=pool]').click();
  await page.locator('[data-list=pool][aria-current=page]').waitFor();
  await expect.poll(() => orders.evaluateAll((all) => all.map((o) => (o as HTMLElement).dataset.order))).toEqual([ofPool]);
  expect(wrong).toEqual([]);
  await context.close();
});

test('Whose session lacks something still and cannot be ended is told so, and stays', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 360, cut: true });
  let there = false;
  await page.route('**/api/session', (route) => {
    if (route.request().method() === 'GET') return route.fulfill({ json: { staffId: '01900000-0000-7000-8000-000000000001', signInName: 'new', displayName: 'New', language: 'en', roles: [], seats: [], needs: 'newPassword' } });
    return there ? route.fulfill({ status: 204 }) : route.abort('connectionreset');
  });
  await page.goto(`${address}/account`);
  await page.locator('[data-act=sign-out]').click();
  await page.locator('[data-part=still-here]').waitFor();
  expect(await page.locator('[data-needs=newPassword]').count()).toBe(1);
  there = true;
  await page.locator('[data-act=sign-out]').click();
  await page.locator('#signInName').waitFor();
  await context.close();
});
