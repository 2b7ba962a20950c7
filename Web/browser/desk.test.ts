import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, enter, goTo, handed, held, launch, mixed, open, overflow, refused, settled } from './browser';
import type { Look } from './browser';

/** A customer with two homes, who shares the last digits of their number with two others; see Tests/Browser. */
const caller: { digits: string; phone: string; name: string; home: string } = JSON.parse(process.env.DESK_TWO_HOMES ?? '{"digits":"6688","phone":"13900136688","name":"韩梅梅","home":"3-2-1502"}');

/** Only against a desk that has these people. */
const test = always.skipIf(!process.env.DESK_TWO_HOMES);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

/** Hands on a keyboard that counts: every key that goes down, Ctrl and Shift too. */
class Hands {
  pressed = 0;
  constructor(readonly page: Page) {}

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.pressed += key.split('+').length;
      await this.page.keyboard.press(key);
    }
  }

  type = (text: string) => this.press(...text);
}

const saved = (page: Page) => page.waitForResponse((r) => r.request().method() === 'POST' && new URL(r.url()).pathname === '/api/requests');

/** Where the hands are: the field that has the focus. */
const focused = (page: Page, field: string) => page.waitForFunction((id) => document.activeElement?.id === id, field);

test.each<[Look['language'], string, string, string]>([['zh-CN', 'sgls', '水管漏水', '厨房水管又在漏水'], ['en', 'leak', 'Leaking pipe', 'The kitchen pipe is leaking again']])(
  'A known caller’s repair takes at most 25 key presses and no mouse (%s)',
  async (language, category, called, description) => {
    const { page, context, wrong } = await open(browser, { language, width: 1280 });
    await enter(page, 'clerk', '/desk');
    await page.waitForFunction(() => (document.activeElement as HTMLElement)?.dataset.field === 'search');
    const hands = new Hands(page);

    await hands.type(caller.digits);
    await page.waitForFunction((digits) => document.querySelectorAll('[data-part=results][aria-busy=false] [role=option] strong').length === 3 && (document.querySelector('[data-field=search]') as HTMLInputElement).value === digits, caller.digits);
    // Their order is not the clerk's to know: down to the one that is meant.
    const names = await page.locator('[data-part=results] [role=option] strong').allInnerTexts();
    for (let n = 0; n < names.indexOf(caller.name); n++) await hands.press('ArrowDown');
    await hands.press('Enter');
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement)?.type === 'radio');
    // Two homes: the other one.
    const homes = await page.locator('.homes label').allInnerTexts();
    expect(homes).toHaveLength(3);
    if ((await page.locator('.homes label:has(input:checked)').innerText()) === homes[0]) {
      await hands.press('ArrowDown');
      await page.waitForFunction((before) => (document.querySelector('.homes label:has(input:checked)') as HTMLElement).innerText !== before, homes[0]!);
    }
    await hands.press('Tab');
    await focused(page, 'categoryId');
    await hands.type(category);
    await hands.press('Enter');
    await focused(page, 'description');
    await page.locator('[data-part=ahead] time').first().waitFor();
    await page.keyboard.type(description);
    const [reply] = await Promise.all([saved(page), hands.press('Control+Enter')]);

    expect(reply.status()).toBe(201);
    // Of this caller, in the other home, of the category that was meant.
    const { requestId } = (await reply.json()) as { requestId: string };
    const { request } = (await (await page.request.get(`${address}/api/requests/${requestId}`)).json()) as { request: Record<string, string> };
    expect([request.customerName, request.placeName, language === 'en' ? request.categoryNameEn : request.categoryName, request.kind, request.description]).toEqual([caller.name, homes[1], called, 'repair', description]);
    console.log(`${language}: ${hands.pressed} key presses`);
    expect(hands.pressed).toBeLessThanOrEqual(25);
    // And the next call may come.
    await page.waitForFunction(() => (document.activeElement as HTMLElement)?.dataset.field === 'search');
    expect(wrong).toEqual([]);
    await context.close();
  },
);

