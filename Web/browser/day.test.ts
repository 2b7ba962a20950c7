import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, as, launch, open, overflow, picture, settled, signIn } from './browser';
import type { Look } from './browser';

/** Each person's day at a desk with thousands of open orders, in both languages, by the screens alone; see Tests/Browser. */
const volume = Number(process.env.DESK_VOLUME ?? 0);
const test = always.skipIf(!volume);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const languages: readonly Look['language'][] = ['zh-CN', 'en'];
const repair = { 'zh-CN': ['水管漏水', '厨房水管漏水，请尽快'], en: ['Leaking pipe', 'The kitchen pipe is leaking'] } as const;

/** How long somebody waits for something, on paper. */
async function timed<T>(what: string, act: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await act();
  console.log(`${what}: ${Math.round(performance.now() - from)} ms`);
  return result;
}

test.each(languages)('A clerk’s day (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 1280 });
  await signIn(page, 'clerk');

  // A call: who it is, what is wrong, saved, and given to a crew.
  await page.locator('[data-field=search]').fill(process.env.DESK_CALLER ?? '8001');
  await timed('found among all customers', () => page.locator('[data-part=results] [role=option]').first().waitFor());
  await page.keyboard.press('Enter');
  await page.locator('[data-part=card] section').first().waitFor();
  await choose(page, repair[language][0]);
  await page.locator('#description').fill(repair[language][1]);
  await page.locator('#description').press('Control+Enter');
  await page.locator('[data-act=open-saved]').click();
  await page.locator('[data-part=description]', { hasText: repair[language][1] }).waitFor();
  await page.locator('[data-move=dispatch]').click();
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.locator('[data-part=order]').waitFor();

  // What nobody has been given yet, page by page.
  await page.goto(`${address}/queue`);
  await timed('the queue', () => page.locator('main a.order').nth(49).waitFor());
  const before = await page.locator('main a.order').count();
  await page.locator('main .columns > .stack').first().locator('button').last().click();
  await expect.poll(() => page.locator('main a.order').count()).toBeGreaterThan(before);

  // The list of all that is open, narrowed in the address.
  await page.goto(`${address}/requests?open=true&sort=dueFirst`);
  await timed('the list', () => page.locator('main td a, main a.order').first().waitFor());

  // A call-back: taken, rung, answered.
  await page.goto(`${address}/call-backs`);
  await page.locator('[data-act=open-call]').first().waitFor();
  const number = await page.locator('main .order .number').first().innerText();
  await page.locator('[data-act=open-call]').first().click();
  await page.locator('.ant-drawer [data-act=take]').click();
  await page.locator('.ant-drawer [data-act=answered].ant-btn-primary, .ant-drawer .ant-btn-primary[data-act=answered]').click();
  await page.locator('.ant-modal:visible .ant-radio-button-wrapper').first().click();
  await page.locator('.ant-modal:visible .ant-rate').first().locator('li').nth(4).click();
  await page.locator('.ant-modal:visible [id$=_spokeWith]').fill('王小明');
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.locator('main .order .number', { hasText: number }).waitFor({ state: 'detached' });

  expect(wrong).toEqual([]);
  await context.close();
});

test.each(languages)('A crew member’s day on a slow line (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 360 });
  // As under a building: 400 ms there and back, 400 kbit/s.
  const line = await context.newCDPSession(page);
  await line.send('Network.enable');
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8 });
  await timed('signed in, on a slow line', () => signIn(page, 'member', '/crew'));
  await timed('the list, on a slow line', () => page.locator('[data-order]').nth(10).waitFor());
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.locator('[data-list=pool]').click();
  const first = page.locator('[data-order]').first();
  await first.waitFor();
  const number = await first.getAttribute('data-order');
  await first.click();

  // A press is on the telephone at once, however long the line takes.
  const photo = await picture(page);
  for (const move of ['claim', 'arrive']) await timed(move, async () => {
    await page.locator(`[data-move=${move}]`).click();
    await page.locator(`[data-action=${move}]`).waitFor();
  });
  await page.locator('[data-field=purpose]').selectOption('after');
  await page.locator('[data-act=attach]').setInputFiles(photo);
  await page.locator('[data-action=attach]').waitFor();
  await page.locator('[data-move=complete]').click();
  await page.locator('[name=whatWasDone]').fill('换了密封圈');
  await page.locator('dialog [data-act=submit]').click();
  await timed('complete', () => page.locator('[data-action=complete]').waitFor());
  expect(await page.locator('.order-page').getAttribute('data-status')).toBe('done');
  await timed('all of it sent, with the photo', async () => {
    for (const step of ['claim', 'arrive', 'attach', 'complete']) await page.locator(`[data-action=${step}][data-state=sent]`).waitFor();
  });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.locator('[data-act=back]').click();
  await page.locator('[data-list=done]').click();
  await page.locator('[data-list=done][aria-current]').waitFor();
  await page.locator('[data-list=team]').click();
  await page.locator('[data-order]').first().waitFor();
  expect(await page.locator(`[data-order="${number}"]`).count()).toBe(0);

  expect(wrong).toEqual([]);
  await context.close();
});

