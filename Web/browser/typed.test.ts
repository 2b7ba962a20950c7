import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, as, enter, everSeen, goTo, held, launch, move, open, refused } from './browser';

let browser: Browser;
let officer: Awaited<ReturnType<typeof as>>;
beforeAll(async () => {
  browser = await launch();
  officer = await as('officer');
});
afterAll(async () => {
  await officer?.context.close();
  await browser?.close();
});

test('Reading a record again fails while somebody types on it: the page stays, and the words with it; so they do when the session ends', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  const record = await opened(page, 'breaks off');
  await move(page, 'note');
  await form(page).locator('[id$=_text]').fill('half a sentence');

  let refused = 0;
  await page.route('**/api/requests/**', async (route) => {
    if (route.request().method() !== 'GET') return route.fallback();
    refused += 1;
    return route.fulfill({ status: 503, contentType: 'application/problem+json', json: { code: 'unexpected', title: 'Not now.', status: 503 } });
  });
  await officer.post(`/api/requests/${record}/notes`, { text: 'makes the page ask again', visibility: 'desk' });
  await expect.poll(() => refused).toBeGreaterThan(0);
  await page.locator('#main [data-code=unexpected]').first().waitFor();
  expect(await form(page).locator('[id$=_text]').inputValue()).toBe('half a sentence');

  await page.unroute('**/api/requests/**');
  await page.evaluate(() => fetch('/api/session', { method: 'DELETE' }));
  const again = page.locator('.ant-modal:visible', { has: page.locator('[id$=password]') });
  await again.locator('[id$=signInName]').fill(people('clerk')[0]);
  await again.locator('[id$=password]').fill(people('clerk')[1]);
  await again.locator('[id$=password]').press('Enter');
  await again.waitFor({ state: 'detached' });
  expect(await form(page).locator('[id$=_text]').inputValue()).toBe('half a sentence');
  await submit(page);
  await page.locator('[data-part=timeline]', { hasText: 'half a sentence' }).waitFor();
  await context.close();
});

test('What is refused although somebody is signed in asks nobody to sign in again: the desk says how it stands', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk');
  await registered('in the list');
  await page.locator('[data-part=register]').waitFor();
  const asked = await everSeen(page, '.ant-modal [id$=password]');
  // As what was asked before somebody signed in again, and is answered after it; the list beside a call is another one.
  const listOfRequests = /\/api\/requests\?.*take=50/;
  await refused(page, listOfRequests, 'GET', 401, 'session.needed');
  const session = page.waitForResponse((r) => r.request().method() === 'GET' && new URL(r.url()).pathname === '/api/session');
  await page.locator('nav a[href="/requests"]').first().click();

  expect((await session).status()).toBe(200);
  const retry = page.locator('main [data-code="session.needed"] button');
  await retry.waitFor();
  await page.unroute(listOfRequests);
  await retry.evaluateAll((there) => there.forEach((button) => (button as HTMLButtonElement).click())); // gone where what happened meanwhile made the list ask by itself
  await page.locator('main td a, main a.order').first().waitFor();
  expect(await asked()).toBe(false);
  expect(wrong).toEqual([]);
  await context.close();
});

test('While a move is on its way its form takes nothing; refused, the hands are where they were and go on', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  await opened(page, 'with both hands');
  await move(page, 'note');
  const words = form(page).locator('[id$=_text]');
  await words.fill('half');
  await refused(page, /\/notes$/, 'POST', 503, 'unexpected');
  const note = await held(page, /\/notes$/, 'POST');
  await words.press('Control+Enter');
  await note.came;
  await expect.poll(() => words.isDisabled()).toBe(true);

  note.letGo();
  await form(page).locator('[data-code=unexpected]').waitFor();
  await page.waitForFunction(() => document.activeElement?.id.endsWith('_text'));
  await page.keyboard.type(' a sentence');
  expect(await words.inputValue()).toBe('half a sentence');
  await context.close();
});

test('A move that somebody else takes away leaves the words that were typed for it', async () => {
  const { page, context, wrong } = await open(browser, { language: 'zh-CN', width: 1280 });
  const record = await opened(page, 'taken away');
  await move(page, 'cancel');
  await form(page).locator('[id$=_reason]').fill('打错了电话');

  await officer.post(`/api/requests/${record}/cancellation`, { outcome: 'withdrawn', reason: 'The caller rang again.', duplicateOfId: null });
  await form(page).locator('[data-part=gone]').waitFor();

  expect(await form(page).locator('[id$=_reason]').inputValue()).toBe('打错了电话');
  expect(await page.locator('[data-part=moves] [data-move=answer]').count()).toBe(0);
  expect(wrong).toEqual([]);
  await context.close();
});

