import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { address, enter, goTo, handsOn, keptOut, launch, open, overflow, people, settled, tabTo } from './browser';
import type { Look } from './browser';

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const chinese = /\p{Script=Han}/u;

test.each<[Look['language'], number]>([['zh-CN', 360], ['en', 1280]])('A manager sees the day, and each figure opens its rows (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await enter(page, 'manager');
  await page.locator('[data-part=today]').waitFor();
  expect(new URL(page.url()).pathname).toBe('/today');
  if (language === 'en') expect(await page.locator('[data-part=today]').innerText()).not.toMatch(chinese);

  const count = Number(await page.locator('[data-figure=open] b').innerText());
  expect(count).toBeGreaterThan(0);
  await page.locator('[data-figure=open]').click();
  await page.locator('.counts b').first().waitFor();
  await expect.poll(() => page.locator('.counts b').first().innerText()).toBe(String(count));
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  await goTo(page, '/today');
  const low = await page.locator('[data-figure=lowRatings] b').innerText();
  await page.locator('[data-figure=lowRatings]').click();
  await expect.poll(() => page.locator('[data-part=count]').innerText()).toBe(low);
  await goTo(page, '/today');
  const waiting = Number(await page.locator('[data-figure=awaitingFeedback] b').innerText());
  await page.locator('[data-figure=awaitingFeedback]').click();
  await page.waitForURL(/status=awaitingFeedback/);
  await expect.poll(() => page.locator('.counts button[aria-pressed=true] b').first().innerText()).toBe(String(waiting));

  // Time goes on between a figure and its rows: they are as many as it says before or after.
  const rowsOf = { late: 'main tbody tr.ant-table-row, main .orders > a.order', soon: 'main tbody tr.ant-table-row, main .orders > a.order', escalations: '[data-ladder]' } as const;
  for (const figure of language === 'en' ? (['late', 'soon', 'escalations'] as const) : []) {
    await goTo(page, '/today');
    const before = Number(await page.locator(`[data-figure=${figure}] b`).innerText());
    await page.locator(`[data-figure=${figure}]`).click();
    await page.locator(rowsOf[figure]).first().waitFor();
    await settled(page);
    const rows = await page.locator(rowsOf[figure]).count();
    const { communities } = (await (await page.request.get(`${address}/api/reports/today`)).json()) as { communities: Record<typeof figure, number>[] };
    const after = communities.reduce((sum, c) => sum + c[figure], 0);
    expect([figure, before > 0, before === rows || after === rows]).toEqual([figure, true, true]);
    if (figure === 'escalations') expect(await page.locator('[data-ladder]:not(:has([data-act=acknowledge].ant-btn-primary)), [data-ladder]:not(:has([data-level="1"], [data-level="2"], [data-level="3"], [data-level="4"]))').count()).toBe(0);
    else expect(await page.locator('.counts b').first().innerText()).toBe(String(rows));
    if (figure === 'soon') {
      await page.locator(rowsOf.soon, { hasText: '热线转来' }).waitFor();
      expect(await page.locator(rowsOf.soon, { hasText: '昨天就该修好' }).count()).toBe(0);
    }
    if (figure === 'late') {
      expect(await page.locator(rowsOf.late).filter({ hasNot: page.locator('.late') }).count()).toBe(0);
      expect(await page.locator('[data-late]').count()).toBeGreaterThan(0);
      await page.locator(rowsOf.late, { hasText: '昨天就该修好' }).waitFor();
      expect(await page.locator(rowsOf.late, { hasText: '热线转来' }).count()).toBe(0);
    }
  }

  for (const of of ['clocks', 'satisfaction', 'escalations', 'demand']) {
    await goTo(page, `/reports?of=${of}&by=${of === 'demand' ? 'requestKind' : 'all'}`);
    await page.locator('.figures table').waitFor();
    await settled(page);
    if (width > 600) expect([of, await page.locator('.figures .ant-table-content').evaluate((e) => e.scrollWidth - e.clientWidth)]).toEqual([of, 0]);
    expect(await overflow(page), of).toBeLessThanOrEqual(0);
    await opens(page);
  }

  if (width > 600 && language === 'en') {
    await page.setViewportSize({ width: 2560, height: 1440 });
    for (const [path, there] of [['/today', '[data-part=today]'], ['/reports', '.figures table']] as const) {
      await goTo(page, path);
      await page.locator(there).waitFor();
      await settled(page);
      await expect.poll(async () => [path, await overflow(page)]).toEqual([path, 0]);
    }
  }

  expect(wrong).toEqual([]);
  await context.close();
});

