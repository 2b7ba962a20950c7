import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, as, enter, goTo, held, launch, move, open, overflow } from './browser';
import type { Look } from './browser';

/** Against a desk that has three rounds to call, a low score to follow up, two messages that are parked, and two that came in; see Tests/Browser. */
const test = always.skipIf(!process.env.DESK_RINGING);

let browser: Browser;
beforeAll(async () => { if (process.env.DESK_RINGING) browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const field = (page: Page, name: string) => page.locator(`.ant-modal:visible [id$=_${name}]`).first();
const submit = async (page: Page) => {
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.locator('.ant-modal:visible').waitFor({ state: 'detached' }).catch(() => page.locator('.ant-modal:visible').waitFor({ state: 'hidden' }));
};

async function pick(page: Page, name: string, words: RegExp): Promise<void> {
  await page.locator(`.ant-modal:visible .ant-select:has([id$=_${name}])`).click();
  await page.locator('.ant-select-item-option:visible', { hasText: words }).first().click();
}

async function at(page: Page, name: string, time: string): Promise<void> {
  await field(page, name).fill(time);
  await page.keyboard.press('Enter');
}

/** Tomorrow at ten in the community's zone. */
const tomorrow = () => `${new Date(Date.now() + 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 10)} 10:00`;

const told = {
  'zh-CN': { parked: ['未送达', '请业主评价', '短信', '多次发送失败'], waiting: '待发送', script: [/^您好，王小明，这里是测试小区 here客户服务中心/, /已解决 \/ 部分解决 \/ 没有解决/, /5 分最满意/] },
  en: { parked: ['Not delivered', 'Asks the owner how it went', 'Text message', 'Every try failed'], waiting: 'To be sent', script: [/^Hello 王小明, this is the customer service centre of Test community here/, /Is it solved\? \(yes \/ partly \/ no\)/, /5 being the best/] },
} as const;

test.each<Look['language']>(['zh-CN', 'en'])('The page of a request says of each message whether it arrived, and whoever rings has a script in the owner’s language (%s)', async (language) => {
  const desk = await as('clerk');
  const { items } = await desk.get<{ items: { requestId: string; feedbackId: string; number: number }[] }>('/api/call-backs?state=toCall&take=50');
  const messages = await Promise.all(items.map(async (c) => ({ ...c, states: (await desk.get<{ state: string }[]>(`/api/requests/${c.requestId}/messages`)).map((m) => m.state) })));
  const line = messages.find((m) => m.states.includes('parked'))!;
  const { request } = await desk.get<{ request: { customerId: string } }>(`/api/requests/${line.requestId}`);
  const { customer } = await desk.get<{ customer: { name: string; version: number; preferredChannel: string | null; note: string | null } }>(`/api/customers/${request.customerId}`);
  await desk.post(`/api/customers/${request.customerId}/amendment`, { name: customer.name, language, preferredChannel: customer.preferredChannel, note: customer.note, version: customer.version });
  await desk.context.close();

  const { page, context, wrong } = await open(browser, { language, width: 1280 });
  await enter(page, 'clerk', `/requests/${line.requestId}`);
  const parked = page.locator('[data-part=message]', { hasText: told[language].parked[0] });
  await parked.first().waitFor();
  for (const words of told[language].parked) expect(await parked.first().innerText()).toContain(words);
  expect(await parked.first().locator('time').count()).toBe(1);
  if (language === 'en') expect((await parked.first().innerText()).replace(customer.name, '')).not.toMatch(/\p{Script=Han}/u);
  const waiting = messages.find((m) => m.states.includes('waiting'))!;
  await page.goto(`${address}/requests/${waiting.requestId}`);
  await page.locator('[data-part=message]', { hasText: told[language].waiting }).first().waitFor();

  await goTo(page, '/call-backs?state=toCall');
  await page.locator('.order', { hasText: new RegExp(String(line.number).replace(/(\d)(?=(\d{4})+$)/g, '$1 ')) }).locator('[data-act=open-call]').click();
  const script = page.locator('.ant-drawer:visible ol li');
  await script.nth(6).waitFor();
  const lines = await script.allInnerTexts();
  for (const say of told[language].script) expect(lines).toContainEqual(expect.stringMatching(say));
  if (language === 'en') expect(lines.slice(2).join()).not.toMatch(/\p{Script=Han}/u);
  expect(await overflow(page)).toBe(0);
  expect(wrong).toEqual([]);
  await context.close();
});

test('A number that arrives while a call is being written down is there for the next one; closed, the hands are on the button that opened it', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk', '/call-backs?state=toCall');
  await page.locator('[data-act=open-call]').first().click();
  const sheet = page.locator('.ant-drawer:visible');
  const numbers = await held(page, /\/contact-data$/, 'POST');
  await sheet.locator('[data-act=show-numbers]').click();
  await numbers.came;
  await sheet.locator('[data-act=tried]').focus();
  await page.keyboard.press('Enter');
  await field(page, 'note').fill('they are dialling');
  numbers.letGo();
  await sheet.locator('a.number').first().waitFor();
  expect([await field(page, 'note').inputValue(), await field(page, 'numberDialled').inputValue()]).toEqual(['they are dialling', '']);

  await page.keyboard.press('Escape');
  await page.locator('.ant-modal:visible').waitFor({ state: 'hidden' });
  await page.waitForFunction(() => document.activeElement?.matches('[data-act=tried]'));
  await page.keyboard.press('Enter');
  await page.locator('.ant-modal:visible [data-part=begun]').waitFor();
  expect(await field(page, 'note').inputValue()).toBe('they are dialling');
  await page.locator('.ant-modal:visible [data-act=start-over]').click();
  await expect.poll(() => field(page, 'numberDialled').inputValue()).toBe('138 0013 8000');
  expect(await field(page, 'note').inputValue()).toBe('');
  await page.keyboard.press('Escape');
  await page.locator('.ant-modal:visible').waitFor({ state: 'hidden' });
  await page.waitForFunction(() => document.activeElement?.matches('[data-act=tried]'));
  expect(wrong).toEqual([]);
  await context.close();
});

test('The call-back list: rung in vain, put off, handed over, and written down with the owner’s own questions', async () => {
  const { page, context, wrong } = await open(browser, { language: 'zh-CN', width: 1280 });
  await enter(page, 'clerk', '/call-backs?state=toCall');
  await page.locator('[data-act=open-call]').nth(2).waitFor();

  // The first: somebody calls, reaches nobody, and it stands in the sheet with the number.
  await page.locator('[data-act=open-call]').first().click();
  const sheet = page.locator('.ant-drawer:visible');
  await sheet.locator('[data-act=take]').click();
  await sheet.locator('.ant-tag', { hasText: '正在打' }).waitFor();
  await sheet.locator('[data-act=show-numbers]').click();
  await sheet.locator('a.number').first().waitFor();
  await sheet.locator('[data-act=tried]').click();
  expect(await field(page, 'numberDialled').inputValue()).toBe('138 0013 8000');
  await pick(page, 'result', /占线/);
  await field(page, 'note').fill('下午再试');
  await submit(page);
  const call = sheet.locator('[data-part=call]').last();
  await call.filter({ hasText: '下午再试' }).waitFor();
  expect(await call.innerText()).toMatch(/138\*{4}8000/);
  await sheet.locator('[data-act=snooze]').click();
  await at(page, 'until', tomorrow());
  // Enter takes the time, and sends nothing yet.
  await submit(page);
  await sheet.getByText('此后再打').waitFor();
  await sheet.locator('[data-act=handOver]').click();
  // Of a long list: by its name.
  await page.locator('.ant-modal:visible .ant-select:has([id$=_staffId])').click();
  await page.keyboard.type('manager');
  await page.locator('.ant-select-item-option:visible', { hasText: /^manager$/ }).click();
  await submit(page);
  await sheet.locator('.ant-tag', { hasText: '由 manager 打' }).waitFor();
  await sheet.locator('.ant-drawer-close').click();

  // The second answers: the same questions as on the owner's page, and what would have made it a 5 only below 5.
  const others = page.locator('.order').filter({ hasNotText: '由 manager 打' }).locator('[data-act=open-call]');
  await others.first().click();
  await sheet.locator('[data-act=take]').click();
  await sheet.locator('[data-act=answered].ant-btn-primary').click();
  await expect.poll(() => page.locator('.ant-modal:visible .ant-radio-button-wrapper').allInnerTexts()).toEqual(['解决了', '部分解决', '没有解决']);
  await page.locator('.ant-modal:visible .ant-radio-button-wrapper').first().click();
  const [satisfaction, recommend] = [page.locator('.ant-modal:visible .ant-rate').first(), page.locator('.ant-modal:visible .ant-rate').last()];
  expect([await satisfaction.locator('li').count(), await recommend.locator('li').count()]).toEqual([5, 5]);
  await satisfaction.locator('li').nth(4).click();
  expect(await field(page, 'madeItFive').count()).toBe(0);
  await satisfaction.locator('li').nth(3).click();
  await field(page, 'madeItFive').fill('早点来');
  await recommend.locator('li').nth(3).click();
  await field(page, 'spokeWith').fill('王太太');
  await field(page, 'numberDialled').fill('13800138000');
  await submit(page);
  await page.waitForFunction(() => document.querySelectorAll('[data-act=open-call]').length === 2);

  // The third is put back and taken again, and does not want to be asked.
  await others.first().click();
  await sheet.locator('[data-act=take]').click();
  await sheet.locator('[data-act=release]').click();
  await sheet.locator('[data-act=take]').click();
  await sheet.locator('[data-act=release]').waitFor();
  await sheet.locator('[data-act=refused]').click();
  await field(page, 'spokeWith').fill('王先生');
  await field(page, 'note').fill('没空');
  await submit(page);
  await page.waitForFunction(() => document.querySelectorAll('[data-act=open-call]').length === 1);

  expect(await overflow(page)).toBe(0);
  expect(wrong).toEqual([]);
  await context.close();
});

test('A follow-up: taken, rung in vain, and ended as explained; nobody ends it by reading', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'officer', '/follow-ups');
  await page.locator('[data-act=open-follow-up]').first().click();
  const sheet = page.locator('.ant-drawer:visible');
  await sheet.locator('[data-act=take]').click();
  await sheet.locator('[data-act=release]').click();
  await sheet.locator('[data-act=take]').click();
  await sheet.locator('[data-act=release]').waitFor();
  await sheet.locator('[data-act=tried]').click();
  await field(page, 'numberDialled').fill('13800138000');
  await submit(page);
  await sheet.locator('[data-part=call]').waitFor();
  expect(await sheet.locator('[data-part=call]').innerText()).toContain('138****8000');
  await sheet.locator('[data-act=snooze]').click();
  await at(page, 'until', tomorrow());
  await submit(page);
  await sheet.locator('[data-act=end]').click();
  await field(page, 'spokeWith').waitFor();
  await page.locator('.ant-modal:visible .ant-select:has([id$=_how])').click();
  await expect.poll(() => page.locator('.ant-select-item-option:visible').allInnerTexts()).toEqual(['Called back', 'Explained', 'Rework', 'Nobody can be reached']);
  await page.locator('.ant-select-item-option:visible', { hasText: 'Explained' }).click();
  await field(page, 'spokeWith').waitFor({ state: 'detached' });
  await field(page, 'words').fill('Explained why the lift took two days');
  await submit(page);
  await page.locator('[data-act=open-follow-up]').waitFor({ state: 'detached' });

  expect(await overflow(page)).toBe(0);
  expect(wrong).toEqual([]);
  await context.close();
});

