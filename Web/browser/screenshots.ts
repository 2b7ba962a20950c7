import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { address, as, launch, open, people, settled, signIn } from './browser';
import type { Look } from './browser';

/** Elsewhere than in the docs, to be looked at; DESK_WIDTH: all of them so wide. */
const folder = process.env.DESK_PICTURES ?? join(import.meta.dirname, '../../docs/images');
const width = Number(process.env.DESK_WIDTH ?? 0);
const demo = 'demo-desk-2026';
people.clerk ??= ['clerk', demo];
people.officer ??= ['officer', demo];
people.administrator ??= ['admin', demo];
people.crew ??= ['crew.engineering', demo];
people.manager ??= ['manager', demo];

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const said = { 'zh-CN': ['漏水', '厨房水槽下面的水管在滴水，地上已经湿了一片'], en: ['leak', 'The pipe under the kitchen sink is dripping, the floor is wet already'] } as const;

/** A repair that was worked on, asked about and answered. */
async function answered(): Promise<string> {
  const clerk = await as('clerk');
  const { items } = await clerk.get<{ items: { requestId: string }[] }>('/api/requests?status=closed&kind=repair&take=50');
  for (const { requestId } of items) {
    const { feedback } = await clerk.get<{ feedback: { satisfaction: number | null; madeItFive: string | null }[] }>(`/api/requests/${requestId}`);
    if (!feedback.some((f) => f.satisfaction !== null)) continue;
    await clerk.context.close();
    return requestId;
  }
  throw new Error('Nobody answered anything.');
}

const pictures: [name: string, who: string | null, look: Omit<Look, 'language'>, go: (page: Page, language: Look['language']) => Promise<void>][] = [
  ['desk', 'clerk', { width: 1280, height: 720 }, async (page, language) => {
    await page.locator('[data-field=search]').fill('2-1-301');
    await page.locator('[data-part=results] button').first().click();
    await page.locator('[data-part=card] section').first().waitFor();
    await page.locator('#categoryId').fill(said[language][0]);
    await page.keyboard.press('Enter');
    await page.locator('#description').fill(said[language][1]);
    await page.locator('[data-part=ahead] time').first().waitFor();
  }],
  ['request', 'clerk', { width: 1280, height: 900 }, async (page) => {
    await page.goto(`${address}/requests/${await answered()}`);
    await page.locator('[data-part=timeline] li').first().waitFor();
  }],
  ['queue', 'clerk', { width: 1280, height: 720 }, async (page) => {
    await page.goto(`${address}/queue`);
    await page.locator('main .counts').waitFor();
  }],
  ['call-back', 'clerk', { width: 1280, height: 900 }, async (page) => {
    await page.goto(`${address}/call-backs?state=toCall`);
    await page.locator('[data-act=open-call]').first().click();
    await page.locator('.ant-drawer [data-act=take]').waitFor();
  }],
  ['officer', 'officer', { width: 1280, height: 720 }, async (page) => {
    await page.goto(`${address}/officer?show=complaints`);
    await page.locator('[data-board=complaints][aria-pressed=true]').waitFor();
  }],
  ['escalations', 'manager', { width: 1280, height: 800 }, async (page) => {
    await page.goto(`${address}/escalations`);
    await page.locator('[data-part=ladders]').waitFor();
  }],
  ['calendar', 'administrator', { width: 1280, height: 900 }, async (page) => {
    await page.goto(`${address}/masters?part=calendar&calendar=office`);
    await page.locator('[data-part=year]').waitFor();
  }],
  ['crew', 'crew', { width: 360, height: 720 }, async (page) => {
    await page.locator('a.order').first().waitFor();
  }],
  ['today', 'manager', { width: 1280, height: 640 }, async (page) => {
    await page.goto(`${address}/today`);
    await page.locator('[data-part=today]').waitFor();
  }],
  ['reports', 'manager', { width: 1280, height: 800 }, async (page) => {
    await page.goto(`${address}/reports?of=clocks`);
    await page.locator('.plot svg').first().waitFor();
  }],
  ['report', null, { width: 360, height: 720 }, async (page, language) => {
    const clerk = await as('clerk');
    const [community] = await clerk.get<{ reportCode: string }[]>('/api/communities');
    await clerk.context.close();
    await page.goto(`${address}/r/${community!.reportCode}?lang=${language}`);
  }],
];

const each = (['en', 'zh-CN'] as const).flatMap((language) => pictures.map(([name, who, look, go]) => [`${language}/${name}`, who, { ...look, ...(width ? { width } : {}), language }, go] as const));

test.each(each)('%s', async (name, who, look, go) => {
  const { page, context } = await open(browser, look);
  if (who) await signIn(page, who);
  await go(page, look.language);
  await settled(page);
  await page.waitForTimeout(700); // the last shade of a dialog or a drop-down
  mkdirSync(join(folder, look.language), { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
});
