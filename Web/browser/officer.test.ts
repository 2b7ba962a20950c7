import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { as, dialogs, enter, goTo, handsOn, launch, mixed, open, overflow, people, settled, tabTo } from './browser';
import type { Look } from './browser';

/** Against a desk on which something came back, something goes from crew to crew, something is on hold for too long, somebody complains, and something climbed; see Tests/Browser. */
const test = always.skipIf(!people.officer);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const words = {
  'zh-CN': { passedOn: /已转退 2 次/, returnedBy: /engineering-lead 退回/, level: /第 [2-4] 级/, managerDecides: '由经理决定能否延长' },
  en: { passedOn: /Passed on 2×/, returnedBy: /Returned by engineering-lead/, level: /Level [2-4]/, managerDecides: 'A manager decides whether it may stay longer' },
} as const;

/** A board with what it counts on its button, all of it. */
async function board(page: Page, name: string): Promise<number> {
  await page.locator(`[data-board=${name}]`).click();
  await page.locator(`[data-board=${name}][aria-pressed=true]`).waitFor();
  await settled(page);
  const counted = page.locator(`[data-board=${name}] b`);
  await expect.poll(() => counted.innerText()).toMatch(/^[1-9]\d*$/);
  const rows = page.locator('main .orders > *');
  await expect.poll(() => rows.count()).toBe(Number(await counted.innerText()));
  expect([name, await overflow(page), await mixed(page, name)]).toEqual([name, 0, []]);
  return rows.count();
}

test.each<[Look['language'], number]>([['zh-CN', 1440], ['en', 360]])('The officer’s board: what came back and why, what goes from crew to crew, what climbed, who complains, what is held too long (%s, %i px)', async (language, width) => {
  const say = words[language];
  const { page, context, wrong } = await open(browser, { language, width });
  await enter(page, 'officer', '/officer');
  const trouble = page.locator('main .orders [data-part=trouble]');

  await board(page, 'returned');
  const came = trouble.filter({ hasText: '不是我们组的' }).first();
  expect(await came.innerText()).toMatch(say.returnedBy);

  // Narrowed to what is dangerous the others are gone, and the address says so; then they are there again.
  const narrowed = page.locator('[data-part=narrow]');
  await narrowed.locator('.ant-select').last().click();
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option').first().click();
  await page.waitForURL((u) => u.searchParams.get('priority') === 'danger');
  await came.waitFor({ state: 'detached' });
  await narrowed.locator('[data-act=clear-narrow]').click();
  await page.waitForURL((u) => !u.searchParams.get('priority'));
  await came.waitFor();

  await board(page, 'stuck');
  const passed = trouble.filter({ hasText: say.passedOn }).first();
  await passed.waitFor();
  expect(new URL(page.url()).searchParams.get('show')).toBe('stuck');

  const climbed = await board(page, 'escalated');
  expect((await page.locator('main a.order > .row .ant-tag-red').allInnerTexts()).filter((level) => say.level.test(level))).toHaveLength(climbed);

  // Of complaints: whose they are, and those that are nobody's.
  const all = await board(page, 'complaints');
  await page.locator('main .row.spread .ant-select input').first().click();
  await page.keyboard.type('officer');
  await page.locator('.ant-select-item-option:visible', { hasText: /^officer$/ }).click();
  await page.waitForURL((u) => !!u.searchParams.get('inCharge'));
  await settled(page);
  const inCharge = page.locator('[data-part=in-charge]');
  await inCharge.first().waitFor();
  const mine = await inCharge.allInnerTexts();
  expect(mine.length).toBeGreaterThan(0);
  expect(mine.every((line) => line.includes('officer'))).toBe(true);
  await page.reload();
  await expect.poll(() => inCharge.allInnerTexts()).toEqual(mine);
  await page.locator('[data-act=nobody]').click();
  await page.waitForURL((u) => u.searchParams.get('inCharge') === 'nobody');
  await settled(page);
  expect((await inCharge.count()) + mine.length).toBeLessThanOrEqual(all);
  expect(await inCharge.filter({ hasText: 'officer' }).count()).toBe(0);

  await board(page, 'holds');
  const long = trouble.filter({ hasText: '等雨停' }).first();
  expect(await long.locator('time').count()).toBe(2); // until when, and how long it may
  expect(await long.innerText()).toContain(say.managerDecides);
  expect(await long.locator('[data-act=agree]').count()).toBe(0);

  await page.locator('main a[data-order]').first().click();
  await page.waitForURL('**/work-orders/**');
  expect(wrong).toEqual([]);
  await context.close();
});

test('A hold for longer than its reason allows is the manager’s to decide, and then on no board any more', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'manager', '/officer?show=holds');
  const held = page.locator('main .orders > *', { hasText: '等雨停' });
  await held.locator('[data-act=agree]').waitFor();
  expect(await tabTo(page, '[data-act=agree]')).toEqual([]);

  // On the order's own page, too, which says what it means.
  await held.locator('a[href^="/work-orders/"]').first().click();
  await page.locator('[data-part=to-decide]', { hasText: 'If you agree' }).waitFor();
  expect(await tabTo(page, '[data-act=agree]')).toEqual([]);
  const agreed = page.waitForResponse((r) => r.url().endsWith('/hold/agreement'));
  await page.keyboard.press('Enter');
  expect((await agreed).status()).toBe(200);
  await page.locator('[data-part=to-decide]').waitFor({ state: 'detached' });
  await page.locator('main .ant-tag', { hasText: 'A manager agreed' }).waitFor();
  await goTo(page, '/officer?show=holds');
  await settled(page);
  await held.waitFor({ state: 'detached' });

  expect(wrong).toEqual([]);
  await context.close();
});

