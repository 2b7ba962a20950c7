import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, enter, goTo, handed, keptOut, launch, mixed, named, open, settled } from './browser';

/** Only against a desk that has these people; see Tests/Browser. */
const test = always.skipIf(!process.env.DESK_TWO_HOMES);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

/** A screen, and what of it must be there before it is looked at. A path with a selector behind it is the first such link on that page. */
type Screen = readonly [path: string, ready: string];

const desk: readonly Screen[] = [
  ['/desk', '[data-part=register]'],
  ['/desk?phone=13712345678', '[data-part=unknown-number]'],
  ['/requests', 'main h1'],
  ['/requests > main td a, main a.order', '[data-part=timeline]'],
  ['/queue', '.orders'],
  ['/queue > main a[data-order]', '[data-part=moves]'],
  ['/faults', 'main h1'],
  ['/faults > main a.order', '[data-part=fault]'],
  ['/call-backs', '[data-act=open-call]'],
  ['/follow-ups', '.orders'],
  ['/inbox', 'main h1'],
  ['/messages', 'main h1'],
  ['/officer', '[data-board]'],
  ['/officer?show=escalated', 'main a.order'],
  ['/officer?show=complaints', 'main a.order'],
  ['/officer?show=followUps', 'main a.order'],
  ['/officer?show=holds', '[data-board=holds]'],
  ['/officer?show=stuck', '[data-board=stuck]'],
];
const manager: readonly Screen[] = [
  ['/today', '[data-part=today]'],
  ...['clocks', 'satisfaction', 'escalations', 'demand'].map((of) => [`/reports?of=${of}`, '.figures table'] as const),
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
  ...[['categories', '[data-category]'], ['teams', '[data-team]'], ['calendar', '[data-part=year]'], ['community', '[data-part=community]']].map(([part, ready]) => [`/masters?part=${part}`, ready!] as const),
];

async function walk(page: Page, screens: readonly Screen[]): Promise<string[]> {
  const out: string[] = [];
  for (const [path, ready] of screens) {
    const [list, link] = path.split(' > ') as [string, string?];
    await goTo(page, list);
    if (link) {
      await settled(page);
      await page.locator(link).first().click();
    }
    await page.locator(ready).first().waitFor();
    await settled(page);
    out.push(...(await keptOut(page, path)), ...(await mixed(page, path)));
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