test('Cancel, Escape and a reload keep what was typed, for this record alone, until it is sent or begun anew', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  const [one, other] = [await opened(page, 'one of two'), await registered('the other of two')];
  await move(page, 'note');
  await form(page).locator('[id$=_text]').fill('put away');
  await page.keyboard.press('Escape');
  await form(page).waitFor({ state: 'hidden' });

  await page.reload();
  await page.locator('[data-part=description]', { hasText: 'one of two' }).waitFor();
  await move(page, 'note');
  await form(page).locator('[data-part=begun]').waitFor();
  expect(await form(page).locator('[id$=_text]').inputValue()).toBe('put away');

  await go(page, other, 'the other of two');
  await move(page, 'note');
  expect(await form(page).locator('[id$=_text]').inputValue()).toBe('');

  // Sent, the answer lost, the page loaded anew, sent again: it stands there once.
  await go(page, one, 'one of two');
  await move(page, 'note');
  await page.route('**/notes', async (route) => {
    await route.fetch();
    await route.abort('connectionreset');
  }, { times: 1 });
  await submit(page);
  await form(page).locator('[data-code="network.unreachable"]').waitFor();
  await page.reload();
  await page.locator('[data-part=description]', { hasText: 'one of two' }).waitFor();
  await move(page, 'note');
  await form(page).locator('[data-part=begun]').waitFor();
  await submit(page);
  await form(page).waitFor({ state: 'hidden' });
  const notes = (await officer.get<{ items: { text: string | null }[] }>(`/api/requests/${one}/timeline`)).items.filter((e) => e.text === 'put away');
  expect(notes).toHaveLength(1);

  // Begun anew it is empty, and stays so.
  await move(page, 'note');
  await form(page).locator('[id$=_text]').fill('second thoughts');
  await form(page).locator('.dialog-buttons button').first().click();
  await form(page).waitFor({ state: 'hidden' });
  await move(page, 'note');
  await form(page).locator('[data-act=start-over]').click();
  expect(await form(page).locator('[id$=_text]').inputValue()).toBe('');
  await page.reload();
  await page.locator('[data-part=description]', { hasText: 'one of two' }).waitFor();
  await move(page, 'note');
  expect(await form(page).locator('[id$=_text]').inputValue()).toBe('');
  expect(wrong).toEqual([]);
  await context.close();
});

test('A call whose answer was lost and whose page was loaded anew is one request, with the description as it was corrected', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk');
  await page.locator('#callerName').fill('A. Nobody');
  await page.locator('#categoryId').click();
  await page.locator('#categoryId').fill('Leaking pipe');
  await page.keyboard.press('Enter');
  await page.locator('[data-part=ahead]').waitFor();
  await page.locator('#description').fill('Lost and loaded anew');
  let made: string | undefined;
  await page.route('**/api/requests', async (route) => {
    if (route.request().method() !== 'POST' || made) return route.fallback();
    made = ((await (await route.fetch()).json()) as { requestId: string }).requestId;
    await route.abort('connectionreset');
  });
  await page.locator('#description').press('Control+Enter');
  await page.locator('[data-code="network.unreachable"]').waitFor();

  await page.reload();
  await expect.poll(() => page.locator('#description').inputValue()).toBe('Lost and loaded anew');
  await page.locator('#description').fill('Lost and loaded anew, corrected');
  await page.locator('#description').press('Control+Enter');
  await page.locator('[data-act=open-saved]').click();
  await page.locator('[data-part=description]', { hasText: 'corrected' }).waitFor();

  expect(page.url()).toContain(made);
  const { items } = await officer.get<{ items: { description: string }[] }>('/api/requests?take=200');
  expect(items.filter((r) => r.description.startsWith('Lost and loaded anew'))).toHaveLength(1);
  await context.close();
});