test('A score stands with how many gave one, and where nobody did is a dash and no nought; categories have their trend, week by week', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1440 });
  const head = { owner: 'Score, by owners', staff: 'Score, written by staff' };
  await enter(page, 'manager', '/reports?of=satisfaction&by=all');
  await page.locator('.figures tbody tr.ant-table-row').first().waitFor();
  expect(await cell(page, head.staff, 0)).toBe('2.00 (1)');
  expect(await cell(page, head.owner, 0)).toBe('–');
  expect((await page.locator('.figures').innerText()).includes('0.00')).toBe(false);

  await page.goto(`${address}/reports?of=demand&by=category&every=week`);
  const rows = page.locator('.figures tbody tr.ant-table-row');
  await rows.first().waitFor();
  await page.locator('.plot svg').first().waitFor();
  await settled(page);
  const heads = await page.locator('.figures th').allInnerTexts();
  expect(heads.slice(2).every((week) => /^\d{4}-\d\d-\d\d$/.test(week))).toBe(true);
  const names = await rows.locator('td:first-child').allInnerTexts();
  expect(new Set(names).size).toBe(names.length);
  expect(names.join()).not.toMatch(chinese);
  for (const [name, total, ...weeks] of await rows.evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map((td) => td.innerText)))) {
    expect([name, weeks.reduce((sum, week) => sum + Number(week), 0)]).toEqual([name, Number(total)]);
  }
  const week = rows.first().locator('td a').last();
  const counted = await week.innerText();
  await week.click();
  await page.locator('[data-part=rows] .order').first().waitFor();
  await expect.poll(() => page.locator('[data-part=count]').innerText()).toBe(counted);

  expect(wrong).toEqual([]);
  await context.close();
});

