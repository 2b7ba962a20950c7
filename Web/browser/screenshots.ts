import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { address, as, launch, open, people, settled, signIn } from './browser';
import type { Look } from './browser';

const folder = join(import.meta.dirname, '../../docs/images');
const demo = 'demo-desk-2026';
people.clerk ??= ['clerk', demo];
people.crew ??= ['crew.engineering', demo];
people.manager ??= ['manager', demo];

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const pictures: [name: string, who: string | null, look: Look, go: (page: Page) => Promise<void>][] = [
  ['desk', 'clerk', { language: 'zh-CN', width: 1280, height: 800 }, async (page) => {
    await page.locator('[data-field=search]').fill('2-1-301');
    await page.locator('[data-part=results] button').first().click();
    await page.locator('[data-part=card] section').first().waitFor();
    await page.locator('#categoryId').fill('漏水');
    await page.keyboard.press('Enter');
    await page.locator('#description').fill('厨房水槽下面的水管在滴水，地上已经湿了一片');
  }],
  ['request', 'clerk', { language: 'en', width: 1280, height: 800 }, async (page) => {
    await page.goto(`${address}/requests?status=closed`);
    await page.locator('td a').nth(3).click();
    await page.locator('[data-part=timeline] li').first().waitFor();
  }],
  ['crew', 'crew', { language: 'zh-CN', width: 360, height: 720 }, async (page) => {
    await page.locator('a.order').first().waitFor();
  }],
  ['today', 'manager', { language: 'zh-CN', width: 1280, height: 640 }, async (page) => {
    await page.goto(`${address}/today`);
    await page.locator('[data-part=today]').waitFor();
  }],
  ['reports', 'manager', { language: 'en', width: 1280, height: 900 }, async (page) => {
    await page.goto(`${address}/reports?of=clocks`);
    await page.locator('.plot svg').first().waitFor();
  }],
  ['report', null, { language: 'zh-CN', width: 360, height: 720 }, async (page) => {
    const clerk = await as('clerk');
    const [community] = await clerk.get<{ reportCode: string }[]>('/api/communities');
    await clerk.context.close();
    await page.goto(`${address}/r/${community!.reportCode}`);
  }],
];

test.each(pictures)('%s', async (name, who, look, go) => {
  const { page, context } = await open(browser, look);
  if (who) await signIn(page, who);
  await go(page);
  await settled(page);
  await page.waitForTimeout(700); // the last shade of a dialog or a drop-down
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
});
