import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, as, enter, form, launch, move, open, overflow } from './browser';
import type { Look } from './browser';

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

test.each<[Look['language'], number]>([['zh-CN', 1280], ['en', 360]])('Two people on one record see each other’s change, and a stale save shows both and loses nothing (%s, %i px)', async (language, width) => {
  const one = await open(browser, { language, width: 1280 });
  const record = `/requests/${await registered('first words')}`;
  await enter(one.page, 'clerk', record);
  await one.page.locator('[data-part=description]', { hasText: 'first words' }).waitFor();

  const other = await open(browser, { language, width });
  await enter(other.page, 'officer', record);
  await other.page.locator('[data-part=description]', { hasText: 'first words' }).waitFor();

  // One writes a note: the other reads it without doing anything.
  await move(one.page, 'note');
  await form(one.page).locator('[id$=_text]').fill('seen at once');
  await submit(one.page);
  await other.page.locator('[data-part=timeline]', { hasText: 'seen at once' }).waitFor();

  // Both open the form; one saves. The other is told, keeps what was typed, and is refused with both before their eyes.
  await move(other.page, 'amend');
  await form(other.page).locator('[id$=_description]').fill('words of the other');
  await move(one.page, 'amend');
  await form(one.page).locator('[id$=_description]').fill('words of the one');
  await submit(one.page);
  await one.page.locator('[data-part=description]', { hasText: 'words of the one' }).waitFor();
  await form(other.page).locator('[data-part=meanwhile]').waitFor();
  expect(await form(other.page).locator('[id$=_description]').inputValue()).toBe('words of the other');
  await submit(other.page);
  await form(other.page).locator('[data-part=theirs]', { hasText: 'words of the one' }).waitFor();
  await form(other.page).locator('[data-part=mine]', { hasText: 'words of the other' }).waitFor();
  expect(await overflow(other.page)).toBeLessThanOrEqual(0);
  expect(await one.page.locator('[data-part=description]').innerText()).toBe('words of the one');

  // Saved again it is on purpose, and the first one sees it.
  await submit(other.page);
  await one.page.locator('[data-part=description]', { hasText: 'words of the other' }).waitFor();

  // Closing and opening again, with the record changed in between, keeps what was typed as well.
  await move(other.page, 'amend');
  await form(other.page).locator('[id$=_description]').fill('typed and put away');
  await form(other.page).locator('.dialog-buttons button').first().click();
  await move(one.page, 'note');
  await form(one.page).locator('[id$=_text]').fill('in between');
  await submit(one.page);
  await other.page.locator('[data-part=timeline]', { hasText: 'in between' }).waitFor();
  await move(other.page, 'amend');
  expect(await form(other.page).locator('[id$=_description]').inputValue()).toBe('typed and put away');

  expect([...one.wrong, ...other.wrong]).toEqual([]);
  await one.context.close();
  await other.context.close();
});

test('A queue follows; two tabs of one browser share one stream; a session that ends says so at once', async () => {
  const desk = await open(browser, { language: 'en', width: 1280 });
  const stream = desk.page.waitForRequest((r) => new URL(r.url()).pathname === '/api/live');
  await enter(desk.page, 'clerk');
  await stream;
  const second = await desk.context.newPage();
  let streams = 0;
  for (const page of [desk.page, second]) page.on('request', (r) => { if (new URL(r.url()).pathname === '/api/live') streams += 1; });
  await second.goto(`${address}/queue`);
  await second.locator('[data-order]').first().waitFor();

  // Among thousands what a crew gave back stands where it is seen.
  const officer = await as('officer');
  const { workOrders } = await officer.post<{ workOrders: { workOrderId: string }[] }>(`/api/requests/${await registered('needs a crane')}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: 'shows up in the queue' }] });
  await officer.post(`/api/work-orders/${workOrders[0]!.workOrderId}/return`, { reason: 'we have none' });
  await second.locator('.order', { hasText: 'shows up in the queue' }).waitFor();
  expect(streams).toBe(0);

  await second.evaluate(() => fetch('/api/session', { method: 'DELETE' }));
  await desk.page.locator('.ant-modal:visible #password, .ant-modal:visible [id$=password]').first().waitFor();
  await desk.context.close();
  await officer.context.close();
});

/** Through the API, as somebody else's screen would: what is tried here is what others see of it. */
async function registered(description: string): Promise<string> {
  const officer = await as('officer');
  const [community] = await officer.get<{ communityId: string }[]>('/api/communities');
  const categories = await officer.get<{ categoryId: string; kind: string; code: string }[]>(`/api/communities/${community!.communityId}/categories`);
  const { requestId } = await officer.post<{ requestId: string }>('/api/requests', { communityId: community!.communityId, kind: 'repair', channel: 'phone', categoryId: categories.find((c) => c.kind === 'repair' && c.code === 'water')!.categoryId, description, reporter: { name: 'A. Nobody' } });
  await officer.context.close();
  return requestId;
}

const submit = (page: Page): Promise<void> => page.locator('.ant-modal:visible [data-act=submit], .ant-drawer:visible [data-act=submit]').click();