test('The Enter that confirms a pinyin candidate saves nothing', async () => {
  const { page, context } = await open(browser, { language: 'zh-CN', width: 1280 });
  await enter(page, 'clerk');
  let calls = 0;
  page.on('request', (r) => { if (r.method() === 'POST' && new URL(r.url()).pathname === '/api/requests') calls++; });
  await category(page, 'sgls');
  await page.locator('#description').focus();
  const keyboard = await context.newCDPSession(page);
  await keyboard.send('Input.imeSetComposition', { text: 'loushui', selectionStart: 7, selectionEnd: 7 });

  // Ctrl is held by mistake, as when one candidate after the other is confirmed in a hurry.
  for (const modifiers of [0, 2]) {
    await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, modifiers });
    await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, modifiers });
  }
  await keyboard.send('Input.insertText', { text: '漏水' });
  expect(await page.locator('#description').inputValue()).toBe('漏水');
  // Enter in a field of one line saves nothing either.
  await page.locator('#callerName').fill('张三');
  await page.keyboard.press('Enter');
  expect(calls).toBe(0);

  const [reply] = await Promise.all([saved(page), page.locator('#description').press('Control+Enter')]);
  expect(reply.status()).toBe(201);
  await context.close();
});

test('A telephone system opens the desk on the caller, known or not; of a number that several share the clerk says who it is; a name and its initials find them, too', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk', `/desk?phone=${encodeURIComponent(caller.phone)}`);
  await page.locator('[data-part=card]', { hasText: caller.name }).waitFor();

  await page.goto(`${address}/desk?phone=13712345678`);
  await page.locator('[data-part=unknown-number]').waitFor();
  expect(await page.locator('#callerPhone').inputValue()).toBe('13712345678');
  await focused(page, 'callerName');

  const shared = '13712345680';
  const family = ['欧阳璐', '欧阳珮'];
  const [community] = (await (await page.request.get(`${address}/api/communities`)).json()) as { communityId: string }[];
  for (const name of family) expect((await page.request.post(`${address}/api/customers`, { data: { communityId: community!.communityId, name, contactPoints: [{ kind: 'phone', value: shared }] } })).status()).toBe(201);
  const found = page.locator('[data-part=results] [role=option] strong');
  const foundFor = (typed: string) => page.waitForFunction((words) => !!document.querySelector('[data-part=results][aria-busy=false] [role=option]') && (document.querySelector('[data-field=search]') as HTMLInputElement).value === words, typed);
  await page.goto(`${address}/desk?phone=${shared}`);
  await foundFor(shared);
  const sharing = await found.allInnerTexts();
  expect(sharing.toSorted()).toEqual(family.toSorted());
  expect([await page.locator('[data-part=card]').count(), await page.locator('[data-part=unknown-number]').count()]).toEqual([0, 0]);
  const box = page.locator('[data-field=search]');
  await box.press('ArrowDown');
  await box.press('Enter');
  await page.locator('[data-part=card]', { hasText: sharing[1] }).waitFor();

  for (const [typed, names] of [['欧阳', family], [family[0]!, [family[0]!]], ['oyp', [family[1]!]]] as const) {
    await box.fill(typed);
    await foundFor(typed);
    expect([typed, (await found.allInnerTexts()).toSorted()]).toEqual([typed, [...names].toSorted()]);
  }
  await box.press('Enter');
  await page.locator('[data-part=card]', { hasText: family[1] }).waitFor();
  await context.close();
});

