import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, launch, open, overflow, people, settled, signIn } from './browser';
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
    await settled(page);
    expect(await overflow(page), of).toBeLessThanOrEqual(0);
    await opens(page);
  }

  expect(wrong).toEqual([]);
  await context.close();
});

test.each<[Look['language'], number]>([['zh-CN', 1280], ['en', 360]])('An alarm is seen and heard until somebody ends it, and what is late is answered for with a time and a word (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await page.addInitScript(() => {
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) {
      document.documentElement.dataset.rung = 'yes';
      start.call(this, at);
    };
  });
  const words = language === 'en' ? 'The pump comes at noon' : '中午送水泵来';
  const form = page.locator('.ant-modal:visible, .ant-drawer-open:visible').last();
  await signIn(page, 'manager', '/escalations');
  await page.locator('html[data-rung]').waitFor();
  const ladder = page.locator('[data-ladder]', { hasNotText: language === 'en' ? 'Danger' : '危险' }).first();
  await ladder.waitFor();
  const alarms = page.locator('.alarms li');
  await alarms.nth(1).waitFor();
  const before = await alarms.count();
  await expect.poll(() => page.locator('[data-act=alarms]').getAttribute('aria-label')).toContain(String(before));
  if (language === 'en') expect(await ladder.locator('button, .rung > div:first-child').allInnerTexts()).not.toContainEqual(expect.stringMatching(chinese));

  const [clock, request] = [await ladder.getAttribute('data-ladder'), await ladder.locator('a.number').getAttribute('href')];
  await page.locator(`[data-ladder="${clock}"] [data-act=acknowledge]`).click();
  const until = new Date((Math.floor(Date.now() / 60_000) + 180) * 60_000);
  await form.locator('[id$=_promisedAt]').fill(until.toLocaleString('sv', { timeZone: 'Asia/Shanghai' }).slice(0, 16));
  await form.locator('[id$=_promisedAt]').press('Enter');
  await form.locator('[id$=_note]').fill(words);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  const acknowledged = page.waitForResponse((r) => r.url().endsWith('/acknowledgement'));
  await form.locator('[data-act=submit]').click();
  expect((await acknowledged).status()).toBe(200);
  await page.locator('.ant-modal:visible, .ant-drawer-open:visible').waitFor({ state: 'detached' });
  await page.locator(`[data-ladder="${clock}"]`).waitFor({ state: 'detached' });

  const alarm = alarms.filter({ has: page.locator(`a[href="${request}"]`) });
  await alarm.locator('[data-act=end-alarm]').click();
  await form.locator('[id$=_note]').fill(words);
  const ended = page.waitForResponse((r) => r.url().endsWith('/ending'));
  await form.locator('[data-act=submit]').click();
  expect((await ended).status()).toBe(200);
  await alarm.waitFor({ state: 'detached' });
  await expect.poll(() => page.locator('[data-act=alarms]').getAttribute('aria-label')).toContain(String(before - 1));

  await page.goto(`${address}/escalations?state=acknowledged`);
  const rung = page.locator(`[data-ladder="${clock}"] .rung`, { hasText: words });
  await rung.waitFor();
  expect(await rung.innerText()).toContain(people.manager![0].split('@')[0]);
  const times = await rung.locator('time').evaluateAll((all) => all.map((time) => Date.parse(time.getAttribute('datetime')!)));
  expect(times).toContain(until.getTime());
  expect(await overflow(page)).toBeLessThanOrEqual(0);

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
