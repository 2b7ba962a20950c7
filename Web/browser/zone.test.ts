import { gzipSync } from 'node:zlib';
import type { Browser, CDPSession, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, as, form, held, launch, move, open, settled, signIn } from './browser';
import type { Look } from './browser';

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

/** Eighteen hours behind the community, all the year. */
const faraway = 'Pacific/Honolulu';
const minute = 60_000;

/** So many days from today on the community's wall. */
const day = (days: number, time: string) => `${new Date(Date.now() + days * 86_400_000).toLocaleDateString('sv', { timeZone: 'Asia/Shanghai' })} ${time}`;
const instant = (wall: string) => Date.parse(`${wall.replace(' ', 'T')}:00+08:00`);

interface Clock { kind: string; dueAt: string }
interface Details { request: { communityId: string; categoryId: string; reportedAt: string; priority: string; version: number }; clocks: Clock[]; promises: { text: string; dueAt: string }[] }

test('Wherever the browser stands, a time is the community’s: “now” as it is pressed, and what is typed as it is typed; what was shown before saving holds after it', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280, zone: faraway });
  await signIn(page, 'officer', '/desk');
  await page.locator('#callerName').fill('Far Away');
  await category(page, 'water');
  await page.locator('#description').fill('seen from far away');
  await page.locator('[data-part=register] .ant-collapse-header').click();
  const reported = page.locator('#reportedAt');
  await reported.click();
  const before = Math.floor(Date.now() / minute) * minute;
  await page.locator('.ant-picker-dropdown:visible .ant-picker-now-btn').click();
  await expect.poll(() => reported.inputValue()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
  const pressed = instant(await reported.inputValue());
  expect([pressed >= before, pressed <= Date.now()]).toEqual([true, true]);

  const [typed, tomorrow] = [day(-1, '09:30'), day(1, '10:40')];
  await reported.fill(typed);
  // The Enter that takes the time saves nothing.
  let early = 0;
  page.on('request', (r) => { if (r.method() === 'POST' && new URL(r.url()).pathname === '/api/requests') early += 1; });
  await reported.press('Enter');
  await page.locator('.ant-select:has(#priority)').click();
  const ahead = page.locator('[data-part=ahead]');
  const shown = page.waitForResponse((r) => r.url().includes('/sla-preview?') && new URL(r.url()).searchParams.get('priority') === 'urgent' && Date.parse(new URL(r.url()).searchParams.get('reportedAt')!) === instant(typed));
  await page.locator('.ant-select-item-option:visible', { hasText: 'Urgent' }).click();
  await shown;
  await settled(page);
  const promised = await ahead.locator('[data-clock]:has(time)').evaluateAll((all) => all.map((e) => [e.getAttribute('data-clock')!, Date.parse(e.querySelector('time')!.dateTime)] as const));
  const [crew, priority] = [await ahead.getAttribute('data-crew'), await ahead.locator('[data-priority]').getAttribute('data-priority')];
  expect([crew, await ahead.innerText(), promised.length > 0]).toEqual(['engineering', expect.stringContaining('Engineering'), true]);
  expect(early).toBe(0);
  const saved = page.waitForResponse((r) => r.request().method() === 'POST' && new URL(r.url()).pathname === '/api/requests');
  await page.locator('#description').press('Control+Enter');
  const { requestId } = (await (await saved).json()) as { requestId: string };

  const stored = () => clerk.get<Details>(`/api/requests/${requestId}`);
  const made = await stored();
  expect([Date.parse(made.request.reportedAt), made.request.priority]).toEqual([instant(typed), priority]);
  const due = new Map(made.clocks.map((c) => [c.kind, Date.parse(c.dueAt)]));
  const both = promised.filter(([kind]) => due.has(kind));
  expect(both.map(([kind]) => kind)).toContain('finish');
  expect(both).toEqual(both.map(([kind]) => [kind, due.get(kind)]));
  const categories = await clerk.get<{ categoryId: string; crew: string }[]>(`/api/communities/${made.request.communityId}/categories`);
  expect(categories.find((c) => c.categoryId === made.request.categoryId)!.crew).toBe(crew);

  // A promise, as it is typed; and as the page says it again.
  await page.locator('[data-act=open-saved]').click();
  await page.locator('[data-part=description]', { hasText: 'seen from far away' }).waitFor();
  await move(page, 'promise');
  await form(page).locator('[id$=_text]').fill('Somebody comes');
  await form(page).locator('[id$=_dueAt]').fill(tomorrow);
  await form(page).locator('[id$=_dueAt]').press('Enter');
  await submit(page);
  await page.locator('[data-part=promises] li', { hasText: 'Somebody comes' }).filter({ hasText: '10:40' }).waitFor();
  expect((await stored()).promises.map((p) => Date.parse(p.dueAt))).toEqual([instant(tomorrow)]);

  // On hold for two hours, as it is pressed.
  const { workOrders } = await clerk.post<{ workOrders: { workOrderId: string }[] }>(`/api/requests/${requestId}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: 'wait for it', mandatory: true }] });
  const member = await as('member');
  await member.post(`/api/work-orders/${workOrders[0]!.workOrderId}/claim`);
  await member.context.close();
  await page.locator(`main a[href="/work-orders/${workOrders[0]!.workOrderId}"]`).first().click();
  await page.locator('[data-part=moves] [data-move=hold]').click();
  await form(page).locator('.ant-select:has([id$=_reason])').click();
  await page.locator('.ant-select-item-option:visible', { hasText: 'Parts' }).click();
  const since = Date.now() - 1_000;
  await form(page).locator('button', { hasText: 'In 2 h' }).click();
  const until = Date.now();
  await submit(page);
  await page.locator('main .ant-tag', { hasText: 'Parts' }).first().waitFor();
  const { holds } = await clerk.get<{ holds: { wakeAt: string }[] }>(`/api/work-orders/${workOrders[0]!.workOrderId}`);
  const wake = Date.parse(holds[0]!.wakeAt) - 120 * minute;
  expect([wake >= since, wake <= until]).toEqual([true, true]);

  expect(wrong).toEqual([]);
  await context.close();
});

test('A number is that of its rows: sorted by due time there are open ones, and only they are counted', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  const [community] = await clerk.get<{ communityId: string }[]>('/api/communities');
  const inquiry = (await clerk.get<{ kind: string; categoryId: string }[]>(`/api/communities/${community!.communityId}/categories`)).find((c) => c.kind === 'inquiry')!;
  const asked = await clerk.post<{ requestId: string }>('/api/requests', { communityId: community!.communityId, kind: 'inquiry', channel: 'phone', categoryId: inquiry.categoryId, description: 'When is the office open?', reporter: { name: 'A. Nobody' } });
  await clerk.post(`/api/requests/${asked.requestId}/answer`, { kind: 'answered', text: 'From eight.', onTheSpot: true });
  await signIn(page, 'clerk', '/requests?sort=dueFirst');
  const counts = page.locator('.counts b');
  const numbers = async () => (await counts.allInnerTexts()).map(Number);
  await expect.poll(async () => (await numbers())[4]).toBeGreaterThan(0);
  const [all, ...each] = await numbers();
  expect(all).toBe(each[0]! + each[1]! + each[2]!);

  // What has ended is shown as it is counted, and the order by due time is kept for those that are open.
  await page.locator('.counts button').nth(4).click();
  await page.waitForURL((u) => u.searchParams.get('status') === 'closed');
  await page.locator('.ant-table-row').first().waitFor();
  await page.locator('.ant-table-row', { hasText: 'When is the office open?' }).first().waitFor();
  expect((await numbers())[0]).toBe(all);
  await context.close();
});

test('Two tabs have a draft each: the second begins empty, and neither takes, clears or saves what the other has in hand; what a closed one leaves is offered', async () => {
  const { page: first, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  const posted: string[] = [];
  context.on('request', (r) => { if (r.method() === 'POST' && new URL(r.url()).pathname === '/api/requests') posted.push((r.postDataJSON() as { description: string }).description); });
  await signIn(first, 'clerk', '/desk');
  const kept = () => first.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('desk.draft.')).map((k) => localStorage.getItem(k)).join());
  await first.locator('#callerName').fill('A. Nobody');
  await category(first, 'water');
  await first.locator('#description').fill('typed in the first');
  await expect.poll(kept).toContain('typed in the first');

  const second = await context.newPage();
  await second.goto(`${address}/desk`);
  await second.locator('#description').fill('typed in the second');
  await expect.poll(kept).toContain('typed in the second');
  expect([await second.locator('[data-part=ahead]').count(), await second.locator('[data-part=drafts]').count()]).toEqual([0, 0]);
  await second.locator('[data-part=register] .ant-card-extra button').click();
  await expect.poll(kept).not.toContain('typed in the second');
  expect([await kept(), await first.locator('#description').inputValue()]).toEqual([expect.stringContaining('typed in the first'), 'typed in the first']);

  // Closed, it leaves what it had to the one that is looked at next.
  await first.close();
  await expect.poll(async () => {
    await second.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    return second.locator('[data-part=drafts]', { hasText: 'typed in the first' }).count();
  }).toBe(1);
  await second.locator('[data-act=resume]').click();
  await expect.poll(() => second.locator('#description').inputValue()).toBe('typed in the first');
  await second.locator('[data-part=ahead]').waitFor();
  const [reply] = await Promise.all([second.waitForResponse((r) => r.request().method() === 'POST' && new URL(r.url()).pathname === '/api/requests'), second.locator('#description').press('Control+Enter')]);
  expect(reply.status()).toBe(201);
  await expect.poll(() => second.locator('#description').inputValue()).toBe('');
  await expect.poll(() => second.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('desk.draft.')))).toEqual([]);
  expect([posted, wrong]).toEqual([['typed in the first'], []]);
  await context.close();
});

test('The Enter that confirms a pinyin candidate takes nothing from the one box, chooses no category and sends no dialog', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  const categories = await held(page, /\/categories(\?|$)/);
  await signIn(page, 'clerk', '/desk');
  const keyboard = await context.newCDPSession(page);

  const box = page.locator('[data-field=search]');
  await box.focus();
  await compose(keyboard, process.env.DESK_CALLER ?? '13900138001');
  await page.locator('[data-part=results][aria-busy=false] [role=option]').first().waitFor();
  await confirm(keyboard);
  expect([await box.inputValue(), await page.locator('[data-part=card]').count()]).toEqual([process.env.DESK_CALLER ?? '13900138001', 0]);
  await keyboard.send('Input.insertText', { text: process.env.DESK_CALLER ?? '13900138001' });
  await page.locator('[data-part=results][aria-busy=false] [role=option]').first().waitFor();
  await box.press('Enter');
  await page.locator('[data-part=card] section').first().waitFor();

  // Named before there are categories: the hands stay where they are until an Enter is meant.
  await page.locator('#categoryId').fill('Leaking pipe');
  await confirm(keyboard);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('categoryId');
  await page.locator('#categoryId').press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'description');
  categories.letGo();
  await page.locator('[data-part=ahead]').waitFor();
  await page.locator('#description').fill('to write a note on');
  const saved = page.waitForResponse((r) => r.request().method() === 'POST' && new URL(r.url()).pathname === '/api/requests');
  await page.locator('#description').press('Control+Enter');
  expect((await saved).status()).toBe(201);

  await page.locator('[data-act=open-saved]').click();
  await page.locator('[data-part=description]', { hasText: 'to write a note on' }).waitFor();
  await move(page, 'note');
  const words = form(page).locator('[id$=_text]');
  await words.focus();
  const note = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/notes'));
  await compose(keyboard, 'loushui');
  await confirm(keyboard, 2);
  await keyboard.send('Input.insertText', { text: '漏水' });
  await words.press('Control+Enter');
  expect(((await note).postDataJSON() as { text: string }).text).toBe('漏水');
  await page.locator('[data-part=timeline]', { hasText: '漏水' }).waitFor();
  await context.close();
});

test('Which community targets, templates and feedback rules are of stands in the address: reloaded, it is the same', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await signIn(page, 'region', '/policies');
  const chosen = page.locator('main .row:has(> h1) > .ant-select');
  for (const [path, title] of [['/policies', 'Targets'], ['/templates', 'Message templates'], ['/feedback-rules', 'Feedback rules']] as const) {
    await page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, path);
    await page.locator('main h1', { hasText: title }).waitFor();
    await settled(page);
    const before = await chosen.innerText();
    await chosen.click();
    await page.locator('.ant-select-dropdown:visible .ant-select-item-option').filter({ hasNotText: before }).first().click();
    await page.waitForURL((u) => u.pathname === path && !!u.searchParams.get('community'));
    await expect.poll(() => chosen.innerText()).not.toBe(before);
    const after = await chosen.innerText();
    if (path === '/feedback-rules') await page.reload();
    await expect.poll(() => chosen.innerText()).toBe(after);
  }
  expect(wrong).toEqual([]);
  await context.close();
});

test.each<[string, 'clerk' | 'member', Look['language'], number, number]>([['/desk', 'clerk', 'zh-CN', 1280, 450], ['/desk', 'clerk', 'en', 1280, 450], ['/crew', 'member', 'zh-CN', 360, 150]])('What a first view fetches of script is within its budget (%s as %s, %s)', async (path, who, language, width, most) => {
  const reader = await as(who);
  const { page, context, wrong } = await open(browser, { language, width, stranger: true });
  await context.addCookies(await reader.context.cookies());
  await reader.context.close();
  const scripts: Response[] = [];
  page.on('response', (r) => { if (/\.js(\?|$)/.test(new URL(r.url()).pathname) && !r.fromServiceWorker() && new URL(r.url()).pathname !== '/sw.js') scripts.push(r); });
  await page.goto(address + path);
  await page.locator(path === '/desk' ? '[data-part=register] #categoryId' : 'main').first().waitFor();
  await settled(page);

  const sizes = await Promise.all(scripts.map(async (r) => [new URL(r.url()).pathname, gzipSync(await r.body()).length] as const));
  const all = [...new Map(sizes).values()].reduce((sum, size) => sum + size, 0) / 1000;
  console.log(`${path}, ${language}: ${all.toFixed(1)} of ${most} kB`);
  expect([path, all <= most, all > most / 3]).toEqual([path, true, true]);
  expect(wrong).toEqual([]);
  await context.close();
});

/** What an input method has of a word before it is confirmed. */
const compose = (keyboard: CDPSession, text: string) => keyboard.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });

/** The Enter that confirms it; 2 is with Ctrl. */
async function confirm(keyboard: CDPSession, modifiers = 0): Promise<void> {
  await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, modifiers });
  await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, modifiers });
}

async function submit(page: Page): Promise<void> {
  await form(page).locator('[data-act=submit]').click();
  await page.locator('.ant-modal:visible').waitFor({ state: 'detached' });
}

async function category(page: Page, typed: string): Promise<void> {
  await page.locator('#categoryId').focus();
  await page.keyboard.type(typed);
  await page.locator('.ant-select-item-option-active').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-part=ahead]').waitFor();
}
