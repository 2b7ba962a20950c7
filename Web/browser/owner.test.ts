import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, launch, overflow, picture, tooSmall } from './browser';

/** For each run the links of requests of its own: one that is worked on, with a quote, and one that is done; and where to report. See Tests/Browser. */
interface Links { worked: string; done: string; gone: string; report: string; placed: string }

const links: Links[] = JSON.parse(process.env.DESK_OWNERS_LINKS ?? '[]');
const test = always.skipIf(links.length === 0);

/** What a page may weigh, its styles and scripts with it. */
const budget = 60 * 1024;

let browser: Browser;
beforeAll(async () => { if (links.length > 0) browser = await launch(); });
afterAll(async () => { await browser?.close(); });

interface Phone { language: 'zh-CN' | 'en'; width: number; script: boolean; with: number }

const phones: Phone[] = [
  { language: 'zh-CN', width: 320, script: true, with: 0 },
  { language: 'en', width: 360, script: true, with: 1 },
  { language: 'zh-CN', width: 360, script: false, with: 2 },
  { language: 'en', width: 320, script: false, with: 3 },
];

/** Nothing sticks out, everything that a thumb is to meet is 44 px high, and the page is light. */
async function fits(page: Page, where: string, phone: Phone, weight: () => number): Promise<void> {
  await page.waitForLoadState('load');
  if (process.env.DESK_SHOTS) await page.screenshot({ path: `${process.env.DESK_SHOTS}/${where}-${phone.language}-${phone.width}-${phone.script ? 'script' : 'plain'}.png`, fullPage: true });
  expect(await overflow(page), `${where} sticks out to the side`).toBe(0);
  expect(await tooSmall(page, where, 'button, select, textarea, input:not([type=hidden]), summary, header a, .files a')).toEqual([]);
  expect(weight(), `${where} weighs too much`).toBeLessThanOrEqual(budget);
}

/** A telephone that has never been here; what it loads is weighed, but for photos. */
async function telephone(phone: Phone): Promise<{ page: Page; context: BrowserContext; wrong: string[]; go: (path: string) => Promise<void>; weight: () => number }> {
  const context = await browser.newContext({ locale: phone.language, viewport: { width: phone.width, height: 640 }, javaScriptEnabled: phone.script, hasTouch: true, isMobile: true, reducedMotion: 'reduce', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (e) => wrong.push(String(e)));
  page.on('console', (m) => { if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) wrong.push(m.text()); });
  const loaded = new Map<string, number>();
  const bodies: Promise<void>[] = [];
  page.on('response', (r) => {
    if (['document', 'stylesheet', 'script', 'fetch', 'xhr', 'font'].includes(r.request().resourceType()) && r.ok()) bodies.push(r.body().then((b) => void loaded.set(new URL(r.url()).pathname, b.length), () => undefined));
  });
  const go = async (path: string) => {
    loaded.clear();
    await page.goto(address + path);
    await Promise.all(bodies);
  };
  return { page, context, wrong, go, weight: () => [...loaded.values()].reduce((a, b) => a + b, 0) };
}

const said = (page: Page, words: RegExp) => page.locator('#said.good', { hasText: words }).waitFor();

/** Chosen as a thumb does: on what is seen, not on the dot. */
const choose = (page: Page, name: string, value: string) => page.locator(`label:has(input[name=${name}][value="${value}"])`).first().tap();

const photo = async (page: Page, plain: { name: string; mimeType: string; buffer: Buffer }) => page.locator('input[type=file]').first().setInputFiles({ ...plain, name: 'kitchen.jpg' });

