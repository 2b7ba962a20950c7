import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, as, dialogs, enter, fits, goTo, handed, keptOut, launch, mixed, named, open, settled } from './browser';

/** Only against a desk that has these people; see Tests/Browser. */
const test = always.skipIf(!process.env.DESK_TWO_HOMES);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

/** A screen by its route, what of it must be there before it is looked at, and where its address has an id: the list whose first such link leads to it. Its tabs are found on the page. */
type Screen = readonly [route: string, ready: string, by?: readonly [list: string, link: string]];

const desk: readonly Screen[] = [
  ['/desk', '[data-part=register]'],
  ['/desk?phone=13712345678', '[data-part=unknown-number]'],
  ['/requests', 'main h1'],
  ['/requests/:requestId', '[data-part=timeline]', ['/requests', 'main td a, main a.order']],
  ['/queue', '.orders'],
  ['/work-orders/:workOrderId', '[data-part=moves]', ['/queue', 'main a[data-order]']],
  ['/faults', 'main h1'],
  ['/faults/:faultId', '[data-part=fault]', ['/faults', 'main a.order']],
  ['/call-backs', '[data-act=open-call]'],
  ['/follow-ups', '.orders'],
  ['/inbox', 'main h1'],
  ['/messages', 'main h1'],
  ['/officer', '[data-board]'],
];
const manager: readonly Screen[] = [
  ['/today', '[data-part=today]'],
  ['/reports', '.figures table'],
  ['/reports/rows?of=clocks&by=all&which=all', '[data-part=count]'],
  ['/escalations', '[data-part=ladders]'],
  ['/rosters', '.shift'],
  ['/voices', '[data-part=asked]'],
];
const administrator: readonly Screen[] = [
  ['/jobs', 'main h1'],
  ['/templates', '[data-part=template]'],
  ['/feedback-rules', '[data-rule]'],
  ['/policies', 'main table'],
  ['/accounts', '[data-account]'],
  ['/tokens', 'main h1'],
  ['/account', '[data-part=sessions] li'],
  ['/masters', '[data-place]'],
];

test('Each route of the client is among the screens that are looked at', () => {
  const client = readFileSync(join(import.meta.dirname, '../src/app.tsx'), 'utf8');
  const routes = [...client.matchAll(/<Route path="(\/[^"]+)"/g)].map((m) => m[1]!);
  // The crews' pages have a script of their own; to a customer leads their card, below.
  const elsewhere = ['/crew', '/customers/:customerId'];
  const looked = [...desk, ...manager, ...administrator].map(([route]) => route.split('?')[0]!);

  expect(routes.length).toBeGreaterThan(20);
  expect([...new Set([...looked, ...elsewhere])].sort()).toEqual(routes.sort());
});

/** How a screen offers what else is on it: one beside the other, or, where that is too wide, in a list that opens. */
const tabs = 'main .ant-tabs-tab:visible, main .tabs .ant-segmented-item:visible, main [data-board]:visible';
const list = 'main .ant-select.tabs:visible';
const options = '.ant-select-dropdown:visible .ant-select-item-option';
const chosen = '.ant-tabs-tab-active, .ant-segmented-item-selected, [data-board][aria-pressed=true], .ant-select-item-option-selected';

/** Each tab of a screen but the one that stands there already. */
async function pressEach(page: Page, look: (where: string) => Promise<void>): Promise<void> {
  const opens = (await page.locator(list).count()) > 0;
  const all = page.locator(opens ? options : tabs);
  if (opens) {
    await page.locator(list).click();
    await all.first().waitFor();
  }
  const others = await all.evaluateAll((each, here) => each.flatMap((e, n) => (e.matches(here) ? [] : [n])), chosen);
  for (const n of others) {
    if (opens && n !== others[0]) await page.locator(list).click();
    const name = await all.nth(n).innerText();
    await all.nth(n).click();
    if (opens) await page.locator('.ant-select-dropdown:visible').waitFor({ state: 'detached' });
    await (opens ? page.locator(list).filter({ hasText: name }) : all.nth(n).and(page.locator(chosen))).waitFor();
    await settled(page);
    await look(new URL(page.url()).search);
  }
}

const seen = async (page: Page, where: string) => [...(await keptOut(page, where)), ...(await mixed(page, where))];

async function walk(page: Page, screens: readonly Screen[], looked = seen): Promise<string[]> {
  const out: string[] = [];
  for (const [route, ready, by] of screens) {
    await goTo(page, by?.[0] ?? route);
    if (by) {
      await settled(page);
      await page.locator(by[1]).first().click();
    }
    await page.locator(ready).first().waitFor();
    await settled(page);
    const look = async (tab = '') => { out.push(...(await looked(page, route + tab))); };
    await look();
    await pressEach(page, look);
  }
  return out;
}