test('However a report is divided, its parts are the same whole; a plot says what the table says, and so does the file', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1440 });
  await enter(page, 'manager', '/reports?of=clocks&by=all');
  const divide = async (by: string, words: string) => {
    await page.locator('.report .ant-select:has(input[aria-label=Divided])').click();
    await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: new RegExp(`^${words}$`) }).click();
    await page.waitForURL((u) => u.searchParams.get('by') === by);
    await page.locator('.report .figures th', { hasText: new RegExp(`^${words}$`) }).first().waitFor(); // until then the rows are those of before
    return table(page);
  };
  const whole = ['All', 'On time', 'Late', 'Not counted'];
  const sums = ({ heads, rows }: Sheet, of: string[]) => of.map((head) => rows.reduce((sum, row) => sum + Number(row[heads.indexOf(head)]), 0));
  const all = sums(await table(page), whole);
  expect([all.length, all[0]! > 0, all[1]! > 0]).toEqual([4, true, true]);
  const named = { crew: /^(Engineering|Environment|Security|Administration|\(none\))$/, kind: /^[A-Z][a-z ]+$/, month: /^\d{4}-\d\d$/ };
  for (const [by, words] of [['month', 'By month'], ['crew', 'By crew'], ['kind', 'By clock']] as const) {
    const sheet = await divide(by, words);
    const names = sheet.rows.map(([name]) => name!);
    expect([by, sheet.heads[0], sums(sheet, whole)]).toEqual([by, words, all]);
    expect([by, new Set(names).size, names.filter((name) => !named[by].test(name))]).toEqual([by, names.length, []]);
  }

  // By clock: what is drawn, and what the pointer reads off.
  const sheet = await table(page);
  const column = (head: string) => sheet.rows.map((row) => row[sheet.heads.indexOf(head)]!);
  expect((await drawn(page, 0, /^\d+\.\d %$/)).toSorted()).toEqual(column('On time, %').filter((cell) => cell !== '–').toSorted());
  const plot = page.locator('.plot').nth(1).locator('svg');
  await plot.hover();
  const read = page.locator('.plot').nth(1).locator('[style*="9999999"]');
  await read.filter({ hasText: 'Running late' }).waitFor();
  const [, name, ...numbers] = /^(.+?)\s*On time\s*(\d+)\s*Late\s*(\d+)\s*Running late\s*(\d+)$/s.exec((await read.innerText()).trim())!;
  const row = sheet.rows.find(([first]) => first === name!.trim())!;
  expect(numbers).toEqual(['On time', 'Late', 'Running late'].map((head) => row[sheet.heads.indexOf(head)]!));

  // The file has the same rows under the same heads, times in seconds.
  const file = await saved(page);
  expect(file[0]!.map((head) => head.replace(/ \(s\)$/, ''))).toEqual(sheet.heads);
  const inSeconds = file[0]!.map((head) => head.endsWith(' (s)'));
  const plain = (cell: string) => (cell === '–' ? '' : cell.replace(/ %$/, '').replace(/\.0$/, ''));
  expect(file.slice(1).map((cells) => cells.filter((_, i) => !inSeconds[i]))).toEqual(sheet.rows.map((cells) => cells.map(plain).filter((_, i) => !inSeconds[i])));
  expect(file.slice(1).flatMap((cells, n) => cells.filter((cell, i) => inSeconds[i] && (cell === '') !== (sheet.rows[n]![i] === '–')))).toEqual([]);

  const figure = page.locator('.figures td a').filter({ hasText: /^[1-9]\d*$/ }).first();
  const counted = Number(await figure.innerText());
  await figure.click();
  await page.locator('[data-part=rows] .order').first().waitFor();
  const lines = await saved(page);
  const shown = (await page.locator('[data-part=rows] a.number').allInnerTexts()).map((words) => words.replaceAll(/\D/g, ''));
  expect([lines.length - 1, shown.length]).toEqual([counted, counted]);
  expect(lines.slice(1).filter((cells, n) => !cells.includes(shown[n]!))).toEqual([]);

  await goTo(page, '/reports?of=satisfaction&by=all');
  const said = ['Asked', 'Answered'];
  const asked = sums(await table(page), said);
  expect(asked.every((n) => n > 0)).toBe(true);
  for (const [by, words] of [['month', 'Month'], ['requestKind', 'Kind'], ['crew', 'Crew']] as const) {
    const sheet = await divide(by, words);
    expect([by, sums(sheet, said)]).toEqual([by, asked]);
  }
  const scores = await table(page);
  const ofScores = (head: string) => scores.rows.map((cells) => cells[scores.heads.indexOf(head)]!).filter((cell) => cell !== '–');
  expect((await drawn(page, 0, /^\d\.\d\d$/)).toSorted()).toEqual([...ofScores('Score, by owners'), ...ofScores('Score, written by staff')].map((cell) => cell.split(' ')[0]).toSorted());
  expect((await drawn(page, 1, /^\d+\.\d %$/)).toSorted()).toEqual(ofScores('Response rate').toSorted());

  expect(wrong).toEqual([]);
  await context.close();
});

test.each<[Look['language'], number]>([['zh-CN', 1440], ['en', 360]])('Whoever manages several communities sees them side by side, with their figures and without invented ones (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await enter(page, 'region', '/reports?of=communities');
  const rows = page.locator('.figures tbody tr.ant-table-row');
  await rows.nth(1).waitFor();
  await settled(page);
  const names = await rows.locator('td:first-child').allInnerTexts();
  const [here, there] = (language === 'en' ? ['Test community here', 'Test community there'] : ['测试小区 here', '测试小区 there']).map((name) => names.indexOf(name));
  const head = language === 'en' ? { requests: 'Requests', staff: 'Score, written by staff', owner: 'Score, by owners' } : { requests: '服务申请', staff: '满意度（员工代录）', owner: '满意度（业主自评）' };
  expect([await cell(page, head.staff, here!), await cell(page, head.owner, here!)]).toEqual(['2.00 (1)', '–']);
  expect([await cell(page, head.requests, there!), await cell(page, head.staff, there!), await cell(page, head.owner, there!)]).toEqual(['0', '–', '–']);
  expect(await page.locator('.plot svg').count()).toBeGreaterThan(0);
  expect(await keptOut(page, 'communities')).toEqual([]); // of one there is no such tab
  const open_ = rows.nth(here!).locator('td').nth(1).locator('a');
  const counted = await open_.innerText();
  await open_.click();
  await page.locator('[data-part=rows] .order').first().waitFor();
  await expect.poll(() => page.locator('[data-part=count]').innerText()).toBe(counted);

  expect(wrong).toEqual([]);
  await context.close();
});

