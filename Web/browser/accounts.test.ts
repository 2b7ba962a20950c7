import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, codeAt, enter, keptOut, launch, open, people, settled } from './browser';
import type { Look } from './browser';

/** Only against a desk that has such a person. The account is made here: everybody else goes on as they were. */
const test = always.skipIf(!people.administrator);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const form = (page: Page) => page.locator('.ant-modal:visible, .ant-drawer-open:visible').last();
const gone = (page: Page) => page.locator('.ant-modal:visible, .ant-drawer-open:visible').waitFor({ state: 'detached' });

async function submitted(page: Page): Promise<void> {
  await form(page).locator('[data-act=submit]').click();
  await gone(page);
}

/** Of a list of which several may be chosen, by their places in it. */
async function chosen(page: Page, field: string, ...places: number[]): Promise<void> {
  await form(page).locator(`.ant-select:has([id$=_${field}])`).click();
  for (const place of places) await page.locator('.ant-select-dropdown:visible .ant-select-item-option').nth(place).click();
  await page.keyboard.press('Escape');
}

/** Asked whether it is meant: yes. */
async function sure(page: Page, button: Locator): Promise<void> {
  await button.click();
  await page.locator('.ant-popover:visible .ant-btn-primary').click();
}

async function shownOnce(page: Page, part: string): Promise<string> {
  const secret = await page.locator(`[data-part=${part}]`).innerText();
  expect(await form(page).locator('.ant-modal-title').innerText()).not.toBe('');
  await form(page).locator('.ant-modal-footer button').last().click();
  await gone(page);
  await page.locator(`[data-part=${part}]`).waitFor({ state: 'detached' });
  return secret.trim();
}

/** The half minute of the clock that an authenticator app reckons by. */
const stepNow = () => Math.floor(Date.now() / 30_000);

const session = async (context: BrowserContext) => (await context.request.get(`${address}/api/session`)).status();

async function tried(signInName: string, password: string): Promise<number> {
  const alone = await browser.newContext();
  const status = (await alone.request.post(`${address}/api/session`, { data: { signInName, password } })).status();
  await alone.close();
  return status;
}

async function typedIn(page: Page, signInName: string, password: string): Promise<void> {
  await page.goto(address);
  await page.locator('#signInName').fill(signInName);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
}

async function passwordChanged(page: Page, current: string, next: string): Promise<void> {
  await page.locator('#password_current').fill(current);
  await page.locator('#password_new').fill(next);
  await page.locator('#password_again').fill(next);
  await page.locator('[data-act=change-password]').click();
}

