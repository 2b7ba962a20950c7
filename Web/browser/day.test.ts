import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, form, goTo, launch, move, open, overflow, settled, signIn } from './browser';
import type { Look } from './browser';

/** Each person's day at a desk with thousands of open orders, in both languages, by the screens alone, at a desk that ./run started; see Tests/Browser. */
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
  // Two crews are needed: one repairs, the other cleans.
  await page.locator('[data-move=dispatch]').click();
  await page.locator('.ant-modal:visible button:has(.anticon-plus)').click();
  const second = page.locator('.ant-modal:visible fieldset').nth(1).locator('.ant-radio-button-wrapper').nth(1);
  await second.click();
  const cleaning = await second.locator('input').getAttribute('value');
  await page.locator('.ant-modal:visible [id$=orders_1_whatToDo]').fill(language === 'en' ? 'Dry the floor' : '清理积水');
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.locator('[data-part=order]').nth(1).waitFor();
  const made = (await (await page.request.get(`${address}/api${new URL(page.url()).pathname}`)).json()) as { workOrders: { crew: string; whatToDo: string; mandatory: boolean; teamName: string; teamNameEn: string }[] };
  expect(made.workOrders.map((o) => [o.crew, o.whatToDo, o.mandatory]).toSorted()).toEqual([['engineering', repair[language][1], true], [cleaning, language === 'en' ? 'Dry the floor' : '清理积水', true]].toSorted());
  expect(cleaning).not.toBe('engineering');
  for (const order of made.workOrders) {
    const line = page.locator('[data-part=order]', { hasText: order.whatToDo });
    expect([await line.count(), await line.locator('strong').innerText()]).toEqual([1, language === 'en' ? order.teamNameEn : order.teamName]);
  }

  // What nobody has been given yet, page by page.
  await goTo(page, '/queue');
  const received = page.locator('main .columns > .stack').first();
  await timed('the queue', () => received.locator('a.order').nth(49).waitFor());
  const before = await received.locator('a.order').count();
  await received.locator('[data-act=more]').click();
  await expect.poll(() => received.locator('a.order').count()).toBeGreaterThan(before);

  // The list of all that is open, narrowed in the address.
  await goTo(page, '/requests?open=true&sort=dueFirst&kind=repair');
  const listed = page.locator('main .ant-table-row');
  await timed('the list', () => listed.nth(49).waitFor());
  // The one that is due first is on top; more of it comes below.
  const numbers = () => listed.locator('a.number').allInnerTexts();
  const first = await numbers();
  await page.locator('main [data-act=more]').click();
  await timed('more of it', () => listed.nth(99).waitFor());
  const all = await numbers();
  expect([all.slice(0, first.length), all.length, new Set(all).size]).toEqual([first, 100, 100]);
  const dues = await listed.evaluateAll((rows) => rows.map((row) => Date.parse(row.querySelector('td:last-child time')?.getAttribute('datetime') ?? '9999')));
  expect([dues, new Set(dues).size > 10]).toEqual([dues.toSorted((a, b) => a - b), true]);

  // A call-back: taken, rung, answered.
  await goTo(page, '/call-backs');
  await page.locator('[data-act=open-call]').first().waitFor();
  const number = await page.locator('main .order .number').first().innerText();
  await page.locator('main .order', { hasText: number }).locator('[data-act=open-call]').click();
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