test('Beside a call stands what the desk must know of the caller; the number of their request opens it from the one box', async () => {
  const { page, context, wrong } = await open(browser, { language: 'zh-CN', width: 1280 });
  await enter(page, 'clerk');
  const listed = await page.request.get(`${address}/api/requests?priority=danger&status=received`);
  const request = ((await listed.json()) as { items: { requestId: string; number: number; customerId: string; customerName: string }[] }).items.find((r) => r.customerName === '王小明')!;
  const promised = await page.request.post(`${address}/api/requests/${request.requestId}/promises`, { data: { text: '明天有人上门', dueAt: new Date(Date.now() + 86_400_000).toISOString() } });
  expect(promised.status()).toBe(201);

  await page.goto(`${address}/desk?customer=${request.customerId}`);
  const card = page.locator('[data-part=card]', { hasText: '王小明' });
  await card.locator('a', { hasText: '明天有人上门' }).locator('time').waitFor();
  await card.locator('a[href^="/faults/"]', { hasText: '3栋停水' }).waitFor();
  await card.locator('.ant-tag', { hasText: /^2 \/ 5$/ }).first().waitFor();
  expect(digitsOf(await card.locator(`a[href="/requests/${request.requestId}"] .number`).innerText())).toBe(String(request.number));
  expect(await card.innerText()).toContain(caller.name); // who lives with them

  await page.locator('[data-field=search]').fill(String(request.number));
  await page.locator('[data-part=results][aria-busy=false]').waitFor();
  // There may be telephone numbers that end like it.
  const found = await page.locator('[data-part=results] [role=option]').allInnerTexts();
  const at = found.findIndex((words) => digitsOf(words).includes(String(request.number)));
  expect(at).toBeGreaterThanOrEqual(0);
  for (let n = 0; n < at; n++) await page.locator('[data-field=search]').press('ArrowDown');
  await page.locator('[data-field=search]').press('Enter');
  await page.waitForURL(`**/requests/${request.requestId}`);
  await expect.poll(async () => digitsOf(await page.locator('main h1.number').innerText())).toMatch(new RegExp(`\\D${request.number}$`));
  expect(wrong).toEqual([]);
  await context.close();
});

test('Whoever changes the language or the shade loses nothing that was typed; both stay over a reload, and so does what a list was narrowed to', async () => {
  const { page, context, wrong } = await open(browser, { language: 'zh-CN', width: 1280 });
  const look = () => page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.shade]);
  await enter(page, 'clerk', '/desk');
  await page.locator('#description').fill('Half a sentence');
  expect([await look(), await page.locator('nav').innerText()]).toEqual([['zh-CN', 'light'], expect.stringMatching(/\p{Script=Han}/u)]);

  await page.locator('[data-act=language]').click();
  await expect.poll(look).toEqual(['en', 'light']);
  await expect.poll(() => mixed(page, '/desk')).toEqual([]);
  await page.locator('[data-act=shade]').click();
  await expect.poll(look).toEqual(['en', 'dark']);
  expect(await page.locator('#description').inputValue()).toBe('Half a sentence');

  await goTo(page, '/requests');
  await page.locator('.counts button').nth(1).click();
  await page.waitForURL((u) => u.searchParams.get('status') === 'received');
  await page.reload();
  const pressed = page.locator('.counts button[aria-pressed=true]');
  await pressed.waitFor();
  const [status] = (await pressed.innerText()).split(/\s*\d/);
  const listed = page.locator('.ant-table-row td:nth-child(2)');
  await listed.first().waitFor();
  expect([...new Set(await listed.allInnerTexts())]).toEqual([status]);
  expect([await look(), await mixed(page, '/requests')]).toEqual([['en', 'dark'], []]);
  expect(wrong).toEqual([]);
  await context.close();
});