const wordy = ['clocks', 'satisfaction', 'escalations', 'time', 'demand', 'communities']; // in English each takes more room
test.each<[Look['language'], 'light' | 'dark', string[]]>([['zh-CN', 'light', ['clocks', 'communities']], ['en', 'dark', wordy]])('On paper a report is its figures: no menus, black on white, every row, every column on the sheet (%s, %s)', async (language, shade, reports) => {
  const { page, context, wrong } = await open(browser, { language, width: 1440, shade });
  const found: string[] = [];
  await enter(page, 'region');
  for (const of of reports) {
    await goTo(page, `/reports?of=${of}`);
    await page.locator('.report .figures tbody tr.ant-table-row').first().waitFor();
    await settled(page);
    const rows = await page.locator('.report .figures tbody tr.ant-table-row').count();
    const columns = await page.locator('.report .figures th').count();
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize(sheet);
    await settled(page);

    expect([of, await page.locator('.shell > header, .unprinted, .scope').evaluateAll((all) => all.filter((e) => e.checkVisibility()).length)]).toEqual([of, 0]);
    expect([of, await page.locator('.printed h1').isVisible()]).toEqual([of, true]);
    expect([of, await page.locator('.figures tbody tr.ant-table-row:visible').count(), await page.locator('.figures th:visible').count()]).toEqual([of, rows, columns]);
    await expect.poll(() => offTheSheet(page), { message: of }).toEqual([]);
    found.push(...(await pale(page)).map((what) => `${of}: ${what}`));
    const paper = await page.pdf({ preferCSSPageSize: true });
    if (process.env.DESK_PICTURES) writeFileSync(join(process.env.DESK_PICTURES, `paper-${of}-${language}.pdf`), paper);
    expect([of, /\/MediaBox \[0 0 84[12][.\d]* 59[45]/.test(paper.toString('latin1'))]).toEqual([of, true]); // on its side
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 1440, height: 900 });
  }

  expect(found).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});

test('A list that is printed is on paper as a whole, however many pages of it there are', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await page.addInitScript(() => { window.print = () => { document.documentElement.dataset.printed = String(document.querySelectorAll('[data-part=rows] > *').length); }; });
  await enter(page, 'manager');
  await page.route('**/api/reports/clocks/lines?*', async (route) => {
    const after = Number(new URL(route.request().url()).searchParams.get('after') ?? 0);
    const reply = await route.fetch({ url: route.request().url().replace(/after=[^&]*/, '') });
    const [first] = ((await reply.json()) as { items: object[] }).items;
    await route.fulfill({ json: { items: Array.from({ length: after === 2 ? 50 : 100 }, (_, n) => ({ ...first, clockId: `00000000-0000-7000-8000-${String(after * 100 + n).padStart(12, '0')}` })), next: after === 2 ? null : String(after + 1) } });
  });
  await goTo(page, `/reports/rows?of=clocks&by=all&which=all`);
  await page.locator('[data-part=rows] .order').nth(99).waitFor();
  await page.locator('[data-act=print]').click();
  await page.locator('html[data-printed]').waitFor();
  expect(await page.locator('html').getAttribute('data-printed')).toBe('250');

  // A page of it that cannot be had: nothing is printed that could be taken for the whole.
  await page.reload();
  await page.locator('[data-part=rows] .order').nth(99).waitFor();
  await page.route(/clocks\/lines\?.*after=2/, (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: { code: 'unexpected', title: 'Not now.', status: 503 } }));
  await page.locator('[data-act=print]').click();
  await page.locator('main [data-code=unexpected]').waitFor();
  expect(await page.locator('html').getAttribute('data-printed')).toBeNull();
  expect(wrong).toEqual([]);
  await context.close();
});

