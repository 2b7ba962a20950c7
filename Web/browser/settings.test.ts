import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, enter, goTo, launch, open, overflow, settled } from './browser';
import type { Look } from './browser';

/** What is set up once and changed now and then, each by its screen alone; see Tests/Browser. */
const test = always.skipIf(!process.env.DESK_TWO_HOMES);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const form = (page: Page) => page.locator('.ant-modal:visible, .ant-drawer-open:visible').last();
const submit = async (page: Page) => {
  await form(page).locator('[data-act=submit]').click();
  await page.locator('.ant-modal:visible, .ant-drawer-open:visible').waitFor({ state: 'detached' });
};

/** On the wall of the community, so many days from today. */
const began = Date.now();
const day = (days: number, time: string) => `${new Date(began + days * 86_400_000).toLocaleDateString('sv', { timeZone: 'Asia/Shanghai' })} ${time}`;

/** A Friday of a week to come. */
const friday = 14 - ((new Date(day(0, '').trim()).getUTCDay() + 2) % 7);

/** How many weeks after this one, which begins on a Monday, that day is. */
const weeksAhead = (days: number) => Math.floor((((new Date(day(0, '').trim()).getUTCDay() + 6) % 7) + days) / 7);

/** Typed, as it stands there. */
async function typed(field: Locator, value: string): Promise<void> {
  await field.fill(value);
  await field.press('Enter');
}

async function between(page: Page, from: string, to: string): Promise<void> {
  const fields = form(page).locator('.ant-picker-range input');
  await typed(fields.nth(0), from);
  await typed(fields.nth(1), to);
}

async function chosen(page: Page, field: string, words: string): Promise<void> {
  await form(page).locator(`.ant-select:has([id$=_${field}])`).click();
  await page.keyboard.type(words);
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: words }).first().click();
}

test.each<[Look['language'], number]>([['en', 360]])('An administrator sees when a repair of Friday evening is due, and changes the promise after having seen what would come of it (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await enter(page, 'administrator', '/policies');
  await page.locator('#reportedAt').waitFor();
  await typed(page.locator('#reportedAt'), day(friday, '17:40'));
  await page.locator('[data-act=preview]').click();
  await page.locator('[data-part=preview] [data-clock=finish] time').waitFor();
  // 690 minutes of a desk that is there from 8:30 to 20:00: 140 on Friday evening, 550 on Saturday.
  const due = await page.locator('[data-part=preview] [data-clock=finish] time').getAttribute('datetime');
  expect(new Date(due!).toISOString()).toBe(new Date(`${day(friday + 1, '').trim()}T17:40:00+08:00`).toISOString());

  await page.locator('[data-policy=normal-repair]').click();
  const minutes = form(page).locator('[id$=_milestones_0_number]');
  await minutes.waitFor();
  const before = Number(await minutes.inputValue());
  await typed(form(page).locator('[id$=_reportedAt]'), day(friday, '17:40'));
  await form(page).locator('[data-act=try]').click();
  await form(page).locator('[data-part=trial] time').first().waitFor();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await minutes.fill(String(before + 5));
  await submit(page);
  await page.locator('tr', { has: page.locator('[data-policy=normal-repair]') }).filter({ hasText: String(before + 5) }).waitFor();
  await page.locator('[data-policy=normal-repair]').click();
  await expect.poll(() => form(page).locator('[id$=_milestones_0_number]').inputValue()).toBe(String(before + 5));

  expect(wrong).toEqual([]);
  await context.close();
});

test.each<[Look['language']]>([['zh-CN']])('A manager declares a typhoon, and calls it off (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 1280 });
  const name = language === 'en' ? 'Typhoon' : '台风';
  await enter(page, 'manager', '/policies');
  await page.locator('[data-act=declare]').click();
  await form(page).locator('[id$=_name]').fill(name);
  await between(page, day(1, '08:00'), day(2, '20:00'));
  await submit(page);
  // It does not come back: the first press only asks.
  const end = page.locator(`[data-event="${name}"] [data-act=end-event]`);
  await end.click();
  await page.locator('.ant-popconfirm:visible', { hasText: name }).locator('button').first().click();
  await page.locator('.ant-popconfirm:visible').waitFor({ state: 'detached' });
  expect(await end.isEnabled()).toBe(true);
  await end.click();
  await page.locator('.ant-popconfirm:visible .ant-btn-primary').click();
  await end.waitFor({ state: 'detached' });

  // Whoever may not do it is not asked to fill it in; an address that is none says so, and leads back.
  const other = await open(browser, { language, width: 1280 });
  await enter(other.page, 'clerk', '/policies');
  await other.page.locator(`[data-event="${name}"]`).first().waitFor();
  expect(await other.page.locator('[data-act=declare], [data-act=end-event]').count()).toBe(0);
  await goTo(other.page, '/no-such-page');
  await other.page.locator('[data-part=no-page] h1', { hasText: language === 'en' ? 'no such page' : '没有这个页面' }).waitFor();
  await other.page.locator('[data-act=home]').click();
  await other.page.locator('[data-part=register]').waitFor();
  expect(other.wrong).toEqual([]);
  await other.context.close();

  expect(wrong).toEqual([]);
  await context.close();
});