test('What was typed survives a reload and another call, and is gone once it is saved or its writer has left', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk', `/desk?phone=${encodeURIComponent(caller.phone)}`);
  await page.locator('[data-part=card]', { hasText: caller.name }).waitFor();
  await handed(page);
  await category(page, 'leak');
  await page.locator('#description').fill('Half of a sent');
  await page.waitForFunction(() => Object.keys(localStorage).some((k) => localStorage.getItem(k)?.includes('Half of a sent')));
  await page.reload();
  await page.waitForFunction(() => (document.querySelector('#description') as HTMLTextAreaElement)?.value === 'Half of a sent');
  await page.locator('[data-part=card]', { hasText: caller.name }).waitFor();
  await page.locator('[data-part=ahead]').waitFor();

  await page.goto(`${address}/desk?phone=13712345678`);
  await page.locator('[data-part=drafts]', { hasText: 'Half of a sent' }).waitFor();
  expect(await page.locator('#description').inputValue()).toBe('');
  await page.locator('[data-act=resume]').click();
  await page.locator('[data-part=card]', { hasText: caller.name }).waitFor();
  expect(await page.locator('#description').inputValue()).toBe('Half of a sent');
  await Promise.all([saved(page), page.locator('#description').press('Control+Enter')]);
  await page.waitForFunction(() => (document.querySelector('#description') as HTMLTextAreaElement)?.value === '');
  await expect.poll(() => drafts(page)).toEqual([]);

  await page.locator('#description').fill('Never to be saved');
  await page.waitForFunction(() => Object.keys(localStorage).some((k) => k.startsWith('desk.draft')));
  await page.route('**/api/session', (route) => (route.request().method() === 'DELETE' ? route.abort('connectionreset') : route.fallback()));
  await page.locator('[data-act=sign-out]').click();
  await page.locator('[data-part=leaving]', { hasText: '1' }).waitFor();
  await page.locator('[data-act=sign-out-now]').click();
  await page.locator('[data-part=still-here]').waitFor();
  expect(await drafts(page)).toHaveLength(1);
  await page.unroute('**/api/session');
  await page.locator('[data-act=sign-out-now]').click();
  await page.locator('#signInName').waitFor();
  expect(await drafts(page)).toEqual([]);
  await context.close();
});

test('Whoever types faster than the desk answers: the category is chosen and the call saved once there are categories; what is typed meanwhile stays in the box', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk');
  const categories = await held(page, /\/categories(\?|$)/);
  await page.goto(`${address}/desk`);
  await page.locator('#callerName').fill('A. Nobody');
  await page.locator('#categoryId').fill('Leaking pipe');
  await page.locator('#categoryId').press('Enter');
  await focused(page, 'description');
  await page.keyboard.type('typed before there were categories');
  await page.keyboard.press('Control+Enter');
  const request = await held(page, /\/api\/requests$/, 'POST');
  const answer = saved(page);
  categories.letGo();

  await request.came;
  await page.locator('[data-field=search]').fill('the next');
  request.letGo();
  expect([(await answer).status(), ((await answer).request().postDataJSON() as { kind: string; description: string }).kind]).toEqual([201, 'repair']);
  await page.waitForFunction(() => (document.querySelector('#description') as HTMLTextAreaElement)?.value === '');
  await page.waitForFunction(() => (document.activeElement as HTMLElement)?.dataset.field === 'search');
  expect(await page.locator('[data-field=search]').inputValue()).toBe('the next');
  await expect.poll(() => drafts(page)).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});

test('While a call is on its way its form takes nothing; refused, the hands are where they were and go on', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk');
  await page.locator('#callerName').fill('A. Nobody');
  await category(page, 'leak');
  await page.locator('#description').fill('with both hands');
  await refused(page, /\/api\/requests$/, 'POST', 503, 'unexpected');
  const request = await held(page, /\/api\/requests$/, 'POST');
  await page.locator('#description').press('Control+Enter');
  await request.came;
  await expect.poll(() => page.locator('#description').isDisabled()).toBe(true);

  request.letGo();
  await page.locator('[data-part=register] [data-code=unexpected]').waitFor();
  await focused(page, 'description');
  await page.keyboard.type('!');
  expect(await page.locator('#description').inputValue()).toBe('with both hands!');
  await page.locator('[data-part=register] .ant-card-extra button').click();
  await context.close();
});

test('A call that was begun for somebody with two homes comes back with the home that was chosen', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk', `/desk?phone=${encodeURIComponent(caller.phone)}`);
  await handed(page);
  const chosen = page.locator('.homes label:has(input:checked)');
  const first = await chosen.innerText();
  await page.locator('.homes label').filter({ hasNotText: first }).first().click();
  await expect.poll(() => chosen.innerText()).not.toBe(first);
  const second = await chosen.innerText();
  await page.locator('#description').fill('the other home');
  await page.waitForFunction(() => Object.keys(localStorage).some((k) => localStorage.getItem(k)?.includes('the other home')));

  await page.goto(`${address}/desk`);
  await page.locator('[data-part=card]', { hasText: caller.name }).waitFor();
  await expect.poll(() => chosen.innerText()).toBe(second);
  expect(await page.locator('#description').inputValue()).toBe('the other home');
  await page.locator('[data-part=register] .ant-card-extra button').click();
  await expect.poll(() => drafts(page)).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});