test('Where nobody has pressed anything yet an alarm is silent, and the page says so; pressed, what is open is heard', async () => {
  const { page, context, wrong } = await open(browser, { language: 'en', width: 1280 });
  await enter(page, 'manager');
  const silent = await context.newPage();
  // What a script asks of a page counts as a press on it: only a pointer does here.
  await silent.addInitScript(() => {
    let pressed = false;
    addEventListener('pointerdown', () => { pressed = true; }, true);
    Object.defineProperty(navigator, 'userActivation', { get: () => ({ hasBeenActive: pressed }) });
    const state = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, 'state')!.get!;
    Object.defineProperty(BaseAudioContext.prototype, 'state', { get(this: AudioContext) { return pressed ? (state.call(this) as string) : 'suspended'; } });
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) {
      document.documentElement.dataset.rung = String(1 + Number(document.documentElement.dataset.rung ?? 0));
      start.call(this, at);
    };
  });
  await silent.goto(`${address}/reports`);
  await silent.locator('[data-act=alarms]').waitFor();
  await silent.locator('[data-act=sound]').waitFor();
  await settled(silent);
  expect(await silent.evaluate(() => document.documentElement.dataset.rung ?? 'silent')).toBe('silent');

  await silent.mouse.click(5, 300);
  await silent.locator('html[data-rung]').waitFor();
  await silent.locator('[data-act=sound]').waitFor({ state: 'detached' });
  expect(wrong).toEqual([]);
  await context.close();
});