test.each<[Look['language'], number, string]>([['zh-CN', 1440, 'Z']])('Somebody gets an account, looks after it, and loses it again (%s, %i px)', async (language, width, tag) => {
  const name = `browser.${tag}`.toLowerCase();
  const [own, next] = ['vier gewinnt nie 9', 'eine Eule im Keller 4'];
  const { page, context, wrong } = await open(browser, { language, width });
  const out: string[] = [];
  const look = async (on: Page, what: string) => { await settled(on); out.push(...(await keptOut(on, what))); };
  const account = page.locator(`[data-account="${name}"]`);

  // The administrator makes an account, whose password is shown once.
  await enter(page, 'administrator', '/accounts');
  await page.locator('[data-act=new-account]').click();
  await form(page).locator('[id$=_signInName]').fill(name);
  await form(page).locator('[id$=_displayName]').fill(`周敏${tag}`);
  await chosen(page, 'roles', 0);
  if (language === 'en') {
    await form(page).locator('.ant-select:has([id$=_language])').click();
    await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: 'English' }).click();
  }
  await look(page, 'a new account');
  await form(page).locator('[data-act=submit]').click();
  await page.locator('[data-part=password]').waitFor();
  await look(page, 'a password shown once');
  const made = await shownOnce(page, 'password');
  await account.waitFor();

  // What somebody is: a role taken and another given.
  const roles = () => account.locator('.ant-tag:not(.ant-tag-gold, .ant-tag-green)').allInnerTexts();
  const before = await roles();
  await account.locator('[data-act=roles]').click();
  await chosen(page, 'roles', 0, 3);
  await look(page, 'roles');
  await submitted(page);
  await expect.poll(roles).not.toEqual(before);
  expect(await roles()).toHaveLength(1);

  // A role of the whole district, given in their row and taken in the district's list.
  const held = page.locator(`[data-district=south] [data-holder="${name}"]`);
  await account.locator('[data-act=district-role]').click();
  await form(page).locator('.ant-select:has([id$=_role])').click();
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: '经理' }).click(); // one alone: its list closes by itself
  await look(page, 'a role of the district');
  await submitted(page);
  await held.locator('.ant-tag', { hasText: '经理' }).waitFor();
  await account.locator('.ant-tag', { hasText: '片区' }).waitFor();
  await look(page, 'a district');
  await sure(page, held.locator('[data-act=take-district-role]'));
  await held.waitFor({ state: 'detached' });
  await expect.poll(roles).toHaveLength(1);

  // They choose a password of their own, and are in.
  const theirs = await open(browser, { language, width });
  await typedIn(theirs.page, name, made);
  await theirs.page.locator('[data-needs=newPassword]').waitFor();
  await look(theirs.page, 'a first password');
  await passwordChanged(theirs.page, made, own);
  await theirs.page.locator('.shell').waitFor();

  // Somewhere else, too; that one is ended from here, and is signed out there.
  const elsewhere = await open(browser, { language, width });
  await typedIn(elsewhere.page, name, own);
  await elsewhere.page.locator('.shell').waitFor();
  await theirs.page.goto(`${address}/account`);
  const sessions = theirs.page.locator('[data-part=sessions] > li');
  await expect.poll(() => sessions.count()).toBe(2);
  await sure(theirs.page, theirs.page.locator('[data-act=end-session]'));
  await expect.poll(() => sessions.count()).toBe(1);
  expect([await session(theirs.context), await session(elsewhere.context)]).toEqual([200, 401]);
  await elsewhere.page.goto(`${address}/account`);
  await elsewhere.page.locator('#signInName').waitFor();

  // Another password: this session goes on.
  await passwordChanged(theirs.page, own, next);
  await expect.poll(() => theirs.page.locator('#password_current').inputValue()).toBe('');
  expect([await session(theirs.context), await tried(name, own), await tried(name, next)]).toEqual([200, 401, 200]);

  // A second factor, which the next sign-in asks for.
  await theirs.page.locator('[data-act=begin-factor]').click();
  const secret = await theirs.page.locator('[data-part=factor-secret]').innerText();
  await look(theirs.page, 'a second factor');
  const step = stepNow();
  await theirs.page.locator('form[data-part=confirm-factor] input').fill(codeAt(secret, step));
  await theirs.page.locator('[data-act=confirm-factor]').click();
  await theirs.page.locator('[data-part=recovery-codes]').waitFor();
  await look(theirs.page, 'recovery codes');
  expect(await theirs.page.locator('[data-part=recovery-codes] code').count()).toBe(10);
  await theirs.page.locator('[data-act=codes-kept]').click();
  await typedIn(elsewhere.page, name, next);
  await elsewhere.page.locator('[data-needs=secondFactor]').waitFor();
  await look(elsewhere.page, 'a code is asked for');
  const code = elsewhere.page.locator('form[data-part=give-factor] input');
  await code.fill(codeAt(secret, step - 40));
  await elsewhere.page.locator('[data-act=give-factor]').click();
  await elsewhere.page.locator('[data-part=give-factor] .ant-form-item-explain-error, [data-part=give-factor] .ant-alert').first().waitFor();
  await code.fill(codeAt(secret, Math.max(step + 1, stepNow()))); // a code is good once
  await elsewhere.page.locator('[data-act=give-factor]').click();
  await elsewhere.page.locator('.shell').waitFor();

  // A lost telephone: the administrator signs them out everywhere, and they come in again as ever.
  await page.reload();
  await account.locator('.ant-tag-green').waitFor();
  await sure(page, account.locator('[data-act=end-sessions]'));
  await account.locator('[data-act=end-sessions]').waitFor({ state: 'detached' });
  expect([await session(theirs.context), await session(elsewhere.context)]).toEqual([401, 401]);
  expect((await elsewhere.context.request.post(`${address}/api/session`, { data: { signInName: name, password: next } })).status()).toBe(200);
  expect(await session(elsewhere.context)).toBe(200);

  // The administrator resets the password: they are out everywhere, and the factor stays.
  await sure(page, account.locator('[data-act=reset-password]'));
  const reset = await shownOnce(page, 'password');
  await account.locator('.ant-tag-gold').waitFor(); // the list knows of it
  expect(reset).not.toBe(made);
  expect([await session(theirs.context), await session(elsewhere.context), await tried(name, next), await tried(name, reset)]).toEqual([401, 401, 401, 200]);

  // And takes the account away.
  await sure(page, account.locator('[data-act=deactivate]'));
  await account.waitFor({ state: 'detached' });
  expect(await tried(name, reset)).toBe(401);

  expect(out).toEqual([]);
  expect([...wrong, ...theirs.wrong, ...elsewhere.wrong]).toEqual([]);
  await theirs.context.close();
  await elsewhere.context.close();
  await context.close();
});

test.each<[Look['language'], number, string]>([['en', 360, 'E']])('A token is shown once, opens what it may, and is revoked (%s, %i px)', async (language, width, tag) => {
  const { page, context, wrong } = await open(browser, { language, width });
  const out: string[] = [];
  const opens = async (secret: string) => {
    const system = await browser.newContext({ extraHTTPHeaders: { Authorization: `Bearer ${secret}` } });
    const status = (await system.request.get(`${address}/api/communities`)).status();
    await system.close();
    return status;
  };
  const token = page.locator(`[data-token="browser ${tag}"]`);

  await enter(page, 'administrator', '/tokens');
  await page.locator('[data-act=new-token]').click();
  await form(page).locator('[id$=_name]').fill(`browser ${tag}`);
  await chosen(page, 'communities', 0);
  await settled(page);
  out.push(...(await keptOut(page, 'a new token')));
  await form(page).locator('[data-act=submit]').click();
  await page.locator('[data-part=token-secret]').waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'a token shown once')));
  const secret = await shownOnce(page, 'token-secret');
  expect(secret).toMatch(/^desk_\S{40,}$/);
  expect(await opens(secret)).toBe(200);

  await page.reload();
  await token.waitFor();
  expect(await page.locator('body').innerText()).not.toContain(secret);
  await sure(page, token.locator('[data-act=revoke-token]'));
  await token.locator('.ant-tag-red').waitFor();
  expect(await token.locator('[data-act=revoke-token]').count()).toBe(0);
  expect(await opens(secret)).toBe(401);

  expect(out).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});