test('The next call about the same is joined to the one that is meant with one key', async () => {
  const { page, context, wrong } = await open(browser, { language: 'zh-CN', width: 1280 });
  await enter(page, 'clerk', '/desk');
  const keys = ['F2', 'F4', 'F8', 'F9'];
  for (const [words, key] of [['二楼的灯全灭了'], ['楼道没有灯', 'F4'], ['还是没有灯', 'F8'], ['灯又灭了', 'F9'], ['看不见路', 'F2']] as [string, string?][]) {
    await page.locator('[data-field=search]').fill(caller.home);
    await page.locator('[data-part=results][aria-busy=false] [role=option]').first().waitFor();
    await page.locator('[data-field=search]').press('Enter');
    await page.locator('[data-part=results]').waitFor({ state: 'detached' });
    await handed(page);
    await category(page, 'light');
    await page.locator('#description').fill(words);
    if (!key) {
      const [reply] = await Promise.all([saved(page), page.locator('#description').press('Control+Enter')]);
      for (const description of ['三楼的灯', '四楼的灯', '五楼的灯']) expect((await page.request.post(`${address}/api/requests`, { data: { ...(reply.request().postDataJSON() as object), description } })).status()).toBe(201);
    } else {
      const similar = page.locator('[data-part=similar] li');
      await similar.nth(3).waitFor();
      expect(await similar.locator('kbd').allInnerTexts()).toEqual(keys);
      const meant = await similar.nth(keys.indexOf(key)).locator('.clamp, strong').first().innerText();
      const joined = page.waitForResponse((r) => r.request().method() === 'POST' && /^\/api\/faults\/[^/]+\/requests$/.test(new URL(r.url()).pathname));
      await page.locator('#description').press(key);
      expect((await joined).status()).toBe(201);
      const { fault, requests } = (await (await page.request.get((await joined).url().replace(/\/requests$/, ''))).json()) as { fault: { title: string }; requests: { description: string }[] };
      const about = requests.map((r) => r.description);
      expect([key, [fault.title, ...about].includes(meant), about.includes(words)]).toEqual([key, true, true]);
    }
    await page.waitForFunction(() => (document.querySelector('#description') as HTMLTextAreaElement)?.value === '');
  }

  await page.locator('[data-act=open-saved]').click();
  await page.locator('[data-part=request-faults] a').waitFor();
  expect(wrong).toEqual([]);
  await context.close();
});

/** A caller who is known, with an inquiry: the hands are where its words go. */
async function inquires(page: Page): Promise<Hands> {
  const hands = new Hands(page);
  await page.waitForFunction(() => (document.activeElement as HTMLElement)?.dataset.field === 'search');
  await hands.type(caller.digits);
  await page.locator('[data-part=results][aria-busy=false]').waitFor(); // of several, an Enter before the answer takes none
  await hands.press('Enter');
  await page.locator('[data-part=card]').waitFor();
  await handed(page);
  await category(page, 'inquiry');
  await focused(page, 'description');
  return hands;
}

test('An inquiry is answered and closed on the spot, from the keyboard', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk');
  const hands = await inquires(page);
  await page.keyboard.type('When is the office open?');
  await hands.press('Tab');
  await focused(page, 'answer');
  await page.keyboard.type('Every day, from 8 to 20.');
  const answered = page.waitForResponse((r) => r.request().method() === 'POST' && r.url().endsWith('/answer'));
  await hands.press('Control+Enter');

  expect(((await (await answered).json()) as { status: string }).status).toBe('closed');
  await context.close();
});