test.each(named)('Nobody is kept out of any screen of the desk (%s)', async (_, look) => {
  const { page, context, wrong } = await open(browser, look);
  await page.goto(address);
  await page.locator('#signInName').waitFor();
  const out = await keptOut(page, 'sign-in');
  await enter(page, 'officer');
  out.push(...(await walk(page, desk)));

  expect(out).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});

test.each(named)('Nor out of the manager’s and the administrator’s (%s)', async (_, look) => {
  const found: string[] = [];
  for (const [who, screens] of [['manager', manager], ['administrator', administrator]] as const) {
    const { page, context, wrong } = await open(browser, look);
    await enter(page, who);
    found.push(...(await walk(page, screens)), ...wrong);
    await context.close();
  }

  expect(found).toEqual([]);
});

/** What of a screen can be pressed or typed into, and Tab alone does not come to; and where it never comes to the end. */
async function unreached(page: Page, where: string): Promise<string[]> {
  // Between two that are put before and behind all the rest.
  await page.evaluate(() => {
    const [first, last] = ['first', 'last'].map((id) => Object.assign(document.createElement('button'), { id: `tab-${id}` }));
    document.body.prepend(first!);
    document.body.append(last!);
    Object.assign(window, { reached: new WeakSet<Element>(), before: undefined });
    first!.focus();
  });
  let on = 0;
  for (let goesOn = true; goesOn && on < 600; on++) {
    await page.keyboard.press('Tab');
    goesOn = await page.evaluate(() => {
      const { reached } = window as unknown as { reached: WeakSet<Element> };
      const now = document.activeElement!;
      const { before } = window as unknown as { before?: Element }; // a field of a time has several parts
      const goes = !now.matches('body, #tab-first, #tab-last') && (now === before || !reached.has(now));
      reached.add(now);
      Object.assign(window, { before: now });
      return goes;
    });
  }
  const ended = await page.evaluate(() => {
    const now = document.activeElement!.matches('#tab-last');
    for (const id of ['#tab-first', '#tab-last']) document.querySelector(id)!.remove();
    return now;
  });
  const left = await page.evaluate(() => {
    const { reached } = window as unknown as { reached: WeakSet<Element> };
    const isReached = (e: Element) => reached.has(e) || [...e.querySelectorAll('*')].some((x) => reached.has(x));
    // Of these the hands come to one, and to the others from it.
    const together = '[role=radiogroup], [role=tablist], [role=menu], [role=menubar], [role=listbox], [role=tree], .ant-segmented, .ant-radio-group';
    const pressed = 'a[href], button, input, select, textarea, summary, [role=button], [role=tab], [role=option], [role=menuitem], [role=switch], [role=checkbox], [data-act], [data-move]';
    return [...document.querySelectorAll(`main :is(${pressed}), header :is(${pressed})`)]
      .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: false }) && !e.closest('[aria-hidden=true], [inert], :disabled, .ant-btn-disabled'))
      .filter((e) => !isReached(e) && ![...(e.closest(together)?.querySelectorAll('*') ?? [])].some((x) => reached.has(x)) && !e.parentElement?.closest(pressed))
      .filter((e) => !(e.closest('label, .ant-select, .ant-picker, .ant-input-affix-wrapper, .ant-upload') && isReached(e.closest('label, .ant-select, .ant-picker, .ant-input-affix-wrapper, .ant-upload')!)))
      .map((e) => e.outerHTML.slice(0, 160));
  });
  return [...(ended ? [] : [`${where}: Tab does not come to the end of the page`]), ...left.map((e) => `${where}: Tab does not come to ${e}`)];
}

test('Tab alone comes to everything that can be pressed or typed into, on every screen', async () => {
  const out: string[] = [];
  for (const [who, screens] of [['officer', desk], ['manager', manager], ['administrator', administrator]] as const) {
    const { page, context } = await open(browser, { language: 'en', width: 1440 });
    await enter(page, who);
    out.push(...(await walk(page, screens, unreached)));
    await context.close();
  }

  expect(out).toEqual([]);
});

const owners = JSON.parse(process.env.DESK_OWNERS ?? '[]') as string[];

test.each(named)('Nor an owner out of the pages without an account (%s)', async (_, look) => {
  const { page, context } = await open(browser, look);
  const out: string[] = [];
  for (const path of owners) {
    await page.goto(`${address}${path}?lang=${look.language}`);
    await page.locator('main').waitFor();
    for (const more of await page.locator('summary').all()) await more.click();
    out.push(...(await keptOut(page, path.slice(0, 3))), ...(await mixed(page, path.slice(0, 3))));
  }

  expect(owners.length).toBeGreaterThan(0);
  expect(out).toEqual([]);
  await context.close();
});

