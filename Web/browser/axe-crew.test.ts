import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, as, enter, keptOut, launch, mixed, named, open, picture, tooSmall } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
  // One at least that nobody has claimed.
  const clerk = await as('clerk');
  const [community] = await clerk.get<{ communityId: string }[]>('/api/communities');
  const categories = await clerk.get<{ categoryId: string; kind: string; code: string }[]>(`/api/communities/${community!.communityId}/categories`);
  const { requestId } = await clerk.post<{ requestId: string }>('/api/requests', { communityId: community!.communityId, kind: 'repair', channel: 'phone', categoryId: categories.find((c) => c.kind === 'repair' && c.code === 'water')!.categoryId, description: 'the tap drips', reporter: { name: 'A. Nobody' } });
  await clerk.post(`/api/requests/${requestId}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: 'mend the tap' }] });
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
  out.push(...(await keptOut(page, 'orders')), ...(await mixed(page, 'orders')), ...(await small(page, 'orders')));
  await page.locator('[data-act=menu]').click();
  out.push(...(await keptOut(page, 'menu')), ...(await small(page, 'menu')));
  await page.locator('[data-act=close]').click();
  await page.locator('[data-list=pool]').click();
  await page.locator('[data-order]').first().click();
  await page.locator('[data-part=moves]').waitFor();
  const photo = await picture(page);
  await context.setOffline(true);
  await page.locator('[data-act=attach]').setInputFiles(photo);
  await page.locator('[data-action=attach][data-state=pending]').waitFor();
  out.push(...(await keptOut(page, 'order')), ...(await mixed(page, 'order')), ...(await small(page, 'order')));
  for (const form of ['transfer', 'return']) {
    await page.locator('[data-move=more]').click();
    out.push(...(await keptOut(page, 'more')), ...(await small(page, 'more')));
    await page.locator(`dialog [data-move=${form}]`).click();
    await page.locator('dialog [data-act=submit]').waitFor();
    out.push(...(await keptOut(page, form)), ...(await mixed(page, form)), ...(await small(page, form)));
    await page.locator('dialog [data-act=close]').click();
  }
  await page.locator('[data-part=strip]').click();
  await page.locator('[data-act=send-now]').waitFor();
  out.push(...(await keptOut(page, 'sent')), ...(await mixed(page, 'sent')));

  expect(out).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});