test('Without a mouse a request is dispatched, noted and amended, its order assigned, and what climbed answered for; a form that is closed gives the hands back', async () => {
  const clerk = await as('clerk');
  const [community] = await clerk.get<{ communityId: string }[]>('/api/communities');
  const categories = await clerk.get<{ categoryId: string; kind: string; code: string }[]>(`/api/communities/${community!.communityId}/categories`);
  const categoryId = categories.find((c) => c.kind === 'repair' && c.code === 'water')!.categoryId;
  const { requestId } = await clerk.post<{ requestId: string }>('/api/requests', { communityId: community!.communityId, kind: 'repair', channel: 'phone', categoryId, description: 'the tap drips', reporter: { name: 'A. Nobody' } });
  await clerk.context.close();
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  const unseen: string[] = [];
  const keys = page.keyboard;
  const to = async (wanted: string) => { unseen.push(...(await tabTo(page, wanted))); };
  const press = async (wanted: string) => { await to(wanted); await keys.press('Enter'); };
  const opened = () => handsOn(page, '.ant-modal, .ant-modal *');
  const closed = () => page.locator(dialogs).waitFor({ state: 'detached' });
  /** Out of a menu, by its arrows. */
  const chosen = async (menu: string, item: string) => {
    await press(menu);
    await handsOn(page, '[role=menuitem]');
    const line = item.startsWith('/') ? `:has(a[href="${item}"])` : `[data-menu-id$="-${item}"]`;
    // An arrow is followed in the next frame, to the link of a line that has one.
    const there = () => page.evaluate((wanted) => new Promise<boolean>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(!!document.activeElement!.closest('[role=menuitem]')?.matches(wanted))))), line);
    for (let n = 0; n < 30 && !(await there()); n++) await keys.press('ArrowDown');
    expect([item, await there()]).toEqual([item, true]);
    await keys.press('Enter');
  };
  await enter(page, 'officer', `/requests/${requestId}`);
  await page.locator('[data-move=dispatch]').waitFor();

  await press('[data-move=dispatch]');
  await opened();
  await keys.press('Escape');
  await handsOn(page, '[data-move=dispatch]');
  await keys.press('Enter');
  await opened();
  await press('.ant-modal [data-act=submit]');
  await page.locator('[data-part=order]').waitFor();
  await closed();

  await press('[data-move=note]');
  await opened();
  await to('.ant-modal textarea');
  await keys.type('under the sink');
  await keys.press('Control+Enter');
  await page.locator('[data-part=timeline]', { hasText: 'under the sink' }).waitFor();
  await handsOn(page, '[data-move=note]');

  await chosen('[data-move=more]', 'amend');
  await opened();
  await to('.ant-modal [id$=_description]');
  await keys.press('Control+End');
  await keys.type(', all night');
  await keys.press('Escape');
  await handsOn(page, '[data-move=more]');
  await closed();
  await keys.press('Enter');
  await handsOn(page, '[role=menuitem]');
  await keys.press('Escape');
  await handsOn(page, '[data-move=more]');
  await keys.press('Shift+Tab');
  await chosen('[data-move=more]', 'amend');
  await opened();
  await press('.ant-modal [data-act=submit]'); // what was typed before is still there
  await page.locator('[data-part=description]', { hasText: 'the tap drips, all night' }).waitFor();
  await closed();

  await press('[data-part=order] a');
  await page.locator('[data-part=moves] [data-move=more]').waitFor();
  await chosen('[data-part=moves] [data-move=more]', 'assign');
  await opened();
  await to('.ant-modal [id$=_assigneeId]');
  await keys.type('engineering-1');
  await page.locator('.ant-select-item-option-active', { hasText: 'engineering-1' }).waitFor();
  await keys.press('Enter');
  const assigned = page.waitForResponse((r) => r.url().endsWith('/assignment'));
  await keys.press('Control+Enter');
  expect((await assigned).status()).toBe(200);
  await closed();

  // To a screen for which there is no room in the row.
  await chosen('nav [data-act=menu]', '/policies');
  await page.waitForURL('**/policies');
  await handsOn(page, 'nav [data-act=menu]');
  await page.locator('#reportedAt').waitFor();
  await goTo(page, '/escalations');
  await page.locator('[data-ladder] [data-act=acknowledge]').first().waitFor();
  await press('[data-ladder] [data-act=acknowledge]');
  await opened();
  await to('.ant-modal [id$=_note]');
  await keys.type('The rope is there');
  const acknowledged = page.waitForResponse((r) => r.url().endsWith('/acknowledgement'));
  await keys.press('Control+Enter');
  expect((await acknowledged).status()).toBe(200);

  expect([...new Set(unseen)]).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});