test.each(named)('A customer’s card, a call and a dialog keep nobody out (%s)', async (_, look) => {
  const { page, context } = await open(browser, look);
  await enter(page, 'officer', '/desk');
  await page.locator('[data-field=search]').fill((JSON.parse(process.env.DESK_TWO_HOMES!) as { digits: string }).digits);
  await page.locator('[data-part=results][aria-busy=false] [role=option]').first().waitFor();
  const out = await keptOut(page, 'results');
  await page.keyboard.press('Enter');
  await page.locator('[data-part=card] section').first().waitFor();
  await handed(page);
  await page.locator('#categoryId').fill('leak');
  await page.keyboard.press('Enter');
  await page.locator('[data-part=ahead] time').first().waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'form')), ...(await mixed(page, 'form')));
  await page.locator('[data-part=card] h2 a').click();
  await page.waitForURL('**/customers/**');
  await page.locator('main h1').waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'customer')));
  await goTo(page, '/faults');
  await page.locator('[data-act=open-fault]').click();
  await page.locator('.ant-modal:visible, .ant-drawer:visible').first().waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'dialog')), ...(await mixed(page, 'dialog')));
  await goTo(page, '/call-backs');
  await page.locator('[data-act=open-call]').first().click();
  await page.locator('.ant-drawer [data-act=take]').waitFor();
  await settled(page);
  out.push(...(await keptOut(page, 'call')), ...(await mixed(page, 'call')));

  expect(out).toEqual([]);
  await context.close();
});

/** A page, what of it must be there, and what on it opens a form: all of these that are there. The name of a move is pressed by its button or in the menu. */
type Opening = readonly [path: string, ready: string, ...opens: string[]];

const moves = {
  request: ['dispatch', 'answer', 'feedback', 'note', 'promise', 'urge', 'nameInCharge', 'firstReply', 'writtenReply', 'rework', 'reprioritise', 'recategorise', 'reschedule', 'amend', 'cancel'],
  order: ['complete', 'hold', 'assign', 'transfer', 'return', 'dispatch', 'void'],
  fault: ['dispatch', 'join', 'expect', 'end', 'amend'],
};
const acts = (...names: string[]) => names.map((name) => `[data-act=${name}]`);

const opening: Record<string, readonly Opening[]> = {
  officer: [
    ['/queue', '.orders'],
    ['/officer?show=holds', '[data-board=holds]'],
    ['/call-backs', '[data-act=open-call]'],
    ['/follow-ups', '.orders', ...acts('open-follow-up')],
  ],
  manager: [
    ['/today', '[data-part=today]'],
    ['/escalations', '[data-part=ladders]', ...acts('acknowledge', 'resolve', 'end-alarm')],
    ['/reports?of=clocks', '.figures table'],
    ['/rosters', '.shift', ...acts('add-shift', 'add-leave', 'swap')],
    ['/voices', '[data-part=asked]', ...acts('write', 'edit-voice', 'withdraw')],
    ['/reports?of=escalations', '.figures table'],
  ],
  administrator: [
    ['/policies', '[data-policy]', ...acts('declare'), '[data-policy]'],
    ['/masters', '[data-place]', ...acts('add-place', 'rename-place')],
    ['/templates', '[data-part=template]', ...acts('edit-template')],
    ['/masters?part=categories', '[data-category]', ...acts('add-category', 'edit-category')],
    ['/feedback-rules', '[data-rule]', ...acts('edit-asking', 'edit-plan')],
    ['/masters?part=teams', '[data-team]', ...acts('add-team', 'seat-member', 'edit-team')],
    ['/accounts', '[data-account]', ...acts('new-account', 'change-account', 'roles')],
    ['/masters?part=community', '[data-part=community]', ...acts('edit-community', 'add-community')],
    ['/tokens', 'main h1', ...acts('new-token')],
    ['/masters?part=codes', '[data-code]', ...acts('add-asset')],
    ['/jobs', 'main h1'],
    ['/masters?part=calendar', '[data-part=year]'],
  ],
};