test('A fault that a colleague changed keeps both; on its page it is expected, sent out, joined, left and ended', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  const { communityId, categoryId } = await water();
  const { places } = await officer.get<{ places: { placeId: string }[] }>(`/api/search?q=3-2-1501&communityId=${communityId}`);
  const { faultId } = await officer.post<{ faultId: string }>('/api/faults', { communityId, title: 'No water', categoryId, placeId: places[0]!.placeId });
  await enter(page, 'clerk', `/faults/${faultId}`);
  await page.locator('[data-move=amend]').click();
  await form(page).locator('[id$=_title]').fill('No water in two buildings');

  const now = await officer.get<{ fault: { version: number } }>(`/api/faults/${faultId}`);
  await officer.context.request.patch(`${address}/api/faults/${faultId}`, { data: { title: 'No water since noon', categoryId, version: now.fault.version } });
  await form(page).locator('[data-part=meanwhile]').waitFor();
  expect(await form(page).locator('[id$=_title]').inputValue()).toBe('No water in two buildings');
  await submit(page);
  await form(page).locator('[data-part=theirs]', { hasText: 'No water since noon' }).waitFor();
  await form(page).locator('[data-part=mine]', { hasText: 'No water in two buildings' }).waitFor();
  await submit(page);
  await page.locator('h1', { hasText: 'No water in two buildings' }).waitFor();

  // Until when it is expected to last, on the community's wall.
  const until = new Date((Math.floor(Date.now() / 60_000) + 180) * 60_000);
  await page.locator('[data-move=expect]').click();
  await form(page).locator('[id$=_expectedAt]').fill(until.toLocaleString('sv', { timeZone: 'Asia/Shanghai' }).slice(0, 16));
  await form(page).locator('[id$=_expectedAt]').press('Enter');
  await submit(page);
  const expected = page.locator('[data-part=fault] .facts dd').first().locator('time');
  await expected.waitFor();
  expect(Date.parse((await expected.getAttribute('datetime'))!)).toBe(until.getTime());

  // Who reported something else goes their own way; for whom it is not fixed, with their words.
  const joined = [await registered('only ours is dry'), await registered('still dry here')];
  for (const requestId of joined) await officer.post(`/api/faults/${faultId}/requests`, { requestId });
  await page.reload();
  const line = (requestId: string) => page.locator('.lines li', { has: page.locator(`a[href="/requests/${requestId}"]`) });
  await line(joined[0]!).locator('[data-act=un-join]').click();
  await form(page).locator('[id$=_reason]').fill('A tap of their own');
  await submit(page);
  await line(joined[0]!).locator('[data-act=un-join]').waitFor({ state: 'detached' });
  await line(joined[0]!).locator('.ant-tag').nth(1).waitFor();
  await officer.post(`/api/requests/${joined[1]}/answer`, { kind: 'explained', text: 'The pump was mended' });
  await page.reload();
  await line(joined[1]!).locator('[data-act=split-off]').click();
  await form(page).locator('[id$=_saidBy]').fill('A. Nobody');
  await form(page).locator('[id$=_words]').fill('Not a drop yet');
  await submit(page); // no crew has done anything for it: the desk has it again
  await line(joined[1]!).locator('[data-act=split-off]').waitFor({ state: 'detached' });
  await form(page).waitFor({ state: 'hidden' });

  // Sent out to the crew of its category, then to another one after all: whom the form named of the first is named no more.
  const option = page.locator('.ant-select-dropdown:visible .ant-select-item-option');
  const team = form(page).locator('.ant-select:has([id$=_teamId])');
  await page.locator('[data-move=dispatch]').click();
  expect(await form(page).locator('.ant-radio-button-wrapper-checked').innerText()).toBe('Engineering');
  await team.click();
  await option.filter({ hasText: 'Engineering team' }).click();
  await team.filter({ hasText: 'Engineering team' }).waitFor();
  await form(page).locator('.ant-radio-button-wrapper', { hasText: 'Environment' }).click();
  await team.filter({ hasNotText: 'Engineering team' }).waitFor();
  await form(page).locator('[id$=_whatToDo]').fill('Bring water to the door');
  await submit(page);
  await page.locator('[data-part=order]', { hasText: 'Bring water to the door' }).filter({ hasText: 'Environment team' }).waitFor();
  const { workOrders } = await officer.get<{ workOrders: { workOrderId: string; crew: string; whatToDo: string }[] }>(`/api/faults/${faultId}`);
  expect(workOrders.map((o) => [o.crew, o.whatToDo])).toEqual([['environment', 'Bring water to the door']]);

  // It is not over while somebody is on the way; nor without a word to those for whom nobody was sent.
  await page.locator('[data-move=end]').click();
  await form(page).locator('[id$=_words]').fill('The pump was mended');
  await submit(page);
  await form(page).locator('[data-code="fault.open_orders"]').waitFor();
  await form(page).locator('.dialog-buttons button').first().click();
  await form(page).waitFor({ state: 'hidden' });
  await officer.post(`/api/work-orders/${workOrders[0]!.workOrderId}/voiding`, { reason: 'The water is back' });

  const { request } = await officer.get<{ request: { number: number } }>(`/api/requests/${joined[0]}`);
  const find = async () => {
    await page.locator('[data-move=join]').click();
    await form(page).locator('[id$=_requestId]').fill(String(request.number));
    await option.filter({ hasText: 'only ours is dry' }).waitFor();
  };
  await find();
  await option.filter({ hasText: 'only ours is dry' }).click();
  await submit(page);
  await line(joined[0]!).locator('[data-act=un-join]').waitFor();
  await find();
  await page.locator('.ant-select-item-option-disabled:visible', { hasText: 'joined already' }).waitFor();
  await form(page).locator('.ant-modal-title').click(); // the list shuts
  await form(page).locator('.dialog-buttons button').first().click();
  await form(page).waitFor({ state: 'hidden' });

  await page.locator('[data-move=end]').click();
  await form(page).locator('p', { hasText: 'nobody was sent for: 1' }).waitFor();
  await form(page).locator('[id$=_words]').fill('');
  await submit(page);
  await form(page).locator('.ant-form-item-explain-error').waitFor();
  await form(page).locator('[id$=_words]').fill('The pump was mended');
  await submit(page);
  await page.locator('h1 + .ant-tag', { hasText: 'Ended' }).waitFor();
  await page.locator('[data-move=end]').waitFor({ state: 'detached' });
  const answered = await officer.get<{ items: { what: string; text: string | null }[] }>(`/api/requests/${joined[0]}/timeline`);
  expect(answered.items.filter((e) => e.what === 'requestAnswered').map((e) => e.text)).toEqual(['The pump was mended']);
  expect(wrong).toEqual([]);
  await context.close();
});

