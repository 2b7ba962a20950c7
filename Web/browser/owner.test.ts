import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, launch, overflow, tooSmall } from './browser';

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

/** With script the field speaks the page's language, whatever the browser's is, and is reached as ever: by a thumb, from the keyboard, by its label. */
async function photo(page: Page, phone: Phone, plain: { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
  const field = page.locator('input[type=file]').first();
  const [open, chosen] = [page.locator('.pick .open').first(), page.locator('.pick .chosen').first()];
  const zh = (await page.locator('html').getAttribute('lang')) !== 'en';
  expect([await open.isVisible(), await chosen.isVisible(), Number(await field.evaluate((e) => getComputedStyle(e).opacity))]).toEqual(phone.script ? [true, true, 0] : [false, false, 1]);
  if (phone.script) {
    expect([await open.innerText(), await chosen.innerText()]).toEqual(zh ? ['选择照片', '还没有选择'] : [expect.stringMatching(/^Choose (a photo|photos)$/), 'none chosen yet']);
    for (const act of [() => field.tap(), () => field.press('Space')]) await Promise.all([page.waitForEvent('filechooser'), act()]);
    expect(await page.getByLabel(zh ? /^照片/ : /^Photo/).first().getAttribute('type')).toBe('file');
  }
  await field.setInputFiles({ ...plain, name: 'kitchen.jpg' });
  if (phone.script) await expect.poll(() => chosen.innerText()).toBe('kitchen.jpg');
}

/** 31° 13′ 49.07″ as a camera writes it. */
const taken = Buffer.from('0000001f00000001' + '0000000d00000001' + '0000132b00000064', 'hex');

/** The same picture, on its side and with the place where it was taken: EXIF with orientation 6 and GPS. */
function placed(plain: Buffer): Buffer {
  const directory = (entries: string[]) => `${entries.length.toString(16).padStart(4, '0')}${entries.join('')}00000000`;
  const tiff = Buffer.concat([
    Buffer.from('4d4d002a00000008' + directory(['0112' + '0003' + '00000001' + '00060000', '8825' + '0004' + '00000001' + '00000026']) + directory(['0001' + '0002' + '00000002' + '4e000000', '0002' + '0005' + '00000003' + '00000044']), 'hex'),
    taken,
  ]);
  const head = Buffer.from('ffe1' + (tiff.length + 8).toString(16).padStart(4, '0') + '457869660000', 'hex');
  return Buffer.concat([plain.subarray(0, 2), head, tiff, plain.subarray(2)]);
}

/** What a JPEG is, by its segments: how large, and what its EXIF says. */
function read(jpeg: Buffer): { size: [number, number]; exif: string[] } {
  const found: { size: [number, number]; exif: string[] } = { size: [0, 0], exif: [] };
  for (let at = 2; jpeg[at] === 0xff && jpeg[at + 1] !== 0xda; at += 2 + jpeg.readUInt16BE(at + 2)) {
    const marker = jpeg[at + 1]!;
    if (marker === 0xc0 || marker === 0xc2) found.size = [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
    if (marker !== 0xe1) continue;
    const tiff = jpeg.subarray(at + 10);
    const little = tiff.toString('latin1', 0, 2) === 'II';
    const [two, four] = little ? [(n: number) => tiff.readUInt16LE(n), (n: number) => tiff.readUInt32LE(n)] : [(n: number) => tiff.readUInt16BE(n), (n: number) => tiff.readUInt32BE(n)];
    const first = four(4);
    for (let n = 0; n < two(first); n++) found.exif.push(`${two(first + 2 + 12 * n).toString(16)}: ${two(first + 2 + 12 * n + 8)}`);
  }
  return found;
}

/** The one photo on the owner's page, as it is kept. */
async function arrived(page: Page): Promise<{ size: [number, number]; exif: string[] }> {
  const pictures = page.locator('.files img');
  await pictures.first().waitFor();
  expect(await pictures.count()).toBe(1);
  const reply = await page.request.get(address + (await pictures.getAttribute('src'))!);
  const kept = await reply.body();
  expect([reply.status(), reply.headers()['content-type'], kept.includes(taken)]).toEqual([200, 'image/jpeg', false]);
  return read(kept);
}

/** A flat one is small enough to be sent as it is. */
async function drawn(painter: Page): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const data = await painter.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [2400, 1200];
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1]!;
  });
  return { name: '厨房.jpg', mimeType: 'image/jpeg', buffer: placed(Buffer.from(data, 'base64')) };
}

/** As it was sent: a quarter of a turn is said, and nothing else. */
const asSent = { size: [2400, 1200], exif: ['112: 6'] };

test.each(phones)('On a telephone of $width px, $language, script: $script, an owner answers, urges, writes, agrees, withdraws and reports', async (phone) => {
  const mine = links[phone.with]!;
  const zh = phone.language === 'zh-CN';
  const { page, context, wrong, go, weight } = await telephone(phone);
  // Painted by a page of its own: this telephone may have no script.
  const painter = await browser.newPage();
  const plain = await drawn(painter);
  await painter.close();
  expect([plain.buffer.includes(taken), read(plain.buffer)]).toEqual([true, { ...asSent, exif: ['112: 6', '8825: 0'] }]);
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
  await photo(page, phone, plain);
  await page.locator('form[action*="/word"] button').tap();
  await said(page, zh ? /已收到/ : /Received/);
  expect(await arrived(page)).toEqual(asSent);
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
  await photo(page, phone, plain);
  await page.locator('form[action*="/answer"] button.main').tap();
  await said(page, zh ? /谢谢您的评价/ : /Thank you/);
  expect(await page.locator('.answered').innerText()).toContain(zh ? '早点来' : 'Come earlier');
  expect(await arrived(page)).toEqual(asSent);
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
  await photo(page, phone, plain);
  await page.locator('[name=phone]').fill('12');
  await page.locator('button.main').tap();
  await page.locator('#said.bad').waitFor();
  expect(await page.locator('textarea[name=text]').inputValue()).toContain(zh ? '三楼' : 'third floor');
  await fits(page, 'refused', phone, () => 0);
  await photo(page, phone, plain); // no browser gives a file back
  await page.locator('[name=phone]').fill(`1372222000${phone.with}`);
  await page.locator('button.main').tap();
  await said(page, zh ? /已收到/ : /Received/);
  expect(await arrived(page)).toEqual(asSent);
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
  await page.locator('input[type=file]').first().setInputFiles({ name: 'wall.jpg', mimeType: 'image/jpeg', buffer: placed(Buffer.from(grainy, 'base64')) });
  let sent = 0;
  page.on('request', (r) => { if (r.method() === 'POST') sent += 1; });
  await page.locator('button.main').tap();
  expect(await page.evaluate(() => [...document.forms].map((form) => form.dataset.sent ?? 'not yet'))).toContain('not yet');
  expect(sent).toBe(0);

  await page.evaluate(() => (self as unknown as { letGo: () => void }).letGo());
  await said(page, /已收到/);
  expect(await arrived(page)).toEqual({ size: [1000, 2000], exif: [] }); // upright by now
  expect(sent).toBe(1);
  expect(wrong).toEqual([]);
  await context.close();
});