/** What an officer works on, by how it stands: one of each, and one with much to say. */
async function given(): Promise<Opening[]> {
  const clerk = await as('clerk');
  const [community] = await clerk.get<{ communityId: string }[]>('/api/communities');
  const categories = await clerk.get<{ categoryId: string; kind: string; code: string }[]>(`/api/communities/${community!.communityId}/categories`);
  const categoryId = categories.find((c) => c.kind === 'repair' && c.code === 'water')!.categoryId;
  const received = () => clerk.post<{ requestId: string }>('/api/requests', { communityId: community!.communityId, kind: 'repair', channel: 'phone', categoryId, description: 'The tap drips all night and nobody sleeps. 水龙头整夜滴水，谁也睡不着。'.repeat(12), reporter: { name: 'A. Nobody' } });
  const dispatched = async () => (await clerk.post<{ workOrders: { workOrderId: string }[] }>(`/api/requests/${(await received()).requestId}/work-orders`, { orders: [{ crew: 'engineering', whatToDo: 'mend the tap' }] })).workOrders[0]!.workOrderId;
  const { requestId } = await received();
  const working = await dispatched();
  const member = await as('member');
  for (const move of ['acceptance', 'arrival']) await member.post(`/api/work-orders/${working}/${move}`);
  await member.context.close();
  const first = async <T>(path: string) => (await clerk.get<{ items: T[] }>(`${path}&take=1`)).items[0]!;
  const request = async (which: string): Promise<Opening> => [`/requests/${(await first<{ requestId: string }>(`/api/requests?${which}`)).requestId}`, '[data-part=timeline]', ...moves.request];
  const order = (workOrderId: string): Opening => [`/work-orders/${workOrderId}`, '[data-part=moves]', ...moves.order];
  const { workOrderId: returned } = await first<{ workOrderId: string }>('/api/work-orders?status=unassigned');
  const out: Opening[] = [[`/requests/${requestId}`, '[data-part=timeline]', ...moves.request], order(returned), await request('kind=complaint&open=true'), order(await dispatched()), await request('status=awaitingFeedback'), order(working)];
  out.push([`/faults/${(await first<{ faultId: string }>('/api/faults?status=open')).faultId}`, '[data-part=fault]', ...moves.fault, ...acts('un-join')]);
  const { customers } = await clerk.get<{ customers: { customerId: string }[] }>(`/api/search?q=${(JSON.parse(process.env.DESK_TWO_HOMES!) as { phone: string }).phone}`);
  out.push([`/customers/${customers[0]!.customerId}`, '[data-part=facts]', ...acts('amend-customer', 'add-contact', 'add-home', 'end-home')]);
  await clerk.context.close();
  return out;
}

test.each(named)('There is room for everything between a telephone and a wall, and no form keeps anybody out or the hands (%s)', async (_, look) => {
  const out: string[] = [];
  const forms = new Set<string>();
  const asked = look.language === 'en'; // where both languages could stand beside each other, and the least room is
  for (const [who, screens] of Object.entries({ ...opening, officer: [...opening.officer!, ...(await given())] })) {
    const { page, context, wrong } = await open(browser, look);
    await enter(page, who);
    for (const [path, ready, ...opens] of screens) {
      const where = path.replace(/[\w-]{36}/, '');
      await goTo(page, path);
      await page.locator(ready).first().waitFor();
      await settled(page);
      out.push(...(await fits(page, where, asked ? 768 : 2560)));
      for (const what of asked ? opens : []) {
        const form = `${where} ${what}`;
        if (forms.has(form) || !(await opened(page, what))) continue;
        forms.add(form);
        await settled(page);
        out.push(...(await keptOut(page, form, true)), ...(await mixed(page, form)));
        await page.keyboard.press('Escape');
        await page.locator(dialogs).waitFor({ state: 'detached' });
        await settled(page);
        if (!(await page.evaluate((opener) => document.activeElement?.matches(opener), /^\w+$/.test(what) ? `[data-move=${what}], [data-move=more]` : what))) out.push(`${form} keeps the hands`);
      }
    }
    out.push(...wrong);
    await context.close();
  }

  if (asked) expect([...new Set([...moves.request.map((m) => `/requests/ ${m}`), ...moves.order.map((m) => `/work-orders/ ${m}`)])].filter((form) => !forms.has(form))).toEqual([]);
  expect(out).toEqual([]);
});

/** Whether there is such a form to be opened; then it is open. */
async function opened(page: Page, what: string): Promise<boolean> {
  const button = page.locator(/^\w+$/.test(what) ? `main [data-move=${what}]` : `main ${what}`).first();
  if (await button.count()) await button.click();
  else {
    const menu = page.locator('main [data-move=more]');
    if (!/^\w+$/.test(what) || !(await menu.count())) return false;
    await menu.click();
    const line = page.locator(`.ant-dropdown:visible [data-menu-id$="-${what}"]`);
    await page.locator('.ant-dropdown:visible [role=menuitem]').first().waitFor();
    if (!(await line.count())) {
      await page.keyboard.press('Escape');
      await page.locator('.ant-dropdown:visible').waitFor({ state: 'detached' });
      return false;
    }
    await line.click();
  }
  await page.locator(dialogs).first().waitFor();
  return true;
}
