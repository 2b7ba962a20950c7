import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium as playwright } from 'playwright-core';
import type { Browser, BrowserContext, Cookie, Page } from 'playwright-core';
import { onTestFailed } from 'vitest';

export const address = process.env.DESK_URL ?? 'http://127.0.0.1:5080';

export const people: Record<string, [string, string]> = JSON.parse(process.env.DESK_PEOPLE ?? '{}');

/** DESK_LAG: milliseconds; what a page asks leaves at any time within them, and what it was told to do is answered as late again. Finds scripts and screens that count on a quick desk. */
const lag = Number(process.env.DESK_LAG ?? 0);
const aWhile = () => new Promise((done) => setTimeout(done, Math.random() * lag));

/** Debian's Chromium, which talks to nobody but the desk; one for all scripts. Pages that live for seconds: code that is compiled once more never pays back, nor does a process for each. */
const chromium = (): Promise<Browser> =>
  (running ??= playwright.launch({
    executablePath: process.env.DESK_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--process-per-site', '--js-flags=--no-opt'],
  }));

let running: Promise<Browser> | undefined;

/** What a script needs: a browser of which it leaves nothing open. */
export async function launch(): Promise<Browser> {
  const browser = await chromium();
  browser.close = async () => {
    const empty = new Set([...waiting.values()].flat());
    await Promise.all(browser.contexts().filter((context) => !empty.has(context)).map((context) => context.close()));
  };
  return browser;
}

export interface Look {
  language: 'zh-CN' | 'en';
  width: number;
  height?: number;
  shade?: 'light' | 'dark';
  /** Where the browser stands; the community's own zone without it. */
  zone?: string;
  /** Its line will be cut: what is under way then is not to be held. */
  cut?: boolean;
  /** It has never been here: the program is fetched anew. */
  stranger?: boolean;
}

/** By how they look, contexts that nobody is in: the program is compiled in them, and of those who were there nothing is left. */
const waiting = new Map<string, BrowserContext[]>();

async function entered(browser: Browser, { language, width, height = width < 600 ? 780 : 900, shade = 'light', zone = 'Asia/Shanghai', stranger }: Look): Promise<BrowserContext> {
  const key = [language, width, height, shade, zone].join();
  const left = stranger ? undefined : waiting.get(key)?.pop();
  if (left) return left;
  const context = await browser.newContext({ locale: language, viewport: { width, height }, timezoneId: zone, hasTouch: width < 600, colorScheme: shade, reducedMotion: 'reduce' });
  context.setDefaultTimeout(Number(process.env.DESK_PATIENCE ?? 60_000));
  if (stranger) return context;
  const keeper = await context.newPage(); // keeps the process, which has the program
  await keeper.goto(`${address}/health/live`);
  const keeping = await context.newCDPSession(keeper);
  context.close = async () => {
    await Promise.all([context, ...context.pages()].map((routed) => routed.unrouteAll({ behavior: 'ignoreErrors' })));
    await Promise.all(context.pages().filter((page) => page !== keeper).map((page) => page.close()));
    context.removeAllListeners('request');
    await context.setOffline(false);
    await context.clearCookies();
    await keeping.send('Storage.clearDataForOrigin', { origin: new URL(address).origin, storageTypes: 'all' });
    waiting.set(key, [...(waiting.get(key) ?? []), context]);
  };
  return context;
}

export async function open(browser: Browser, look: Look): Promise<{ page: Page; context: BrowserContext; wrong: string[] }> {
  const context = await entered(browser, look);
  if (lag && !look.cut) await context.route('**/api/**', async (route) => {
    await aWhile();
    if (route.request().method() === 'GET') return route.fallback();
    const reply = await route.fetch();
    await aWhile();
    await route.fulfill({ response: reply });
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (e) => wrong.push(String(e)));
  // A refusal's status is logged by the browser itself; what the scripts say is what counts.
  page.on('console', (m) => { if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) wrong.push(m.text()); });
  const replies: string[] = [];
  page.on('response', (r) => replies.push(`${r.request().method()} ${new URL(r.url()).pathname} ${r.status()}`));
  page.on('requestfailed', (r) => replies.push(`${r.method()} ${new URL(r.url()).pathname} ${r.failure()?.errorText}`));
  onTestFailed(async () => {
    const text = await page.locator('body').innerText().catch(() => 'The page is closed.');
    console.log(`At ${page.url()} (${look.language}, ${look.width} px)\n${text}\n\n${replies.slice(-20).join('\n')}\n${wrong.join('\n')}`);
  });
  return { page, context, wrong };
}

export async function signIn(page: Page, who: string, at = ''): Promise<void> {
  const [name, password] = people[who]!;
  await page.goto(address + at);
  await sign(page, name, password);
}

/** Whom the desk has let in before: by which session. */
const sessions = new Map<string, Cookie[]>();

