import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, enter, goTo, handed, keptOut, launch, mixed, named, open, settled } from './browser';

/** Only against a desk that has these people; see Tests/Browser. */
const test = always.skipIf(!process.env.DESK_TWO_HOMES);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

/** A screen by its route, what of it must be there before it is looked at, and where its address has an id: the list whose first such link leads to it. Its tabs are found on the page. */
type Screen = readonly [route: string, ready: string, by?: readonly [list: string, link: string]];

const desk: readonly Screen[] = [
  ['/desk', '[data-part=register]'],
  ['/desk?phone=13712345678', '[data-part=unknown-number]'],
  ['/requests', 'main h1'],
  ['/requests/:requestId', '[data-part=timeline]', ['/requests', 'main td a, main a.order']],
  ['/queue', '.orders'],
  ['/work-orders/:workOrderId', '[data-part=moves]', ['/queue', 'main a[data-order]']],
  ['/faults', 'main h1'],
  ['/faults/:faultId', '[data-part=fault]', ['/faults', 'main a.order']],
  ['/call-backs', '[data-act=open-call]'],
  ['/follow-ups', '.orders'],
  ['/inbox', 'main h1'],
  ['/messages', 'main h1'],
  ['/officer', '[data-board]'],
];
const manager: readonly Screen[] = [
  ['/today', '[data-part=today]'],
  ['/reports', '.figures table'],
  ['/reports/rows?of=clocks&by=all&which=all', '[data-part=count]'],
  ['/escalations', '[data-part=ladders]'],
  ['/rosters', '.shift'],
  ['/voices', '[data-part=asked]'],
];
const administrator: readonly Screen[] = [
  ['/jobs', 'main h1'],
  ['/templates', '[data-part=template]'],
  ['/feedback-rules', '[data-rule]'],
  ['/policies', 'main table'],
  ['/accounts', '[data-account]'],
  ['/tokens', 'main h1'],
  ['/account', '[data-part=sessions] li'],
  ['/masters', '[data-place]'],
];

test('Each route of the client is among the screens that are looked at', () => {
  const client = readFileSync(join(import.meta.dirname, '../src/app.tsx'), 'utf8');
  const routes = [...client.matchAll(/<Route path="(\/[^"]+)"/g)].map((m) => m[1]!);
  // The crews' pages have a script of their own; to a customer leads their card, below.
  const elsewhere = ['/crew', '/customers/:customerId'];
  const looked = [...desk, ...manager, ...administrator].map(([route]) => route.split('?')[0]!);

  expect(routes.length).toBeGreaterThan(20);
  expect([...new Set([...looked, ...elsewhere])].sort()).toEqual(routes.sort());
});

/** How a screen offers what else is on it: one beside the other, or, where that is too wide, in a list that opens. */
const tabs = 'main .ant-tabs-tab:visible, main .tabs .ant-segmented-item:visible, main [data-board]:visible';
const list = 'main .ant-select.tabs:visible';
const options = '.ant-select-dropdown:visible .ant-select-item-option';
const chosen = '.ant-tabs-tab-active, .ant-segmented-item-selected, [data-board][aria-pressed=true], .ant-select-item-option-selected';

/** Each tab of a screen but the one that stands there already. */
async function pressEach(page: Page, look: (where: string) => Promise<void>): Promise<void> {
  const opens = (await page.locator(list).count()) > 0;
  const all = page.locator(opens ? options : tabs);
  if (opens) {
    await page.locator(list).click();
    await all.first().waitFor();
  }
  const others = await all.evaluateAll((each, here) => each.flatMap((e, n) => (e.matches(here) ? [] : [n])), chosen);
  for (const n of others) {
    if (opens && n !== others[0]) await page.locator(list).click();
    const name = await all.nth(n).innerText();
    await all.nth(n).click();
    if (opens) await page.locator('.ant-select-dropdown:visible').waitFor({ state: 'detached' });
    await (opens ? page.locator(list).filter({ hasText: name }) : all.nth(n).and(page.locator(chosen))).waitFor();
    await settled(page);
    await look(new URL(page.url()).search);
  }
}

async function walk(page: Page, screens: readonly Screen[]): Promise<string[]> {
  const out: string[] = [];
  for (const [route, ready, by] of screens) {
    await goTo(page, by?.[0] ?? route);
    if (by) {
      await settled(page);
      await page.locator(by[1]).first().click();
    }
    await page.locator(ready).first().waitFor();
    await settled(page);
    const look = async (tab = '') => { out.push(...(await keptOut(page, route + tab)), ...(await mixed(page, route + tab))); };
    await look();
    await pressEach(page, look);
  }
  return out;
}

test.each(named)('Nobody is kept out of any screen of the desk (%s)', async (_, look) => {
  const { page, context, wrong } = await open(browser, look);
  await page.goto(address);
  await page.locator('#signInName').waitFor();
  const out = await keptOut(page, 'sign-in');
  await enter(page, 'officer');
  out.push(...(await walk(page, desk)));

  expect(out).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});

test.each(named)('Nor out of the manager’s and the administrator’s (%s)', async (_, look) => {
  const found: string[] = [];
  for (const [who, screens] of [['manager', manager], ['administrator', administrator]] as const) {
    const { page, context, wrong } = await open(browser, look);
    await enter(page, who);
    found.push(...(await walk(page, screens)), ...wrong);
    await context.close();
  }

  expect(found).toEqual([]);
});

const owners = JSON.parse(process.env.DESK_OWNERS ?? '[]') as string[];

test.each(named)('Nor an owner out of the pages without an account (%s)', async (_, look) => {
  const { page, context } = await open(browser, look);
  const out: string[] = [];
  for (const path of owners) {
    await page.goto(`${address}${path}?lang=${look.language}`);
    await page.locator('main').waitFor();
    for (const more of await page.locator('summary').all()) await more.click();
    out.push(...(await keptOut(page, path.slice(0, 3))), ...(await mixed(page, path.slice(0, 3))));
  }

  expect(owners.length).toBeGreaterThan(0);
  expect(out).toEqual([]);
  await context.close();
});

test.each(named)('A customer’s card, a call and a dialog keep nobody out (%s)', async (_, look) => {
  const { page, context } = await open(browser, look);
  await enter(page, 'officer', '/desk');
  await page.locator('[data-field=search]').fill((JSON.parse(process.env.DESK_TWO_HOMES!) as { digits: string }).digits);
  await page.locator('[data-part=results][aria-busy=false] [role=option]').first().waitFor();
  const out = await keptOut(page, 'results');
  await page.keyboard.press('Enter');
  await page.locator('[data-part=card] section').first().waitFor();
  await handed(page);
  await page.locator('#categoryId').fill('leak');
  await page.keyboard.press('Enter');
  await page.locator('[data-part=ahead] time').first().waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'form')), ...(await mixed(page, 'form')));
  await page.locator('[data-part=card] h2 a').click();
  await page.waitForURL('**/customers/**');
  await page.locator('main h1').waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'customer')));
  await goTo(page, '/faults');
  await page.locator('[data-act=open-fault]').click();
  await page.locator('.ant-modal:visible, .ant-drawer:visible').first().waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'dialog')), ...(await mixed(page, 'dialog')));
  await goTo(page, '/call-backs');
  await page.locator('[data-act=open-call]').first().click();
  await page.locator('.ant-drawer [data-act=take]').waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'call')), ...(await mixed(page, 'call')));

  expect(out).toEqual([]);
  await context.close();
});