test.each(languages)('An owner’s day: reported by the code on the wall, followed, rated (%s)', async (language) => {
  const owner = await open(browser, { language, width: 360 });
  const { page } = owner;
  await page.goto(`${address}/r/${process.env.DESK_REPORT_CODE}`);
  await page.locator('[name=category]').selectOption({ index: 1 });
  await page.locator('[name=text]').fill(repair[language][1]);
  await page.locator('[name=where]').fill('3-2-1501');
  await page.locator('[name=phone]').fill('13900138001');
  await page.locator('button.main').click();
  await page.waitForURL('**/o/**');
  const number = await page.locator('dd.number').innerText();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.locator('form[action*="/word"] textarea').fill('门铃坏了，请打电话');
  for (const form of ['word', 'urge']) {
    await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST' && r.url().includes(`/${form}`)), page.locator(`form[action*="/${form}"] button`).click()]);
    await page.waitForLoadState('load');
    await page.locator('.notice.good').waitFor();
  }

  // Meanwhile at the desk and in the crew.
  const desk = await as('clerk');
  const { requests } = await desk.get<{ requests: { requestId: string }[] }>(`/api/search?q=${number}`);
  const { workOrders } = await desk.post<{ workOrders: { workOrderId: string }[] }>(`/api/requests/${requests[0]!.requestId}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: repair[language][1] }] });
  const member = await as('member');
  for (const [step, body] of [['claim', {}], ['arrival', {}], ['completion', { whatWasDone: '换了密封圈' }]] as const) await member.post(`/api/work-orders/${workOrders[0]!.workOrderId}/${step}`, body);

  await page.reload();
  await page.locator('#feedback').waitFor();
  await page.locator('.story', { hasText: '换了密封圈' }).waitFor();
  await page.locator('[name=solved][value=yes] + span').click();
  await page.locator('[name=satisfaction][value="4"] + span').click();
  await page.locator('[name=five]').fill('早点来');
  await page.locator('#feedback button.main').click();
  await page.locator('.answered').waitFor();
  expect((await desk.get<{ request: { status: string } }>(`/api/requests/${requests[0]!.requestId}`)).request.status).toBe('closed');

  expect(owner.wrong).toEqual([]);
  await desk.context.close();
  await member.context.close();
  await owner.context.close();
});

test.each([['zh-CN', 1440], ['en', 360]] as const)('A manager’s day (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await signIn(page, 'manager');
  await timed('today', () => page.locator('[data-figure=open] b').waitFor());
  const open_ = Number(await page.locator('[data-figure=open] b').innerText());
  expect(open_).toBeGreaterThanOrEqual(volume);
  for (const figure of ['late', 'soon', 'open']) {
    await page.goto(`${address}/today`);
    await timed(`what is ${figure}`, async () => {
      await page.locator(`[data-figure=${figure}]`).click();
      await page.locator('main h1').waitFor();
      await settled(page);
    });
    expect([figure, await overflow(page)]).toEqual([figure, 0]);
  }

  // Somebody says what will be done about one that climbed.
  await page.goto(`${address}/escalations`);
  await timed('the escalations', () => page.locator('[data-ladder]').first().waitFor());
  const ladder = await page.locator('[data-ladder]:has([data-act=acknowledge])').first().getAttribute('data-ladder');
  await page.locator(`[data-ladder="${ladder}"] [data-act=acknowledge]`).first().click();
  await page.locator('.ant-modal:visible [id$=_note], .ant-drawer:visible [id$=_note]').first().fill('明天上午一定到');
  await page.locator('.ant-modal:visible [data-act=submit], .ant-drawer:visible [data-act=submit]').first().click();
  await page.locator(`[data-ladder="${ladder}"]`).waitFor({ state: 'detached' });
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  for (const of of ['clocks', 'satisfaction', 'escalations', 'demand']) {
    await page.goto(`${address}/reports?of=${of}`);
    await timed(`the report of ${of}`, () => page.locator('.figures tbody tr:not(.ant-table-placeholder):not(.ant-table-measure-row)').first().waitFor());
    await settled(page);
    expect([of, await overflow(page)]).toEqual([of, 0]);
  }
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('[data-act=csv]').click()]);
  expect(file.suggestedFilename()).toMatch(/\.csv$/);

  expect(wrong).toEqual([]);
  await context.close();
});

async function choose(page: Page, category: string): Promise<void> {
  await page.locator('#categoryId').click();
  await page.locator('#categoryId').fill(category);
  await page.keyboard.press('Enter');
}