test('Each row of a list tells its own community’s time', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await registered('in two zones');
  const at = '2026-03-02T01:30:00Z';
  const elsewhere = '00000000-0000-7000-8000-000000000001';
  await page.route('**/api/communities', async (route) => {
    const [first] = (await (await route.fetch()).json()) as object[];
    await route.fulfill({ json: [first, { ...first, communityId: elsewhere, timeZone: 'America/New_York' }] });
  });
  await page.route(/\/api\/requests\?.*status=received/, async (route) => {
    const { items } = (await (await route.fetch()).json()) as { items: object[] };
    const here = { ...items[0], dueAt: at, lateClock: null, lateSince: null };
    await route.fulfill({ json: { items: [here, { ...here, requestId: elsewhere, communityId: elsewhere }], next: null } });
  });
  await enter(page, 'clerk', '/queue');
  const [here, there] = [page.locator('.order time').nth(0), page.locator('.order time').nth(1)];
  await there.waitFor();
  await expect.poll(() => here.innerText()).toContain('09:30');
  await expect.poll(() => there.innerText()).toContain('20:30');
  expect(wrong).toEqual([]);
  await context.close();
});

test('A part of the client that an upgrade took away comes with a new page, and what was typed is still there', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk');
  await page.locator('#description').fill('before the upgrade');
  await page.waitForFunction(() => Object.keys(localStorage).some((k) => localStorage.getItem(k)?.includes('before the upgrade')));
  let gone = true;
  await page.route(/\/assets\/FaultsScreen-/, (route) => (gone ? route.abort() : route.fallback()));
  page.on('request', (r) => { if (r.method() === 'HEAD') gone = false; });
  await goTo(page, '/faults');

  await page.locator('h1', { hasText: 'Faults' }).waitFor();
  expect(gone).toBe(false);
  await goTo(page, '/desk');
  await expect.poll(() => page.locator('#description').inputValue()).toBe('before the upgrade');
  await context.close();
});

const people = (who: string): [string, string] => (JSON.parse(process.env.DESK_PEOPLE ?? '{}') as Record<string, [string, string]>)[who]!;

/** Of the first community: where leaks are registered. */
async function water(): Promise<{ communityId: string; categoryId: string }> {
  const [community] = await officer.get<{ communityId: string }[]>('/api/communities');
  const categories = await officer.get<{ categoryId: string; kind: string; code: string }[]>(`/api/communities/${community!.communityId}/categories`);
  return { communityId: community!.communityId, categoryId: categories.find((c) => c.kind === 'repair' && c.code === 'water')!.categoryId };
}

/** As somebody else's screen would: what is tried here is what happens on the one that is looked at. */
async function registered(description: string): Promise<string> {
  const { communityId, categoryId } = await water();
  return (await officer.post<{ requestId: string }>('/api/requests', { communityId, kind: 'repair', channel: 'phone', categoryId, description, reporter: { name: 'A. Nobody' } })).requestId;
}

/** A clerk looks at what somebody else registered just now. */
async function opened(page: Page, description: string): Promise<string> {
  const record = await registered(description);
  await enter(page, 'clerk', `/requests/${record}`);
  await page.locator('[data-part=description]', { hasText: description }).waitFor();
  return record;
}

async function go(page: Page, record: string, description: string): Promise<void> {
  await page.goto(`${address}/requests/${record}`);
  await page.locator('[data-part=description]', { hasText: description }).waitFor();
}

const form = (page: Page) => page.locator('.ant-modal:visible').first();

const submit = (page: Page): Promise<void> => form(page).locator('[data-act=submit]').click();