test('Templates: words without what they need are refused beside the field, and saved once they have it', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'manager', '/templates');
  const ask = page.locator('[data-part=template]', { hasText: 'Please reply with one digit' });
  await ask.locator('button').first().click();
  await field(page, 'body').fill('Please tell us how it went: {link}');
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.locator('.ant-modal:visible .ant-form-item-explain-error', { hasText: 'placeholder that this message needs' }).waitFor();
  await field(page, 'body').fill('Please tell us how {number} went.');
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.locator('.ant-modal:visible .ant-form-item-explain-error', { hasText: 'Say how to answer' }).waitFor();
  await field(page, 'body').fill('Please tell us how {number} went: {link}');
  // The gateway's own template, with the fields that it has.
  await page.locator('.ant-modal:visible .ant-select:has([id$=_channel])').click();
  await page.locator('.ant-select-item-option:visible').first().click();
  await field(page, 'templateId').fill('SMS_1');
  await field(page, 'fields').fill('code={number}');
  await submit(page);
  await page.locator('[data-part=template]', { hasText: 'Please tell us how {number} went: {link}' }).waitFor();

  // Words of one's own are given up again, and the hours in which nobody is written to are others.
  const another = page.locator('[data-part=template]').filter({ hasNotText: 'Please' }).first();
  await another.locator('button').first().click();
  await submit(page);
  await another.locator('[data-act=reset-words]').click();
  await page.locator('.ant-popconfirm:visible', { hasText: 'does not come back' }).locator('.ant-btn-primary').click();
  await another.locator('[data-act=reset-words]').waitFor({ state: 'detached' });
  await page.locator('input[type=time]').first().fill('22:00');
  const saved = page.waitForResponse((r) => r.url().endsWith('/quiet-hours') && r.request().method() === 'PUT');
  await page.locator('.ant-card button[type=submit]').first().click();
  expect((await saved).status()).toBe(200);

  expect(wrong).toEqual([]);
  await context.close();
});

