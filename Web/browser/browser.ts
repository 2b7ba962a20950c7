import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { onTestFailed } from 'vitest';

export const address = process.env.DESK_URL ?? 'http://127.0.0.1:5080';

export const people: Record<string, [string, string]> = JSON.parse(process.env.DESK_PEOPLE ?? '{}');

/** Debian's Chromium, which talks to nobody but the desk. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.DESK_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  });

export interface Look {
  language: 'zh-CN' | 'en';
  width: number;
  height?: number;
}

export async function open(browser: Browser, look: Look): Promise<{ page: Page; context: BrowserContext; wrong: string[] }> {
  const context = await browser.newContext({ locale: look.language, viewport: { width: look.width, height: look.height ?? (look.width < 600 ? 780 : 900) }, timezoneId: 'Asia/Shanghai', hasTouch: look.width < 600 });
  context.setDefaultTimeout(Number(process.env.DESK_PATIENCE ?? 30_000));
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

export async function signIn(page: Page, who: string): Promise<void> {
  const [name, password] = people[who]!;
  await page.goto(address);
  await sign(page, name, password);
}

async function sign(page: Page, name: string, password: string): Promise<void> {
  await page.locator('#signInName').fill(name);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('.shell').waitFor();
}

/** Nothing sticks out to the side. */
export const overflow = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
