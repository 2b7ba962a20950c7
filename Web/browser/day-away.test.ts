import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, form, goTo, launch, open, overflow, picture, signIn } from './browser';
import type { Look } from './browser';

/** The same for who is away from a desk; a file of its own, so that two browsers share the days. */
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

test.each(languages)('A crew member’s day on a slow line (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 360 });
  // As under a building: 400 ms there and back, 400 kbit/s.
  const line = await context.newCDPSession(page);
  await line.send('Network.enable');
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8 });
  await timed('signed in, on a slow line', () => signIn(page, 'member', '/crew'));
  await timed('the list, on a slow line', () => page.locator('[data-order]').nth(10).waitFor());
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  // The one that is due first is on top.
  const dues = await page.locator('[data-order]').evaluateAll((all) => all.map((e) => Date.parse(e.querySelector('time')?.dateTime ?? '9999')));
  expect([dues, new Set(dues).size > 10]).toEqual([dues.toSorted((a, b) => a - b), true]);
  await page.locator('[data-list=pool]').click();
  await page.locator('[data-list=pool][aria-current]').waitFor();
  const first = page.locator('[data-order]').first();
  await first.waitFor();
  const number = await first.getAttribute('data-order');
  await first.click();

  // A press is on the telephone at once, however long the line takes.
  const photo = await picture(page);
  for (const move of ['claim', 'arrive']) await timed(move, async () => {
    await page.locator(`[data-move=${move}]`).click();
    await page.locator(`[data-action=${move}]`).waitFor();
  });
  // Some categories demand both.
  for (const [n, purpose] of ['before', 'after'].entries()) {
    await page.locator('[data-field=purpose]').selectOption(purpose);
    await page.locator('[data-act=attach]').setInputFiles(photo);
    await page.locator('[data-action=attach]').nth(n).waitFor();
  }
  await page.locator('[data-move=complete]').click();
  await page.locator('[name=whatWasDone]').fill('换了密封圈');
  await page.locator('dialog [data-act=submit]').click();
  await timed('complete', () => page.locator('[data-action=complete]').waitFor());
  await page.locator('.order-page[data-status=done]').waitFor();
  await timed('all of it sent, with two photos', async () => {
    for (const step of ['claim', 'arrive', 'attach', 'complete']) await page.locator(`[data-action=${step}][data-state=sent]`).last().waitFor();
  });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.locator('[data-act=back]').click();
  await page.locator('[data-list=done]').click();
  await page.locator('[data-list=done][aria-current]').waitFor();
  await page.locator('[data-list=team]').click();
  await page.locator('[data-order]').first().waitFor();
  await page.locator(`[data-order="${number}"]`).waitFor({ state: 'detached' });

  expect(wrong).toEqual([]);
  await context.close();
});

test.each(languages)('An owner’s day: reported by the code on the wall, followed, asked about (%s)', async (language) => {
  const owner = await open(browser, { language, width: 360 });
  const { page } = owner;
  await page.goto(`${address}/r/${process.env.DESK_REPORT_CODE}`);
  await page.locator('[name=category]').selectOption({ index: 1 });
  await page.locator('[name=text]').fill(repair[language][1]);
  await page.locator('[name=where]').fill('3-2-1501');
  await page.locator('[name=phone]').fill('13900138001');
  await page.locator('button.main').click();
  await page.waitForURL('**/o/**');
  await page.locator('dd.number').waitFor();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.locator('form[action*="/word"] textarea').fill('门铃坏了，请打电话');
  for (const form of ['word', 'urge']) {
    await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST' && r.url().includes(`/${form}`)), page.locator(`form[action*="/${form}"] button`).click()]);
    await page.waitForLoadState('load');
    await page.locator('.notice.good').waitFor();
  }

  expect(owner.wrong).toEqual([]);
  await owner.context.close();
});

test.each(languages)('An administrator’s day (%s)', async (language) => {
  const { page, context, wrong } = await open(browser, { language, width: 1280 });
  const tag = language === 'en' ? 'E' : 'Z';
  await signIn(page, 'administrator', '/masters');

  // A place among thousands, found and called otherwise.
  await timed('the places', () => page.locator('[data-place]').first().waitFor());
  await page.locator('[data-place="9"] a').click();
  await timed('the homes of a large building', () => page.locator('[data-place="9-1"]').waitFor());
  await page.locator('[data-place="9-1"] [data-act=rename-place]').click();
  await form(page).locator('[id$=_name]').fill(`门房${tag}`);
  await form(page).locator('[data-act=submit]').click();
  await page.locator('[data-place="9-1"]', { hasText: `门房${tag}` }).waitFor();

  await goTo(page, '/accounts');
  await page.locator('[data-account]').first().waitFor();
  await goTo(page, '/jobs');
  await page.locator('[data-act=run-now]').first().waitFor();
  await goTo(page, '/policies');
  await page.locator('[data-policy=normal-repair]').waitFor();
  await goTo(page, '/requests?open=true');
  await timed('the requests, for who only reads them', () => page.locator('main td a, main a.order').first().waitFor());

  expect(wrong).toEqual([]);
  await context.close();
});
