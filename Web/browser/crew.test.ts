import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { address, as, enter, everSeen, goTo, held, launch, open, overflow, picture } from './browser';

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

interface Order { workOrderId: string; number: number; requestId: string; communityId: string }

/** A leak at somebody's home, dispatched to the engineers. */
async function dispatched(what: string): Promise<Order> {
  const desk = await as('clerk');
  const { customers } = await desk.get<{ customers: { customerId: string; communityId: string; homes: { placeId: string }[] }[] }>(`/api/search?q=${process.env.DESK_CALLER ?? '8001'}&take=5`);
  const { communityId, customerId, homes } = customers[0]!;
  const categories = await desk.get<{ categoryId: string; kind: string; name: string; nameEn?: string }[]>(`/api/communities/${communityId}/categories`);
  const leak = categories.find((c) => c.kind === 'repair' && (c.name === '水管漏水' || c.nameEn === 'Leaking pipe'))!;
  const { requestId } = await desk.post<{ requestId: string }>('/api/requests', { communityId, kind: 'repair', channel: 'phone', categoryId: leak.categoryId, customerId, placeId: homes[0]!.placeId, description: what });
  const { workOrders } = await desk.post<{ workOrders: { workOrderId: string; number: number }[] }>(`/api/requests/${requestId}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: what }] });
  await desk.context.close();
  return { ...workOrders[0]!, requestId, communityId };
}

const step = (page: Page, name: string, state: string) => page.locator(`[data-part=phone] [data-action=${name}][data-state=${state}]`);

test.each(['zh-CN', 'en'] as const)('A crew member works through an order without a line, closes the page in between, and everything arrives once (%s)', async (language) => {
  const order = await dispatched(language === 'en' ? 'The kitchen pipe leaks' : '厨房水管漏水');
  const { page, context, wrong } = await open(browser, { language, width: 360, cut: true });
  await enter(page, 'member');
  await page.waitForURL('**/crew');
  await page.locator('[data-order]').first().waitFor();
  await goTo(page, `/work-orders/${order.workOrderId}`); // wherever it is in the list
  await page.locator('[data-move=claim]').waitFor();
  expect((await page.locator('[data-act=call]').getAttribute('href'))!.replaceAll(/\s/g, '')).toMatch(new RegExp(`^tel:\\+?\\d*${process.env.DESK_CALLER ?? '8001'}$`));
  const place = await page.locator('.order-page h1').innerText();
  expect(decodeURIComponent((await page.locator('[data-act=open-place]').getAttribute('href'))!)).toMatch(new RegExp(`^geo:0,0\\?q=.*${place}$`));
  await page.evaluate(async () => { await navigator.serviceWorker?.ready; });
  const photo = await picture(page);
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  await context.setOffline(true);
  for (const move of ['claim', 'arrive']) {
    await page.locator(`[data-move=${move}]`).click();
    await step(page, move, 'pending').waitFor();
  }
  await page.locator('[data-move=hold]').click();
  await page.locator('dialog input[value=parts]').check();
  await page.locator('dialog [data-act=in-2]').click();
  await page.locator('dialog [data-act=submit]').click();
  await page.locator('[data-move=resume]').click();
  await page.locator('[data-field=purpose]').selectOption('after');
  await page.locator('[data-act=attach]').setInputFiles(photo);
  await step(page, 'attach', 'pending').waitFor();
  await page.locator('[data-move=complete]').click();
  await page.locator('[name=whatWasDone]').fill('换了密封圈');
  await expect.poll(() => page.evaluate(() => new Promise((done) => { // what is being typed is being written down
    const asked = indexedDB.open('desk-crew');
    asked.onsuccess = () => { const all = asked.result.transaction('drafts').objectStore('drafts').getAll(); all.onsuccess = () => { asked.result.close(); done(JSON.stringify(all.result)); }; };
  }))).toContain('换了密封圈');
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  // Closed and opened again, still without a line: the page comes from the telephone, and so does what was typed.
  await page.close();
  let [there, lost] = [false, 0];
  await context.route('**/claim', async (route) => {
    if (!there) return route.abort('internetdisconnected'); // what is under way when the line comes back would arrive otherwise, unseen
    if (lost++) return route.continue();
    await route.fetch();
    await route.abort('connectionreset');
  });
  const again = await context.newPage();
  again.on('pageerror', (e) => wrong.push(String(e)));
  onTestFailed(async () => console.log(await again.locator('body').innerText().catch(() => 'The page is closed.')));
  await again.goto(`${address}/crew`);
  await again.locator('[data-order]').first().waitFor();
  await again.locator('[data-part=strip]').click();
  await again.locator(`main a[href="/work-orders/${order.workOrderId}"]`).first().click();
  await again.locator('[data-move=complete]').click();
  await expect.poll(() => again.locator('[name=whatWasDone]').inputValue()).toBe('换了密封圈');
  await again.locator('[data-act=add-material]').click();
  await again.locator('[data-part=material] input').nth(0).fill('密封圈');
  await again.locator('[data-part=material] input').nth(1).fill('2');
  await again.locator('[data-part=material] input').nth(2).fill('个');
  await again.locator('dialog [data-act=submit]').click();
  await step(again, 'complete', 'pending').waitFor();
  await again.locator('.order-page[data-status=done]').waitFor();
  expect(await again.locator('[data-part=strip]').getAttribute('data-waiting')).toBe('6');

  // The line is back; the first reply is lost on the way.
  there = true;
  await context.setOffline(false);
  await step(again, 'complete', 'sent').waitFor();
  for (const name of ['claim', 'arrive', 'hold', 'resume', 'attach']) await step(again, name, 'sent').waitFor();
  expect(lost).toBe(2);

  const desk = await as('clerk');
  const details = await desk.get<{ workOrder: { status: string; doneWhat: string; arrivedAt: string }; materials: { name: string; quantity: number }[]; holds: unknown[] }>(`/api/work-orders/${order.workOrderId}`);
  expect([details.workOrder.status, details.workOrder.doneWhat, details.materials.length, details.holds.length]).toEqual(['done', '换了密封圈', 1, 1]);
  const { items } = await desk.get<{ items: { what: string; deviceAt: string | null }[] }>(`/api/requests/${order.requestId}/timeline`);
  const happened = items.filter((e) => e.deviceAt).map((e) => e.what);
  expect(happened.filter((w) => w.startsWith('work') || w === 'fileAttached')).toEqual(['workClaimed', 'workArrived', 'workHeld', 'workResumed', 'fileAttached', 'workCompleted']);
  const [file] = await desk.get<{ attachmentId: string; mediaType: string }[]>(`/api/work-orders/${order.workOrderId}/attachments`);
  const size = await again.evaluate(async (id) => {
    const bitmap = await createImageBitmap(await (await fetch(`/api/attachments/${id}/content`)).blob());
    return [bitmap.width, bitmap.height];
  }, file!.attachmentId);
  expect([file!.mediaType, size]).toEqual(['image/jpeg', [800, 1600]]);
  expect(wrong).toEqual([]);
  await desk.context.close();
  await context.close();
});

test('A lead hands an order over to a colleague, returns it with a reason, and passes another one on to another team', async () => {
  const ours = await dispatched('不是我们的活');
  const theirs = await dispatched('该别的组来');
  const [desk, colleague] = [await as('clerk'), await as('member')];
  const { staffId } = await colleague.get<{ staffId: string }>('/api/session');
  await colleague.context.close();
  const stands = async ({ workOrderId }: Order) => {
    const { workOrder: o } = await desk.get<{ workOrder: { status: string; teamId?: string | null; assigneeId?: string | null } }>(`/api/work-orders/${workOrderId}`);
    return [o.status, o.teamId ?? null, o.assigneeId ?? null];
  };
  const { page, context, wrong } = await open(browser, { language: 'zh-CN', width: 360, cut: true });
  const form = async (move: string) => {
    await page.locator('[data-move=more]').click();
    await page.locator(`dialog [data-move=${move}]`).click();
    return page.locator(`dialog[data-part=form-${move}]`);
  };
  // What somebody has given away may be on no list of theirs any more, and what they did still stands there.
  const sent = async (move: string) => {
    await page.locator('dialog [data-act=submit]').click();
    await page.locator(`[data-action=${move}][data-state=sent]`).waitFor();
  };

  await enter(page, 'lead', `/work-orders/${ours.workOrderId}`);
  const handOver = await form('assign');
  await handOver.locator(`input[value="${staffId}"]`).check();
  await sent('assign');
  const [status, teamId, assigneeId] = await stands(ours);
  expect([status, !!teamId, assigneeId]).toEqual(['dispatched', true, staffId]);
  const back = await form('return');
  await back.locator('[name=reason]').fill('要先请燃气公司来');
  await sent('return');
  expect(await stands(ours)).toEqual(['unassigned', null, null]);
  const { items } = await desk.get<{ items: { what: string; text: string | null }[] }>(`/api/requests/${ours.requestId}/timeline`);
  expect(items.filter((e) => e.what === 'workReturned').map((e) => e.text)).toEqual(['要先请燃气公司来']);

  await goTo(page, `/work-orders/${theirs.workOrderId}`);
  const passOn = await form('transfer');
  const team = passOn.locator('input[name=teamId]').first();
  const to = await team.getAttribute('value');
  await team.check();
  await passOn.locator('[name=reason]').fill('水从花坛来');
  await sent('transfer');
  expect(await stands(theirs)).toEqual(['dispatched', to, null]);
  expect(wrong).toEqual([]);
  await desk.context.close();
  await context.close();
});

test('What was refused because the order had moved on says why, and is kept on the timeline as reported', async () => {
  const order = await dispatched('Moved on');
  const { page, context } = await open(browser, { language: 'en', width: 360, cut: true });
  await enter(page, 'member', `/work-orders/${order.workOrderId}`);
  await page.locator('[data-move=claim]').waitFor();
  await context.setOffline(true);
  await page.locator('[data-move=claim]').click();
  await page.locator('[data-move=arrive]').click();
  await page.locator('[data-move=complete]').click();
  await page.locator('[name=whatWasDone]').fill('Tightened the joint');
  await page.locator('dialog [data-act=submit]').click();
  const desk = await as('clerk');
  await desk.post(`/api/work-orders/${order.workOrderId}/voiding`, { reason: 'The owner mended it' });

  await context.setOffline(false);

  await page.locator('[data-action=complete][data-state=refused][data-report=kept]').waitFor();
  await page.locator('[data-action=claim] [data-code="work_order.move_not_allowed"]').waitFor();
  const { items } = await desk.get<{ items: { what: string; text: string | null; detail: { move: string } }[] }>(`/api/requests/${order.requestId}/timeline`);
  expect(items.filter((e) => e.what === 'workReported').map((e) => [e.detail.move, e.text])).toEqual([['claim', null], ['arrive', null], ['complete', 'Tightened the joint']]);

  await page.locator('[data-action=complete] [data-act=discard]').click();
  await page.locator('[data-act=discard-now]').click();
  await page.locator('[data-action=complete]').waitFor({ state: 'detached' });
  await desk.context.close();
  await context.close();
});

test('Whoever signs out leaves nothing on the telephone, and is asked first about what was not sent', async () => {
  const order = await dispatched('Left behind');
  const { page, context } = await open(browser, { language: 'zh-CN', width: 360, cut: true });
  await context.route('**/claim', (route) => route.abort('connectionreset'));
  await enter(page, 'member', `/work-orders/${order.workOrderId}`);
  await page.locator('[data-move=claim]').click();
  await step(page, 'claim', 'pending').waitFor();

  await page.locator('[data-act=menu]').click();
  await page.locator('[data-act=sign-out]').click();
  await page.locator('dialog', { hasText: '1' }).waitFor();
  await page.locator('[data-act=sign-out-now]').click();
  await page.locator('.lonely #signInName').waitFor();

  const left = await page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((done) => { const asked = indexedDB.open('desk-crew'); asked.onsuccess = () => done(asked.result); });
    const count = (store: string) => new Promise<number>((done) => { const asked = db.transaction(store).objectStore(store).count(); asked.onsuccess = () => done(asked.result); });
    const counts = await Promise.all(['actions', 'photos', 'kept', 'drafts'].map(count));
    const cached = (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map((r) => new URL(r.url).pathname)))).flat();
    return { counts, api: cached.filter((path) => path.startsWith('/api')) };
  });
  expect(left).toEqual({ counts: [0, 0, 0, 0], api: [] });
  await context.setOffline(true);
  await page.goto(`${address}/crew`).catch(() => undefined);
  expect(await page.locator('[data-order]').count()).toBe(0);
  await context.close();
});

test('What is refused while somebody signs out asks nobody to sign in again', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 360, cut: true });
  await enter(page, 'member');
  await page.locator('[data-list=pool]').waitFor();
  const leaving = await held(page, /\/api\/session$/, 'DELETE');
  await page.locator('[data-act=menu]').click();
  await page.locator('[data-act=sign-out]').click();
  const asked = await everSeen(page, 'dialog[data-part=sign-in]');
  await page.locator('[data-act=sign-out-now]').click();
  await leaving.came;

  // Looked at again, the list is asked for once more, of a desk that knows nobody any more.
  await page.route(/\/api\/work-orders\?/, (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', json: { code: 'session.needed', title: 'Sign in.', status: 401 } }));
  const no = page.waitForResponse((r) => r.status() === 401);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await (await no).finished();
  leaving.letGo();
  await page.locator('.lonely #signInName').waitFor();
  expect(await asked()).toBe(false);
  await context.close();
});

test('It can be installed', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 360, cut: true });
  await page.goto(`${address}/crew`);
  const manifest = (await (await page.request.get(new URL((await page.locator('link[rel=manifest]').getAttribute('href'))!, address).href)).json()) as { start_url: string; display: string; icons: { src: string }[] };
  expect([manifest.start_url, manifest.display]).toEqual(['/crew', 'standalone']);
  for (const icon of manifest.icons) expect((await page.request.get(address + icon.src)).status()).toBe(200);
  expect(await page.evaluate(async () => !!(await navigator.serviceWorker.ready).active)).toBe(true);
  await context.close();
});