test.each<[Look['language'], number]>([['zh-CN', 360]])('A shift is planned and swapped, somebody goes on leave with a deputy (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  const days = language === 'en' ? friday + 14 : friday + 28; // in weeks to come, each in one of its own, and the week after it
  await enter(page, 'manager', '/rosters');
  await page.locator('[data-act=add-shift]').click();
  await chosen(page, 'staffId', 'clerk');
  await between(page, day(days, '20:00'), day(days + 1, '08:00'));
  await submit(page);
  const week = page.locator('[data-part=week] input');
  for (let n = weeksAhead(days); n > 0; n--) {
    const before = await week.inputValue();
    await page.locator('[data-act=week-after]').click();
    await expect.poll(() => week.inputValue()).not.toBe(before);
  }
  const shift = page.locator('.day').last().locator('[data-who=clerk]');
  await shift.waitFor();
  await shift.locator('[data-act=swap]').click();
  await chosen(page, 'staffId', 'officer');
  await submit(page);
  await page.locator('.day').last().locator('[data-who=officer]').waitFor();

  await page.locator('[data-act=add-leave]').click();
  await chosen(page, 'staffId', 'security-1');
  await chosen(page, 'deputyId', 'security-2');
  await between(page, day(days, '00:00'), day(days + 2, '00:00'));
  await submit(page);
  await page.locator('[data-leave=security-1]', { hasText: 'security-2' }).first().waitFor();

  // The week after it is like this one, of whoever it was planned for; what is planned there is not planned twice.
  await page.locator('[data-act=week-after]').click();
  await page.locator('.day [data-who=officer]').waitFor({ state: 'detached' });
  await page.locator('[data-act=copy-week]').click();
  await page.locator('.ant-popconfirm:visible', { hasText: /\D1\D/ }).locator('[data-act=copy-sure]').click();
  await shift.waitFor();
  expect(await page.locator('.day .shift').count()).toBe(1);
  await page.locator('[data-act=copy-week]').click();
  await page.locator('.ant-message-info').waitFor();
  expect(await page.locator('.day .shift').count()).toBe(1);

  expect(await overflow(page)).toBeLessThanOrEqual(0);

  expect(wrong).toEqual([]);
  await context.close();
});

test('Pressed twice before the page has followed, a week is two weeks, and a year two years', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  const twice = (act: string) => page.locator(`[data-act=${act}]`).evaluate((button: HTMLElement) => { button.click(); button.click(); });
  const said = (name: string) => new URL(page.url()).searchParams.get(name);
  await enter(page, 'manager', '/rosters?week=2027-03-01');
  await page.locator('[data-act=week-after]').waitFor();
  await twice('week-after');
  await expect.poll(() => said('week')).toBe('2027-03-15');
  await twice('week-after');
  await expect.poll(() => said('week')).toBe('2027-03-29');
  await context.close();

  const second = await open(browser, { language: 'en', width: 1280 });
  await enter(second.page, 'administrator', '/masters?part=calendar&year=2026');
  const next = second.page.locator('[data-act=next-year]');
  await next.evaluate((button: HTMLElement) => { button.click(); button.click(); });
  await second.page.locator('[data-part=year] [data-day="2028-01-01"]').waitFor();
  expect(new URL(second.page.url()).searchParams.get('year')).toBe('2028');
  expect([...wrong, ...second.wrong]).toEqual([]);
  await second.context.close();
});

test.each<[Look['language']]>([['en']])('The jobs say when they last succeeded, and one is run now (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 1280 });
  await enter(page, 'administrator', '/jobs');
  const job = page.locator('tr', { has: page.locator('[data-job=chase-feedback]') });
  await job.locator('time').first().waitFor();
  expect(await job.innerText()).toMatch(/\d+ ms\s+\d+ \//);
  expect(await job.innerText()).toContain(language === 'en' ? 'every 10 s' : '每 10 秒');
  await job.locator('[data-act=run-now]').click();
  await page.locator('.ant-message-success').waitFor();

  expect(wrong).toEqual([]);
  await context.close();
});

test('A community is added to the district, and is set up from its first place on (en)', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'administrator', '/masters?part=community');
  await page.locator('[data-act=add-community]').click();
  await form(page).locator('[id$=_name]').fill('江景苑');
  await form(page).locator('[id$=_nameEn]').fill('Riverside');
  await form(page).locator('[id$=_code]').fill('Riverside');
  await form(page).locator('[id$=_district]').fill('south');
  await form(page).locator('[data-act=submit]').click();
  await form(page).locator('.ant-form-item-explain-error').waitFor();
  await form(page).locator('[id$=_code]').fill('riverside');
  await submit(page);
  await page.locator('main .ant-empty', { hasText: 'Import a file first, or add the first building' }).waitFor();
  expect(new URL(page.url()).searchParams.get('community')).toBeTruthy();
  await page.goto(`${address}/masters?community=${new URL(page.url()).searchParams.get('community')}&part=categories`);
  await page.locator('[data-category]').nth(5).waitFor();
  await settled(page);

  expect(wrong).toEqual([]);
  await context.close();
});