test.each(languages)('A customer officer’s day (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 1440 });
  await signIn(page, 'officer', '/officer');

  // What a crew gave back goes to another team.
  await timed('what came back', () => page.locator('main a[data-order]').first().waitFor());
  await page.locator('main a[data-order]').first().click();
  await page.locator('[data-part=moves] [data-move=dispatch]').click();
  await form(page).locator('[data-act=submit]').click();
  await page.locator('[data-part=moves] [data-move=dispatch]').waitFor({ state: 'detached' });

  // What climbed to level 2: a word, and until when.
  await goTo(page, '/officer?show=escalated');
  await timed('what climbed', () => page.locator('main a.order').first().waitFor());
  await acknowledge(page, 'escalations?level=2', language === 'en' ? 'The supplier delivers tomorrow' : '供货商明天送到');

  // A complaint by the person in charge, answered for the first time.
  await goTo(page, '/officer?show=complaints');
  // The second to come to it finds the first one answered.
  await page.locator('main a.order').nth(language === 'en' ? 1 : 0).click();
  await move(page, 'firstReply');
  await form(page).locator('textarea').first().fill(language === 'en' ? 'We looked at it with the owner' : '已上门了解情况');
  await form(page).locator('[data-act=submit]').click();
  await page.locator('[data-part=timeline]', { hasText: language === 'en' ? 'We looked at it' : '已上门了解情况' }).waitFor();

  // A low rating: rung, and written down.
  await goTo(page, '/follow-ups');
  await page.locator('[data-act=open-follow-up]').first().waitFor();
  const before = await page.locator('[data-act=open-follow-up]').count();
  await page.locator('[data-act=open-follow-up]').first().click();
  await page.locator('.ant-drawer:visible [data-act=take]').click();
  await page.locator('.ant-drawer:visible [data-act=release]').waitFor();
  await page.locator('.ant-drawer:visible [data-act=end]').click();
  const ending = page.locator('.ant-modal:visible');
  await ending.locator('[id$=_spokeWith]').fill('王小明');
  await ending.locator('[id$=_numberDialled]').fill('13800138000');
  await ending.locator('textarea').fill(language === 'en' ? 'Apologised; the next visit is on time' : '已致歉，下次准时');
  await ending.locator('[data-act=submit]').click();
  await expect.poll(() => page.locator('[data-act=open-follow-up]').count()).toBe(before - 1);

  await goTo(page, '/officer?show=holds');
  await page.locator('[data-board=holds]').waitFor();
  expect(wrong).toEqual([]);
  await context.close();
});

test.each([['zh-CN', 1440], ['en', 360]] as const)('A manager’s day (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await signIn(page, 'manager');
  await timed('today', () => page.locator('[data-figure=open] b').waitFor());
  const open_ = Number(await page.locator('[data-figure=open] b').innerText());
  expect(open_).toBeGreaterThanOrEqual(volume);
  for (const figure of ['late', 'soon', 'open']) {
    await goTo(page, '/today');
    const counted = await page.locator(`[data-figure=${figure}] b`).innerText();
    await timed(`what is ${figure}`, async () => {
      await page.locator(`[data-figure=${figure}]`).click();
      await page.waitForURL((u) => u.pathname !== '/today');
      await page.locator('[data-part=today]').waitFor({ state: 'detached' });
      await page.locator('main h1').waitFor();
      await settled(page);
    });
    expect([figure, await overflow(page)]).toEqual([figure, 0]);
    if (figure === 'open') await expect.poll(() => page.locator('.counts b').first().innerText()).toBe(counted);
  }

  // Somebody says what will be done about one that climbed.
  await acknowledge(page, 'escalations', language === 'en' ? 'Done by noon' : '中午前办好');
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  for (const of of ['clocks', 'satisfaction', 'escalations', 'demand']) {
    await goTo(page, `/reports?of=${of}`);
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
  await page.locator('[data-part=ahead]').waitFor();
}

/** The first late one on the list: by when, and a word. It says so from then on. */
async function acknowledge(page: Page, list: string, words: string): Promise<void> {
  await goTo(page, `/${list}`);
  await timed('the escalations', () => page.locator('[data-ladder]:has([data-act=acknowledge].ant-btn-primary)').first().waitFor());
  const ladder = await page.locator('[data-ladder]:has([data-act=acknowledge].ant-btn-primary)').first().getAttribute('data-ladder');
  await page.locator(`[data-ladder="${ladder}"] [data-act=acknowledge]`).click();
  await form(page).locator('[id$=_note]').waitFor();
  const promised = form(page).locator('[id$=_promisedAt]');
  if (await promised.count()) {
    await promised.fill(new Date(Date.now() + 3 * 3_600_000).toLocaleString('sv', { timeZone: 'Asia/Shanghai' }).slice(0, 16));
    await promised.press('Enter');
  }
  await form(page).locator('[id$=_note]').fill(words);
  const told = page.waitForResponse((r) => r.url().endsWith('/acknowledgement'));
  await form(page).locator('[data-act=submit]').click();
  expect((await told).status()).toBe(200);
}