test.each(phones)('On a telephone of $width px, $language, script: $script, an owner answers, urges, writes, agrees, withdraws and reports', async (phone) => {
  const mine = links[phone.with]!;
  const zh = phone.language === 'zh-CN';
  const { page, context, wrong, go, weight } = await telephone(phone);
  // Painted by a page of its own: this telephone may have no script.
  const painter = await browser.newPage();
  const plain = await picture(painter);
  await painter.close();
  const lang = `?lang=${phone.language}`;

  // What is worked on: urged, asked about a quote, a word and a photo, and withdrawn after all.
  await go(mine.worked + lang);
  await fits(page, 'worked', phone, weight);
  await page.locator('form.urge button').tap();
  await said(page, zh ? /已提醒/ : /have been told/);
  await page.locator('form.urge button').tap();
  await said(page, zh ? /一小时内不再重复/ : /not told again within the hour/);
  await page.locator('[name=name]').fill('王小明');
  await page.locator('button[name=agree][value=yes]').tap();
  await said(page, zh ? /同意/ : /consent/);
  await page.locator('textarea[name=text]').fill(zh ? '门铃坏了，请打电话。averyverylongwordwithoutanyspaceinitthatmustnotstickoutofthepage' : 'The bell is broken, please ring. averyverylongwordwithoutanyspaceinitthatmustnotstickoutofthepage');
  await photo(page, plain);
  await page.locator('form[action*="/word"] button').tap();
  await said(page, zh ? /已收到/ : /Received/);
  await page.locator('.files img').first().waitFor();
  await fits(page, 'added', phone, () => 0);
  await page.locator('summary').tap();
  await fits(page, 'withdraw', phone, () => 0);
  await page.locator('form[action*="/withdrawal"] textarea').fill(zh ? '自己修好了' : 'Mended it myself');
  await page.locator('button.danger').tap();
  await said(page, zh ? /已撤回/ : /withdrawn/);

  // What is done: answered, in part first without a score, which is asked for and loses nothing.
  await go(mine.done + lang);
  await fits(page, 'done', phone, weight);
  await choose(page, 'solved', 'yes');
  await choose(page, 'satisfaction', '4');
  await page.locator('textarea[name=five]').fill(zh ? '早点来' : 'Come earlier');
  await choose(page, 'recommend', '5');
  await photo(page, plain);
  await page.locator('form[action*="/answer"] button.main').tap();
  await said(page, zh ? /谢谢您的评价/ : /Thank you/);
  expect(await page.locator('.answered').innerText()).toContain(zh ? '早点来' : 'Come earlier');
  await fits(page, 'answered', phone, () => 0);

  // A link that has ended says so kindly.
  await go(mine.gone + lang);
  expect(await page.locator('h1').innerText()).toMatch(zh ? /打不开/ : /does not open/);
  await fits(page, 'gone', phone, weight);

  // The code on the lift: the place stands there already. What is missing is said, and what was typed stays.
  await go(mine.placed + lang);
  await fits(page, 'report', phone, weight);
  await page.locator('select[name=category]').selectOption({ index: 1 });
  await page.locator('textarea[name=text]').fill(zh ? '电梯停在三楼' : 'The lift stands still on the third floor');
  await photo(page, plain);
  await page.locator('[name=phone]').fill('12');
  await page.locator('button.main').tap();
  await page.locator('#said.bad').waitFor();
  expect(await page.locator('textarea[name=text]').inputValue()).toContain(zh ? '三楼' : 'third floor');
  await fits(page, 'refused', phone, () => 0);
  await page.locator('[name=phone]').fill(`1372222000${phone.with}`);
  await page.locator('button.main').tap();
  await said(page, zh ? /已收到/ : /Received/);
  expect(new URL(page.url()).pathname).toMatch(/^\/o\//);

  // The community's own link asks where.
  await go(mine.report + lang);
  expect(await page.locator('[name=where]').getAttribute('required')).not.toBeNull();
  await fits(page, 'report-anywhere', phone, weight);
  await page.locator('header a').tap();
  await page.waitForURL((u) => u.searchParams.get('lang') === (zh ? 'en' : 'zh-CN'));

  expect(wrong).toEqual([]);
  await context.close();
});

test('What is sent while a photo is still being made smaller waits for it: neither its size nor where it was taken goes along', async () => {
  const painter = await browser.newPage();
  const grainy = await painter.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [2400, 1200];
    const pen = canvas.getContext('2d')!;
    const grains = pen.createImageData(2400, 1200);
    for (let i = 0, seed = 1; i < grains.data.length; i++) grains.data[i] = i % 4 === 3 ? 255 : (seed = (seed * 48271) % 2147483647) & 255;
    pen.putImageData(grains, 0, 0);
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1]!;
  });
  await painter.close();
  const { page, context, wrong, go } = await telephone(phones[0]!);
  await page.addInitScript(() => {
    const real = self.createImageBitmap.bind(self);
    const gone = new Promise<void>((done) => { (self as unknown as { letGo: () => void }).letGo = done; });
    self.createImageBitmap = (async (...of: Parameters<typeof real>) => { await gone; return real(...of); }) as typeof real;
  });
  await go(`${links[0]!.report}?lang=zh-CN`);
  await page.locator('select[name=category]').selectOption({ index: 1 });
  await page.locator('textarea[name=text]').fill('墙上有裂缝');
  await page.locator('[name=where]').fill('3-2-1501');
  await page.locator('[name=phone]').fill('13733330001');
  await page.locator('input[type=file]').first().setInputFiles({ name: 'wall.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(grainy, 'base64') });
  let sent = 0;
  page.on('request', (r) => { if (r.method() === 'POST') sent += 1; });
  await page.locator('button.main').tap();
  expect(await page.evaluate(() => [...document.forms].map((form) => form.dataset.sent ?? 'not yet'))).toContain('not yet');
  expect(sent).toBe(0);

  await page.evaluate(() => (self as unknown as { letGo: () => void }).letGo());
  await said(page, /已收到/);
  const seen = page.locator('.files img').first();
  await seen.waitFor();
  await expect.poll(() => seen.evaluate((img: HTMLImageElement) => [img.naturalWidth, img.naturalHeight])).toEqual([2000, 1000]);
  expect(sent).toBe(1);
  expect(wrong).toEqual([]);
  await context.close();
});
