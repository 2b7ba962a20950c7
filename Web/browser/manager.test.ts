import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, launch, open, overflow, signIn } from './browser';
import type { Look } from './browser';

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const chinese = /\p{Script=Han}/u;

test.each<[Look['language'], number]>([['zh-CN', 1280], ['en', 1280], ['zh-CN', 360], ['en', 360]])('A manager sees the day, and each figure opens its rows (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await signIn(page, 'manager');
  await page.locator('[data-part=today]').waitFor();
  expect(new URL(page.url()).pathname).toBe('/today');
  if (language === 'en') expect(await page.locator('[data-part=today]').innerText()).not.toMatch(chinese);

  const count = Number(await page.locator('[data-figure=open] b').innerText());
  expect(count).toBeGreaterThan(0);
  await page.locator('[data-figure=open]').click();
  await page.locator('.counts b').first().waitFor();
  await expect.poll(() => page.locator('.counts b').first().innerText()).toBe(String(count));
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  for (const of of ['clocks', 'satisfaction', 'escalations', 'demand']) {
    await page.goto(`${address}/reports?of=${of}&by=${of === 'demand' ? 'requestKind' : 'all'}`);
    await page.locator('.figures table').waitFor();
    await expect.poll(() => page.locator('.ant-spin-spinning, .ant-spin-show').count(), { timeout: 20_000 }).toBe(0); // the stream of events keeps the network busy
    expect(await overflow(page), of).toBeLessThanOrEqual(0);
    await opens(page);
  }

  expect(wrong).toEqual([]);
  await context.close();
});

/** The first figure of the table that is a link leads to as many rows. */
async function opens(page: Page): Promise<void> {
  const figure = page.locator('.figures td a').filter({ hasText: /^\d+$/ }).first();
  if ((await figure.count()) === 0) return;
  const counted = await figure.innerText();
  await figure.click();
  await page.locator('[data-part=count]').waitFor();
  await expect.poll(() => page.locator('[data-part=count]').innerText()).toBe(counted);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
}
