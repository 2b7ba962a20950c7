import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, launch, open, overflow, signIn } from './browser';
import type { Look } from './browser';

/** Only against a desk that has these people. */
const test = always.skipIf(!process.env.DESK_TWO_HOMES);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

/** A screen, and what of it must be there before it is looked at. A path that ends in a selector is the first such link on the page before it. */
const screens: [path: string, ready: string][] = [
  ['/desk', '[data-part=register]'],
  ['/desk?phone=13712345678', '[data-part=unknown-number]'],
  ['/requests', 'main h1'],
  ['/requests > main td a, main a.order', '[data-part=timeline]'],
  ['/queue', 'main h1'],
  ['/faults', 'main h1'],
  ['/faults > main a.order', '[data-part=fault]'],
  ['/call-backs', 'main h1'],
  ['/follow-ups', 'main h1'],
  ['/inbox', 'main h1'],
  ['/messages', 'main h1'],
  ['/officer', 'main h1'],
];

/** What axe finds that keeps somebody out: in words that lead to the place. */
async function found(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }));
  return violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join('; ')}`));
}

test.each<[Look['language'], number]>([['zh-CN', 1440], ['en', 360]])('Nobody is kept out of any screen of the desk (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await signIn(page, 'officer');
  const out: string[] = [];
  for (const [path, ready] of screens) {
    const [list, link] = path.split(' > ') as [string, string?];
    await page.goto(address + list);
    if (link) {
      await page.waitForFunction(() => !document.querySelector('main .ant-spin'));
      if ((await page.locator(link).count()) === 0) continue;
      await page.locator(link).first().click();
    }
    await page.locator(ready).first().waitFor();
    await expect.poll(() => page.locator('.ant-spin-spinning, .ant-spin-show').count(), { timeout: 20_000 }).toBe(0); // the stream of events keeps the network busy
    await page.waitForTimeout(400); // what fades in is pale until it is there
    out.push(...(await found(page)).map((v) => `${path} ${v}`));
    if ((await overflow(page)) > 0) out.push(`${path} sticks out to the side`);
  }

  expect(out).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});

test('A customer’s card, and a dialog, keep nobody out', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1440 });
  await signIn(page, 'officer');
  await page.goto(`${address}/desk`);
  await page.locator('[data-field=search]').fill((JSON.parse(process.env.DESK_TWO_HOMES ?? '{"digits":"6688"}') as { digits: string }).digits);
  await page.locator('[data-part=results] [role=option]').first().waitFor();
  const out = (await found(page)).map((v) => `results ${v}`);
  await page.keyboard.press('Enter');
  await page.locator('[data-part=card] section').first().waitFor();
  await page.locator('#categoryId').fill('leak');
  await page.keyboard.press('Enter');
  await page.locator('[data-part=ahead] time').first().waitFor();
  await page.waitForTimeout(400);
  out.push(...(await found(page)).map((v) => `form ${v}`));
  await page.locator('[data-part=card] a').first().click();
  await page.locator('main h1').waitFor();
  await page.waitForTimeout(400);
  out.push(...(await found(page)).map((v) => `customer ${v}`));
  await page.goto(`${address}/faults`);
  await page.locator('[data-act=open-fault]').click();
  await page.locator('.ant-modal:visible').waitFor();
  await page.waitForTimeout(400);
  out.push(...(await found(page)).map((v) => `dialog ${v}`));

  expect(out).toEqual([]);
  await context.close();
});