test('An answer that is saved before the page has shown how it ends is closed on the spot all the same', async () => {
  const { page, context } = await open(browser, { language: 'zh-CN', width: 1280 });
  await enter(page, 'clerk');
  await inquires(page);
  await page.keyboard.type('几点下班？');
  const answered = page.waitForResponse((r) => r.request().method() === 'POST' && r.url().endsWith('/answer'));
  // As a burst of keys on a busy machine: nothing is drawn between the last of them and Ctrl+Enter.
  await page.evaluate(() => {
    const answer = document.querySelector<HTMLTextAreaElement>('#answer')!;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')!.set!.call(answer, '每天八点到二十点。');
    answer.dispatchEvent(new Event('input', { bubbles: true }));
    answer.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true }));
  });
  const { status } = (await (await answered).json()) as { status: string };
  expect([status, ((await answered).request().postDataJSON() as { onTheSpot: boolean }).onTheSpot]).toEqual(['closed', true]);
  await context.close();
});

/** Of each list: what it says where nothing is there yet. */
const firsts = {
  'zh-CN': { '/desk': '输入来电人说的任何内容', '/queue': '点开即可派单', '/requests': '在“接待”页登记一条', '/faults': '在这里新建', '/call-backs': '完工后该打电话的会列在这里', '/follow-ups': '请在时限内联系', '/inbox': '系统归不到任何申请的', '/messages': '由您重发或放弃', '/officer': '该处理的会自动出现', '/escalations': '超时的会自动出现', '/reports': '请选更长的时间', '/crew': '有新单会出现在这里' },
  en: { '/desk': 'Type whatever the caller says', '/queue': 'open it to dispatch it', '/requests': 'register one on the desk page', '/faults': 'open it here', '/call-backs': 'Whoever is to be rung', '/follow-ups': 'to be called in time', '/inbox': 'that belong to no request come here', '/messages': 'to be tried again or let be', '/officer': 'What belongs here comes by itself', '/escalations': 'What is late comes by itself', '/reports': 'Choose a longer one', '/crew': 'New orders appear here' },
} as const;

test.each<Look['language']>(['zh-CN', 'en'])('Where nothing is there yet a list says what to do first (%s)', async (language) => {
  for (const [who, crew] of [['officer', false], ['member', true]] as const) {
    const { page, context, wrong } = await open(browser, { language, width: crew ? 360 : 1280 });
    await page.route(/\/api\/(requests|work-orders|faults|call-backs|follow-ups|inbound-messages|messages|escalations|alarms|reports)[^?]*\?/, async (route) => {
      if (route.request().method() !== 'GET') return route.fallback();
      const body = (await (await route.fetch()).json()) as unknown;
      await route.fulfill({ json: Array.isArray(body) ? [] : { ...(body as object), items: [], next: null } });
    });
    await enter(page, who, crew ? '/crew' : '/desk'); // from the front door a crew is sent on
    for (const [path, says] of Object.entries(firsts[language]).filter(([path]) => (path === '/crew') === crew)) {
      await page.evaluate((to) => {
        history.pushState(null, '', to);
        dispatchEvent(new PopStateEvent('popstate'));
      }, path);
      await page.locator('main', { hasText: says }).waitFor();
    }
    expect(wrong).toEqual([]);
    await context.close();
  }
});

test('The desk fits a telephone and the widest screen', async () => {
  const { page, context } = await open(browser, { language: 'en', width: 360 });
  await enter(page, 'clerk');
  for (const path of ['/desk', '/queue', '/requests', '/faults', '/call-backs', '/follow-ups', '/inbox', '/messages']) {
    await goTo(page, path);
    await page.locator('main h1').first().waitFor();
    await expect.poll(async () => [path, await overflow(page)]).toEqual([path, 0]);
    await page.setViewportSize({ width: 2560, height: 1440 });
    await settled(page);
    await expect.poll(async () => [path, await overflow(page)]).toEqual([path, 0]);
    await page.setViewportSize({ width: 360, height: 780 });
  }
  await context.close();
});

const digitsOf = (words: string) => words.replace(/\s/g, '');

const drafts = (page: Page) => page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('desk.draft')));

async function category(page: Page, typed: string): Promise<void> {
  await page.locator('#categoryId').focus();
  await page.keyboard.type(typed);
  await page.locator('.ant-select-item-option-active').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-part=ahead]').waitFor();
}