test.each<[Look['language'], number]>([['zh-CN', 1280], ['en', 360]])('An alarm is seen and heard until somebody ends it, and what is late is answered for with a time and a word (%s, %i px)', async (language, width) => {
  const { page, context, wrong } = await open(browser, { language, width });
  await page.addInitScript(() => {
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) {
      document.documentElement.dataset.rung = 'yes';
      start.call(this, at);
    };
  });
  const words = language === 'en' ? 'The pump comes at noon' : '中午送水泵来';
  const form = page.locator('.ant-modal:visible, .ant-drawer-open:visible').last();
  await enter(page, 'manager', '/escalations');
  await page.mouse.click(5, 300); // an alarm is heard where somebody has pressed something
  await page.locator('html[data-rung]').waitFor();
  const ladder = page.locator('[data-ladder]', { hasNotText: language === 'en' ? 'Danger' : '危险' }).first();
  await ladder.waitFor();
  const alarms = page.locator('.alarms li');
  await alarms.nth(1).waitFor();
  const before = await alarms.count();
  await expect.poll(() => page.locator('[data-act=alarms]').getAttribute('aria-label')).toContain(String(before));
  if (language === 'en') expect(await ladder.locator('button, .rung > div:first-child').allInnerTexts()).not.toContainEqual(expect.stringMatching(chinese));

  // Who was told when: as it stands on the ladder, so it is in the file.
  const { items } = (await (await page.request.get(`${address}/api/escalations/ladders?state=open&level=1,2,3,4&take=100`)).json()) as { items: { clockId: string; steps: Step[] }[] };
  const climbed = items.find((l) => l.steps[0]!.told.length > 0)!;
  const step = climbed.steps[0]!;
  const toldAt = step.told[0]!.toldAt;
  const said = tells[language];
  const first = page.locator(`[data-ladder="${climbed.clockId}"] [data-level="1"] .rung`);
  expect(climbed.steps.slice(0, 3).map((s) => s.told.map((w) => w.displayName).toSorted())).toEqual([['clerk'], ['officer', 'region'], ['manager']]);
  expect(await first.innerText()).toContain(`clerk (${said.desk}, ${onTheWall(toldAt).slice(11)})`);
  expect(await first.locator('time').first().getAttribute('datetime')).toBe(step.escalation.firedAt);
  const whole = await fileOf(page, said.file);
  const line = whole.find((row) => row[said.number] === String(step.escalation.requestNumber) && row[said.level] === '1')!;
  expect(line[said.told]).toBe(`clerk (${said.desk}) ${onTheWall(toldAt)}`);

  const [clock, request] = [await ladder.getAttribute('data-ladder'), await ladder.locator('a.number').getAttribute('href')];
  const button = `[data-ladder="${clock}"] [data-act=acknowledge]`;
  const until = new Date((Math.floor(Date.now() / 60_000) + 180) * 60_000);
  const wall = until.toLocaleString('sv', { timeZone: 'Asia/Shanghai' }).slice(0, 16);
  const acknowledged = page.waitForResponse((r) => r.url().endsWith('/acknowledgement'));
  // Without a mouse: but it lies somewhere, and the days may open under it.
  expect(await tabTo(page, button)).toEqual([]);
  await page.keyboard.press('Enter');
  await handsOn(page, '.ant-modal, .ant-modal *, .ant-drawer-open *');
  expect(await tabTo(page, '[id$=_promisedAt]')).toEqual([]);
  await page.keyboard.type(wall.slice(0, 1));
  await page.locator('.ant-picker-dropdown:visible td').nth(8).hover();
  await page.keyboard.type(wall.slice(1));
  await page.keyboard.press(width > 600 ? 'Enter' : 'Tab');
  expect(await tabTo(page, '[id$=_note]')).toEqual([]);
  await page.keyboard.type(words);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.keyboard.press('Control+Enter');
  expect((await acknowledged).status()).toBe(200);
  await page.locator('.ant-modal:visible, .ant-drawer-open:visible').waitFor({ state: 'detached' });
  await page.locator(`[data-ladder="${clock}"]`).waitFor({ state: 'detached' });

  const alarm = alarms.filter({ has: page.locator(`a[href="${request}"]`) });
  await alarm.locator('[data-act=end-alarm]').click();
  await form.locator('[id$=_note]').fill(words);
  const ended = page.waitForResponse((r) => r.url().endsWith('/ending'));
  await form.locator('[data-act=submit]').click();
  expect((await ended).status()).toBe(200);
  await alarm.waitFor({ state: 'detached' });
  await expect.poll(() => page.locator('[data-act=alarms]').getAttribute('aria-label')).toContain(String(before - 1));

  await page.goto(`${address}/escalations?state=acknowledged`);
  const rung = page.locator(`[data-ladder="${clock}"] .rung`, { hasText: words });
  await rung.waitFor();
  expect(await rung.innerText()).toContain(people.manager![0].split('@')[0]);
  const times = await rung.locator('time').evaluateAll((all) => all.map((time) => Date.parse(time.getAttribute('datetime')!)));
  expect(times).toContain(until.getTime());
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  const answered = (await fileOf(page, said.file)).find((row) => row[said.words] === words)!;
  expect([answered[said.promised], answered[said.by]]).toEqual([onTheWall(until.toISOString()), people.manager![0].split('@')[0]]);

  expect(wrong).toEqual([]);
  await context.close();
});

interface Step { told: { displayName: string; toldAt: string }[]; escalation: { requestNumber: number; firedAt: string } }

/** How the sheet calls what it has, and its columns. */
const tells = {
  'zh-CN': { desk: '前台值班', file: '升级.csv', number: '单号', level: '级别', told: '已通知', words: '答复', promised: '承诺完成时间', by: '确认人' },
  en: { desk: 'Desk', file: 'Escalations.csv', number: 'Number', level: 'Level', told: 'Told', words: 'What you say about it', promised: 'Promised time', by: 'Acknowledged by' },
} as const;

/** On the community's wall, to the minute. */
const onTheWall = (at: string): string => new Date(at).toLocaleString('sv', { timeZone: 'Asia/Shanghai' }).slice(0, 16);