test('Messages: what is parked is tried again or let be, and whoever looks sees what they were told', async () => {
  const { page, context, wrong } = await open(browser, { language: 'zh-CN', width: 1280 });
  await enter(page, 'manager', '/messages');
  const parked = page.locator('[data-part=message]');
  await parked.nth(1).waitFor();
  await parked.first().locator('button').nth(1).click();
  await field(page, 'reason').fill('打过电话了');
  await submit(page);
  await parked.nth(1).waitFor({ state: 'detached' });
  await parked.first().locator('button').first().click();
  await parked.waitFor({ state: 'detached' });
  await page.locator('.ant-segmented-item', { hasText: '给您的通知' }).click();
  await page.locator('[data-part=told]', { hasText: '低' }).first().waitFor();

  expect(await overflow(page)).toBe(0);
  expect(wrong).toEqual([]);
  await context.close();
});

test('What came in: one is registered as a request, with whoever wrote it, and one is none', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'clerk', '/inbox');
  const lamp = page.locator('[data-part=inbound]', { hasText: '楼道灯坏了' });
  await lamp.locator('button').first().click();
  expect(await field(page, 'description').inputValue()).toBe('楼道灯坏了');
  await page.locator('.ant-modal:visible .ant-select:has([id$=_categoryId])').click();
  await page.keyboard.type('water');
  await page.locator('.ant-select-item-option:visible').first().click();
  // What is wrong with a field that the form does not have is said in words; what it calls otherwise stands beside that.
  await page.route('**/api/requests', (route) => route.fulfill({ status: 422, contentType: 'application/problem+json', json: { code: 'request.invalid_fields', title: 'Some fields cannot be accepted.', status: 422, errors: [{ field: 'assetId', code: 'request.nobody_and_nowhere', message: '' }] } }));
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.locator('.ant-modal:visible [data-part=faults]', { hasText: 'Say who reports it, or where it is.' }).waitFor();
  await page.unroute('**/api/requests');
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.locator('.ant-modal:visible .ant-form-item:has([id$=_name]) .ant-form-item-explain-error', { hasText: 'Say who reports it, or where it is.' }).waitFor();
  expect(await page.locator('.ant-modal:visible [data-part=faults]').count()).toBe(0);
  await field(page, 'name').fill('李先生');
  await field(page, 'placeId').fill('3-2-1501');
  await page.locator('.ant-select-item-option:visible', { hasText: '3栋2单元1501' }).click();
  await page.locator('.ant-modal:visible [data-act=submit]').click();
  await page.waitForURL(/\/requests\/[0-9a-f-]{36}/);
  await page.locator('[data-part=description]', { hasText: '楼道灯坏了' }).waitFor();

  // Where it is was said with it. It was the neighbour's, and from somebody who is known: both are put right on its page.
  await page.locator('dd', { hasText: /^3栋2单元1501$/ }).waitFor();
  await move(page, 'amend');
  await field(page, 'placeId').fill('3-2-1601');
  await page.locator('.ant-select-item-option:visible', { hasText: '3栋2单元1601' }).click();
  await field(page, 'customerId').fill('韩梅梅');
  await page.locator('.ant-select-item-option:visible', { hasText: '韩梅梅' }).first().click();
  await submit(page);
  await page.locator('dd', { hasText: /^3栋2单元1601$/ }).waitFor();
  await page.locator('dd a[href^="/customers/"]', { hasText: '韩梅梅' }).waitFor();
  await goTo(page, '/inbox');
  const advert = page.locator('[data-part=inbound]', { hasText: '新房装修优惠' });
  await advert.locator('[data-act=no-request]').click();
  await page.locator('.ant-popconfirm:visible', { hasText: 'can no longer be registered' }).locator('.ant-btn-primary').click();
  await advert.waitFor({ state: 'detached' });
  expect(await lamp.count()).toBe(0);

  expect(await overflow(page)).toBe(0);
  expect(wrong).toEqual([]);
  await context.close();
});