/** Somebody who signed in before comes back with the session that they have, as long as it lasts: for where the way in is not what is looked at. Nothing was pressed then. */
export async function enter(page: Page, who: string, at = ''): Promise<void> {
  const [name, password] = people[who]!;
  await page.context().addCookies(sessions.get(name) ?? []);
  await page.goto(address + at);
  await page.locator('.shell, #signInName').first().waitFor();
  if (await page.locator('#signInName').count()) await sign(page, name, password);
  sessions.set(name, await page.context().cookies(address));
}

/** From a screen that is there to another one, without loading the program anew; the same one is loaded. */
export async function goTo(page: Page, path: string): Promise<void> {
  if (new URL(page.url()).pathname === path.split('?')[0]) return void (await page.goto(address + path));
  // What is only on its way would be taken for the one that is gone to.
  await page.locator('main > :first-child:not(.waiting)').waitFor({ state: 'attached' });
  await page.evaluate((to) => {
    document.querySelector('main')?.firstElementChild?.setAttribute('data-left', '');
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await page.waitForFunction(() => !document.querySelector('main > [data-left]'));
}

async function sign(page: Page, name: string, password: string): Promise<void> {
  await page.locator('#signInName').fill(name);
  await page.locator('#password').fill(password);
  await page.locator('#password').press('Enter');
  await page.locator('.shell, [data-needs]').first().waitFor();
  if (await page.locator('[data-needs]').count()) await proven(page, name);
  await page.locator('.shell').waitFor();
}

/** Of each who has a second factor by now: what they wrote down for the day on which the telephone is lost. */
const recovery = new Map<string, string[]>();

/** Where a desk is no demo, managers and administrators have a second factor: enrolled at the first sign-in, given at each other. */
async function proven(page: Page, name: string): Promise<void> {
  const code = page.locator('[data-needs] [id$=_code]');
  const kept = recovery.get(name);
  if (kept) {
    await code.fill(kept.pop()!);
    return page.locator('[data-needs] button[data-act=give-factor]').click();
  }
  await page.locator('[data-act=begin-factor]').click();
  const secret = await page.locator('[data-part=factor-secret]').innerText();
  await code.fill(codeAt(secret, Math.floor(Date.now() / 30_000)));
  await page.locator('[data-needs] button[data-act=confirm-factor]').click();
  await page.locator('[data-act=codes-kept]').waitFor();
  recovery.set(name, await page.locator('[data-part=recovery-codes] code').allInnerTexts());
  await page.locator('[data-act=codes-kept]').click();
}

/** RFC 6238, as an authenticator app reckons it. */
export function codeAt(secret: string, step: number): string {
  const bits = [...secret.replaceAll(/[\s=]/g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((b) => Number.parseInt(b, 2)));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(time).digest();
  return String((mac.readUInt32BE(mac.at(-1)! & 15) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0');
}

/** What is open over the page. */
export const form = (page: Page) => page.locator('.ant-modal:visible, .ant-drawer:visible').first();

/** What may be done with a record, by its button or out of the menu. */
export async function move(page: Page, name: string): Promise<void> {
  await page.locator(`[data-part=moves] [data-move=${name}], [data-move=more]`).first().waitFor();
  const button = page.locator(`[data-part=moves] [data-move=${name}]`);
  if (await button.count()) return button.click();
  await page.locator('[data-move=more]').click();
  await page.locator(`[data-menu-id$="-${name}"]`).click();
}

/** The desk has put the hands into the form of a caller who was found. */
export const handed = (page: Page) => page.waitForFunction(() => document.activeElement?.matches('.homes input, #categoryId'));

/** What the page asks of that address waits until it is let go. */
export async function held(page: Page, address: RegExp, method = 'GET'): Promise<{ came: Promise<unknown>; letGo: () => void }> {
  let letGo = () => {};
  const gone = new Promise<void>((done) => { letGo = done; });
  const came = page.waitForRequest((r) => r.method() === method && address.test(r.url()));
  await page.route(address, async (route) => {
    if (route.request().method() === method) await gone;
    await route.fallback();
  });
  return { came, letGo };
}

/** The desk says no to it, whatever it would have said. */
export const refused = (page: Page, address: RegExp, method: string, status: number, code: string): Promise<unknown> =>
  page.route(address, (route) => (route.request().method() === method ? route.fulfill({ status, contentType: 'application/problem+json', json: { code, title: 'Not now.', status } }) : route.fallback()));

/** Whether such a thing has stood on the page since, however briefly. */
export async function everSeen(page: Page, selector: string): Promise<() => Promise<boolean>> {
  await page.evaluate((of) => {
    new MutationObserver((_, eyes) => {
      if (!document.querySelector(of)) return;
      document.documentElement.dataset.seen = 'yes';
      eyes.disconnect();
    }).observe(document, { childList: true, subtree: true, attributes: true });
  }, selector);
  return () => page.evaluate(() => document.documentElement.dataset.seen === 'yes');
}

/** Nothing sticks out to the side. */
export const overflow = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** What a thumb is to meet, and is less than 44 px high or wide. */
export const tooSmall = (page: Page, where: string, targets: string): Promise<string[]> =>
  page.evaluate(([path, met]) => [...document.querySelectorAll<HTMLElement>(met!)]
    .filter((e) => e.checkVisibility())
    .map((e) => ({ e, box: e.getBoundingClientRect() }))
    .filter(({ box }) => box.height < 44 || box.width < 44)
    .map(({ e, box }) => `${path}, too small for a thumb: ${e.tagName} ${e.getAttribute('name') ?? e.textContent} ${Math.round(box.width)}×${Math.round(box.height)}`), [where, targets]);

/** What is on its way is there: nothing turns any more. The stream of events keeps the network busy for ever. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => !document.querySelector('.ant-spin-spinning, .ant-spin-show, [aria-busy=true]'), undefined, { timeout: 60_000 });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  // What fades in is pale until it is there, and what folds up still is.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished)));
}

/** What it looked like: DESK_PICTURES names a folder for it. */
async function pictured(page: Page, where: string): Promise<void> {
  if (!process.env.DESK_PICTURES) return;
  const look = await page.evaluate(() => `${document.documentElement.lang}-${innerWidth}`);
  await page.screenshot({ path: join(process.env.DESK_PICTURES, `${look}-${where.replace(/[^a-z]+/gi, '-')}.png`) });
}

/** A form that is open. */
export const dialogs = '.ant-modal:visible, .ant-drawer-open:visible';

/** What axe finds that keeps somebody out, in words that lead to the place; whether something sticks out to the side, and what a field of a form has no room to say. Of a page that was looked at, what is open on it. */
export async function keptOut(page: Page, where: string, open = false): Promise<string[]> {
  await page.mouse.move(0, 0);
  await page.locator('.ant-btn-loading:visible').first().waitFor({ state: 'detached' }); // pale until what it sent is answered
  await pictured(page, where);
  // Of a long list the first few stand for all.
  if (!open) await page.evaluate(() => document.querySelectorAll<HTMLElement>('.orders > :nth-child(n+9), .ant-table-tbody > tr:nth-child(n+9), .shift:nth-child(n+6), .day:nth-child(n+3)').forEach((e) => { e.style.display = 'none'; }));
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate((within) => (window as unknown as { axe: typeof axe }).axe.run(within ? [...document.querySelectorAll(within)].findLast((e) => e.checkVisibility())! : document, { resultTypes: ['violations'], preload: false }), open ? '.ant-modal, .ant-drawer-open' : null);
  const found = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').flatMap((v) => v.nodes.map((n) => `${where} ${v.id}: ${n.target.join(' ')} ${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join('; ')}`));
  const cut = await page.evaluate(() => {
    const pen = document.createElement('canvas').getContext('2d')!;
    const room = (field: HTMLInputElement) => {
      const { font, paddingLeft, paddingRight } = getComputedStyle(field);
      pen.font = font;
      return field.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) - pen.measureText(field.placeholder).width;
    };
    return [...document.querySelectorAll<HTMLElement>('form input[placeholder], form .ant-select-placeholder')]
      .filter((e) => e.checkVisibility({ visibilityProperty: true }) && (e instanceof HTMLInputElement ? !e.value && room(e) < -1 : e.scrollWidth > e.clientWidth + 1))
      .map((e) => (e instanceof HTMLInputElement ? e.placeholder : e.innerText));
  });
  found.push(...cut.map((words) => `${where} has no room for “${words}”`));
  return (await overflow(page)) > 0 ? [...found, `${where} sticks out to the side`] : found;
}

/** By name, the sessions of those who have no page. */
const clients = new Map<string, Cookie[]>();

/** At another width: nothing is scrolled to the side or cut off, and no line of words is too long to find the next one. */
export async function fits(page: Page, where: string, width: number): Promise<string[]> {
  const before = page.viewportSize()!;
  await page.setViewportSize({ width, height: 900 });
  await settled(page);
  await pictured(page, where);
  const found = await page.evaluate((most) => {
    const all = [...document.querySelectorAll<HTMLElement>('header *, main *')].filter((e) => e.checkVisibility() && !e.closest('svg, .measured, .unseen, .ant-table-measure-row, .ant-select-dropdown'));
    const words = (e: HTMLElement) => `${e.tagName.toLowerCase()}.${String(e.className).replaceAll(' ', '.')} “${e.innerText.slice(0, 40)}”`;
    const found: string[] = [];
    for (const e of all) {
      const { overflowX } = getComputedStyle(e);
      // A table of a dozen figures may be moved where there is no room for it, with its first column standing.
      if (overflowX !== 'visible' && !(innerWidth < 1280 && e.closest('.figures')) && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1) found.push(`${overflowX === 'auto' || overflowX === 'scroll' ? 'is scrolled to the side' : 'is cut off'}: ${words(e)}`);
      for (const text of [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE && n.textContent!.length > 50)) {
        const line = document.createRange();
        line.selectNodeContents(text);
        if ([...line.getClientRects()].some((r) => r.width > most)) found.push(`runs on for ever: ${words(e)}`);
      }
    }
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push('sticks out to the side');
    return found;
  }, 1000);
  await page.setViewportSize(before);
  return found.map((what) => `${where} at ${width} px ${what}`);
}

/** As somebody without a mouse: with Tab from where the hands are to the first such thing. Whatever is passed looks different while they are on it; what does not is the answer. */
export async function tabTo(page: Page, wanted: string): Promise<string[]> {
  const unseen: string[] = [];
  for (let n = 0; n < 200; n++) {
    await page.keyboard.press('Tab');
    const [there, without] = await page.evaluate((selector) => {
      const look = (e: Element | null, up = 0): string => {
        if (!e || up > 5) return '';
        const s = getComputedStyle(e);
        return [s.outline, s.boxShadow, s.borderColor, s.backgroundColor, look(e.parentElement, up + 1)].join();
      };
      const hands = window as unknown as { on?: { e: Element; look: string } };
      const [was, now] = [hands.on, document.activeElement];
      hands.on = now && now !== document.body ? { e: now, look: look(now) } : undefined;
      const same = was && was.e !== now && was.e.checkVisibility() && look(was.e) === was.look;
      return [!!now?.matches(selector), same ? `the hands are not seen on ${was.e.outerHTML.slice(0, 200)}` : ''] as const;
    }, wanted);
    if (without) unseen.push(without);
    if (there) return unseen;
  }
  throw new Error(`Tab does not come to ${wanted}.`);
}

/** Where the hands are, once they are there. */
export const handsOn = (page: Page, wanted: string) => page.waitForFunction((selector) => document.activeElement?.matches(selector), wanted);

/** Somebody's own client, for what is not looked at here. */
export async function as(who: string): Promise<{ context: BrowserContext; get: <T>(path: string) => Promise<T>; post: <T>(path: string, body?: unknown) => Promise<T> }> {
  const context = await (await chromium()).newContext();
  const [signInName, password] = people[who]!;
  const call = async <T>(method: 'get' | 'post', path: string, data?: unknown) => {
    const reply = await context.request[method](address + path, { data });
    if (!reply.ok()) throw new Error(`${path}: ${reply.status()} ${await reply.text()}`);
    return (await reply.json()) as T;
  };
  if (clients.has(signInName)) await context.addCookies(clients.get(signInName)!);
  else await call('post', '/api/session', { signInName, password });
  clients.set(signInName, await context.cookies());
  return { context, get: (path) => call('get', path), post: (path, body = {}) => call('post', path, body) };
}

/** Large, and on its side: as a camera writes it. */
export async function picture(page: Page): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const data = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [2400, 1200];
    const pen = canvas.getContext('2d')!;
    pen.fillStyle = '#c00';
    pen.fillRect(0, 0, 1200, 1200);
    pen.fillStyle = '#00c';
    pen.fillRect(1200, 0, 1200, 1200);
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1]!;
  });
  const plain = Buffer.from(data, 'base64');
  // EXIF: orientation 6, that is, to be turned by a quarter to the right.
  const exif = Buffer.from('ffe10022' + '457869660000' + '4d4d002a00000008' + '0001' + '0112' + '0003' + '00000001' + '00060000' + '00000000', 'hex');
  return { name: '厨房.jpg', mimeType: 'image/jpeg', buffer: Buffer.concat([plain.subarray(0, 2), exif, plain.subarray(2)]) };
}

/** In which every screen is looked at. */
const looks: readonly Look[] = [{ language: 'zh-CN', width: 1440, shade: 'light' }, { language: 'en', width: 360, shade: 'dark' }];
export const named = looks.map((look) => [`${look.language}, ${look.width} px, ${look.shade}`, look] as const);

/** Words of the program, not of the data: in English there is no Chinese among them. */
export const mixed = (page: Page, where: string): Promise<string[]> =>
  page.evaluate((path) => document.documentElement.lang !== 'en' ? [] : [...document.querySelectorAll('nav a, button, th, legend, label:not(.ant-radio-wrapper, .ant-radio-button-wrapper), dt, .ant-segmented-item, .ant-tabs-tab')]
    .map((e) => (e as HTMLElement).innerText?.trim() ?? '').filter((words) => /\p{Script=Han}/u.test(words) && words !== '中文').map((words) => `${path} speaks two languages: ${words}`), where);