/** The sheet as it is saved: each line by the names of its columns, as many as there are. */
async function fileOf(page: Page, name: string): Promise<Record<string, string>[]> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('[data-act=csv]').click()]);
  expect(file.suggestedFilename()).toBe(name);
  const text = readFileSync(await file.path(), 'utf8');
  expect([text.startsWith('\uFEFF'), text.endsWith('\r\n')]).toEqual([true, true]);
  const [heads, ...lines] = text.slice(1, -2).split('\r\n').map((row) => [...`,${row}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => m[1]?.replaceAll('""', '"') ?? m[2]!));
  expect([heads!.length, new Set(heads).size]).toEqual([20, 20]);
  expect(lines.length).toBeGreaterThan(0);
  return lines.map((row) => {
    expect(row).toHaveLength(heads!.length);
    return Object.fromEntries(heads!.map((head, n) => [head, row[n]!]));
  });
}

/** A4, lying on its side, at 96 dots an inch, within its margins. */
const sheet = { width: 1122 - 2 * 45, height: 793 - 2 * 45 };

interface Sheet { heads: string[]; rows: string[][] }

/** The whole table, as it is read. */
async function table(page: Page): Promise<Sheet> {
  await page.locator('.report .figures tbody tr.ant-table-row').first().waitFor();
  await settled(page);
  return page.locator('.report .figures').first().evaluate((sheet) => {
    const words = (cells: NodeListOf<HTMLElement>) => [...cells].map((cell) => cell.innerText.trim());
    return { heads: words(sheet.querySelectorAll('th')), rows: [...sheet.querySelectorAll('tbody tr.ant-table-row')].map((row) => words(row.querySelectorAll('td'))) };
  });
}

/** The numbers that stand at what is drawn; those at its axis look different. */
async function drawn(page: Page, plot: number, like: RegExp): Promise<string[]> {
  const texts = page.locator('.plot').nth(plot).locator('svg text');
  await texts.first().waitFor();
  return (await texts.evaluateAll((all) => all.map((text) => text.textContent!.trim()))).filter((words) => like.test(words));
}

/** The file that the page gives, row by row. */
async function saved(page: Page): Promise<string[][]> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('[data-act=csv]').click()]);
  const text = readFileSync(await file.path(), 'utf8');
  expect(text.startsWith('\uFEFF')).toBe(true);
  return text.slice(1).split('\r\n').filter(Boolean).map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? ''));
}

/** What stands in this row under this head. */
const cell = async (page: Page, head: string, row: number): Promise<string> => {
  const heads = (await page.locator('.figures th').allInnerTexts()).map((words) => words.trim());
  expect(heads).toContain(head);
  return (await page.locator('.figures tbody tr.ant-table-row').nth(row).locator('td').nth(heads.indexOf(head)).innerText()).trim();
};

/** What is beside the sheet, or behind an edge that cuts it off. */
const offTheSheet = (page: Page): Promise<string[]> =>
  page.evaluate(() => [...document.querySelectorAll<HTMLElement>('main *')].filter((e) => e.checkVisibility() && !e.closest('svg, .ant-table-measure-row') && e.getBoundingClientRect().width > 0).filter((e) => {
    const box = e.getBoundingClientRect();
    return box.right > document.documentElement.clientWidth + 1 || box.left < -1 || (getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1);
  }).map((e) => `${e.tagName}.${e.className} ${e.innerText.slice(0, 30)}`));

/** Words that would hardly be seen on white. */
const pale = (page: Page): Promise<string[]> =>
  page.evaluate(() => [...document.querySelectorAll<HTMLElement>('main h1, main p, main th, main td, main .plot .ant-card-head-title')].filter((e) => e.checkVisibility() && e.innerText.trim()).filter((e) => {
    const [r, g, b] = getComputedStyle(e).color.match(/[\d.]+/g)!.map(Number) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 140;
  }).map((e) => `${e.tagName} ${e.innerText.slice(0, 30)} ${getComputedStyle(e).color}`));

/** The first figure of the table that is a link leads to as many rows. */
async function opens(page: Page): Promise<void> {
  const figure = page.locator('.figures td a').filter({ hasText: /^\d+$/ }).first();
  if ((await figure.count()) === 0) return;
  const counted = await figure.innerText();
  await figure.click();
  await page.locator('[data-part=count]').waitFor();
  await expect.poll(() => page.locator('[data-part=count]').innerText()).toBe(counted);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
}
