import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, as, enter, keptOut, launch, mixed, named, open, picture, tooSmall } from './browser';

let browser: Browser;
let order: string;
beforeAll(async () => {
  browser = await launch();
  // One at least that nobody has claimed; what it costs is to be agreed on.
  const clerk = await as('clerk');
  const [community] = await clerk.get<{ communityId: string }[]>('/api/communities');
  const categories = await clerk.get<{ categoryId: string; kind: string; code: string }[]>(`/api/communities/${community!.communityId}/categories`);
  const { requestId } = await clerk.post<{ requestId: string }>('/api/requests', { communityId: community!.communityId, kind: 'repair', channel: 'phone', categoryId: categories.find((c) => c.kind === 'repair' && c.code === 'water')!.categoryId, description: 'the tap drips', reporter: { name: 'A. Nobody' } });
  const { workOrders } = await clerk.post<{ workOrders: { workOrderId: string; number: number }[] }>(`/api/requests/${requestId}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: 'mend the tap', payer: 'owner' }] });
  order = String(workOrders[0]!.number);
  await clerk.post(`/api/work-orders/${workOrders[0]!.workOrderId}/quotes`, { lines: [{ name: 'A tap', quantity: 1, unit: 'pc', unitPrice: 168 }] });
  await clerk.post(`/api/requests/${requestId}/urges`);
  await clerk.context.close();
});
afterAll(async () => { await browser?.close(); });

/** A radio button or a file's input is met on its label. */
const thumbs = 'a, button, select, textarea, summary, .choices label, label.button, input:not([type=hidden], [type=radio], [type=file])';

const small = (page: Page, where: string) => tooSmall(page, where, thumbs);

test.each(named.map(([name, look]) => [name, { ...look, width: look.width > 600 ? 800 : 360 }] as const))('Nobody of a crew is kept out of its pages, and a thumb meets all that is on them (%s)', async (_, look) => {
  const { page, context, wrong } = await open(browser, look);
  await page.goto(`${address}/crew`);
  await page.locator('#signInName').waitFor();
  const out = await keptOut(page, 'crew sign-in');
  await enter(page, 'lead');
  await page.locator('[data-order]').first().waitFor();
  const seen = new Set<string>();
  const looked = async (where: string) => {
    seen.add(new URL(page.url()).pathname.replace(/^(\/work-orders\/).+$/, '$1'));
    out.push(...(await keptOut(page, where)), ...(await mixed(page, where)), ...(await small(page, where)));
  };
  await looked('orders');
  await page.locator('[data-act=menu]').click();
  await looked('menu');
  await page.evaluate(() => document.documentElement.setAttribute('data-loaded-once', ''));
  await page.locator('dialog a[href="/crew/told"]').click();
  await page.locator('html[data-loaded-once] [data-part=told]').first().waitFor();
  await looked('told');
  await page.locator('[data-act=back]').click();
  await page.locator('[data-list=pool]').click();
  await page.locator('[data-list=pool][aria-current]').waitFor();
  await page.locator(`[data-order="${order}"]`).click();
  await page.locator('[data-part=moves]').waitFor();
  const sheet = async (move: string, grows: readonly string[], behind = false) => {
    if (behind) await page.locator('[data-move=more]').click();
    await page.locator(`[data-move=${move}]`).click();
    const form = page.locator(`dialog[data-part=form-${move}]`);
    for (const part of grows) await form.locator(part).first().click();
    await form.locator('[data-act=submit]').waitFor();
    await looked(move);
    await form.locator('[data-act=close]').click();
  };
  await page.locator('[data-move=more]').click();
  await looked('more');
  await page.locator('dialog [data-act=close]').click();
  for (const move of ['assign', 'transfer']) await sheet(move, ['.choices input'], true);
  await sheet('return', [], true);

  const photo = await picture(page);
  await context.setOffline(true);
  await page.locator('[data-act=attach]').setInputFiles(photo);
  await page.locator('[data-action=attach][data-state=pending]').waitFor();
  await looked('order');
  for (const move of ['claim', 'arrive']) await page.locator(`[data-move=${move}]`).click();
  await sheet('complete', ['[data-act=add-material]']);
  await sheet('hold', ['input[value=customer]', 'input[value=call]']);
  await sheet('quote', ['[data-act=add-line]'], true);
  await sheet('consent', ['input[value=yes]']);
  await page.locator('[data-part=strip]').click();
  await page.locator('[data-act=send-now]').waitFor();
  await looked('sent');

  const client = readFileSync(join(import.meta.dirname, '../src/crew/CrewApp.tsx'), 'utf8');
  const pages = [...client.matchAll(/\bpath === '(\/crew\/[^']+)'/g)].map((m) => m[1]!);
  expect([...seen].sort()).toEqual(['/crew', ...pages, '/work-orders/'].sort());
  expect(out).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});
