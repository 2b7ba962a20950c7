import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { dialogs, enter, goTo, handsOn, keptOut, launch, open, people, settled, tabTo } from './browser';
import type { Look } from './browser';

/** Only against a desk that has such a person. */
const test = always.skipIf(!people.administrator);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const file = (name: string, lines: string[]) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(`${lines.join('\r\n')}\r\n`) });

test.each<[Look['language'], number, string]>([['zh-CN', 1440, 'Z']])('An administrator sets a community up (%s, %i px)', async (language, width, tag) => {
  const { page, context, wrong } = await open(browser, { language, width });
  const out: string[] = [];
  const look = async (what: string) => { await settled(page); out.push(...(await keptOut(page, what))); };
  await enter(page, 'administrator', '/masters');
  await page.locator('[data-place]').first().waitFor();
  await page.locator('[data-act=import-places]').click();
  const places = page.locator('[data-part=import-places] input[type=file]');
  await places.setInputFiles(file('places.csv', ['fullCode,parent,kind,name', `${tag}9,,building,${tag}9栋`, `${tag}9-1,${tag}8,entrance,一单元`]));
  await page.locator('[data-code="place.parent_unknown"]').waitFor();
  expect(await page.locator('[data-act=take-places]').count()).toBe(0);
  await look('refused lines');
  await places.setInputFiles(file('places.csv', ['fullCode,parent,kind,name', `${tag}9,,building,${tag}9栋`, `${tag}9-1,${tag}9,entrance,一单元`]));
  await page.locator('[data-act=take-places]').click();
  await page.locator(`[data-place="${tag}9"]`).waitFor();
  await page.locator(`[data-place="${tag}9"] a`).click();
  await page.locator(`[data-place="${tag}9-1"] [data-act=rename-place]`).click();
  await page.locator('input[id$=_name]:visible').fill('东单元');
  await page.locator('[data-act=submit]:visible').click();
  await page.locator(`[data-place="${tag}9-1"]`, { hasText: '东单元' }).waitFor();

  // Found by its code, wherever one is.
  await page.locator('[data-part=find-place] input').click();
  await page.keyboard.type(`${tag}9-1`);
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: '东单元' }).first().click();
  await page.locator('.ant-breadcrumb', { hasText: '东单元' }).waitFor();
  await look('a place that was found');

  const form = page.locator(dialogs).last();
  const submitted = async () => {
    await form.locator('[data-act=submit]').click();
    await page.locator(dialogs).waitFor({ state: 'detached' });
  };
  const sure = async (button: Locator) => {
    await button.click();
    await page.locator('.ant-popover:visible .ant-btn-primary').click();
  };
  const elsewhere = async (part: string) => { await goTo(page, '/jobs'); await goTo(page, `/masters?part=${part}`); };

  await elsewhere('categories');
  await page.locator('[data-category]').first().waitFor();
  await page.locator('[data-act=add-category]').click();
  await page.locator('input[id$=_code]:visible').fill(`browser.${tag}`);
  await page.locator('input[id$=_name]:visible').fill(`太阳能${tag}`);
  await page.locator('input[id$=_nameEn]:visible').fill(`Solar ${tag}`);
  await look('a new category');
  await page.locator('[data-act=submit]:visible').click();
  const category = page.locator(`[data-category="browser.${tag}"]`);
  await category.locator('[data-act=edit-category]').click();
  await form.locator('[id$=_nameEn]').fill(`Sun ${tag}`);
  await form.locator('.ant-select:has([id$=_demandsPhotos])').click();
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option').nth(1).click();
  await page.keyboard.press('Escape');
  await submitted();
  const photo = language === 'en' ? /After/ : /施工后/;
  await category.filter({ hasText: `Sun ${tag}` }).filter({ hasText: photo }).waitFor();
  await sure(category.locator('[data-act=retire-category]'));
  await category.waitFor({ state: 'detached' });
  await page.locator('main [role=switch]').click();
  await category.locator('.ant-tag-gold').waitFor();
  await category.locator('[data-act=reinstate-category]').click();
  await category.locator('[data-act=edit-category]').waitFor();

  await elsewhere('teams');
  await page.locator('[data-team]').first().waitFor();
  await page.locator('[data-act=add-team]').click();
  await page.locator('input[id$=_name]:visible').fill(`夜班${tag}`);
  await page.locator('input[id$=_nameEn]:visible').fill(`Night ${tag}`);
  await page.locator('[role=switch][id$=_external]:visible').click(); // with two teams of its own, a crew's work would be for nobody
  await page.locator('[data-act=submit]:visible').click();
  // Without a mouse: called otherwise, then done without, which a first press only asks about.
  const team = `[data-team="夜班${tag}"]`;
  await page.locator(team).waitFor();
  expect(await tabTo(page, `${team} [data-act=edit-team]`)).toEqual([]);
  await page.keyboard.press('Enter');
  await handsOn(page, '.ant-modal, .ant-modal *, .ant-drawer-open *');
  expect(await tabTo(page, '[id$=_nameEn]')).toEqual([]);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(`Late ${tag}`);
  expect(await tabTo(page, '[id$=_phone]')).toEqual([]);
  await page.keyboard.type('021 5555 0101');
  await page.keyboard.press('Control+Enter');
  await page.locator(team, { hasText: `Late ${tag}` }).locator('a[href^="tel:"]').waitFor();
  await handsOn(page, `${team} [data-act=edit-team]`);
  expect(await tabTo(page, `${team} [data-act=retire-team]`)).toEqual([]);
  await page.keyboard.press('Enter');
  await handsOn(page, '.ant-popover button');
  await page.keyboard.press('Enter');
  await handsOn(page, `${team} [data-act=retire-team]`);
  await page.keyboard.press('Enter');
  await handsOn(page, '.ant-popover button');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator(team).waitFor({ state: 'detached' });

  // Somebody sits in another team as well, leads it, leads it no more, and is taken out.
  const engineers = page.locator('[data-team="Engineering组"]');
  const member = engineers.locator('[data-member="security-1"]');
  await engineers.locator('[data-act=seat-member]').click();
  await form.locator('.ant-select:has([id$=_staffId])').click();
  await page.keyboard.type('security-1');
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: 'security-1' }).click();
  await submitted();
  await member.locator('[data-act=lead]').click();
  await member.locator('.ant-tag-green').waitFor();
  await look('teams');
  await member.locator('[data-act=lead]').click();
  await member.locator('.ant-tag-green').waitFor({ state: 'detached' });
  await sure(member.locator('[data-act=unseat-member]'));
  await member.waitFor({ state: 'detached' });
  await engineers.locator('[data-member="engineering-1"]').waitFor();

  await elsewhere('calendar&calendar=office&year=2031');
  await page.locator('[data-part=year]').waitFor();
  const year = tag === 'Z' ? 2031 : 2032;
  await page.locator('[data-part=import-year] input[type=file]').setInputFiles(file('holidays.csv', ['day,name,what', `${year}-01-01,元旦,off`]));
  await page.locator('[data-act=take-year]').waitFor();
  await look('a year');
  await page.locator('[data-act=take-year]').click();
  const first = page.locator(`[data-day="${year}-01-01"][data-kind=off]`);
  await first.waitFor();
  const holiday = page.locator(`[data-holiday="${year}-01-01"]`);
  await holiday.filter({ hasText: '元旦' }).locator('[data-act=name-holiday]').click();
  await form.locator('[id$=_name]').fill(`新年${tag}`);
  await look('a holiday’s name');
  await submitted();
  await holiday.filter({ hasText: `新年${tag}` }).waitFor();
  await holiday.locator('[data-act=name-holiday]').click();
  await form.locator('[id$=_nameEn]').fill(`New year ${tag}`);
  await submitted();
  await holiday.filter({ hasText: language === 'en' ? `New year ${tag}` : `新年${tag}` }).waitFor();

  // Two days off by hand, as for a storm; and as in every week again.
  const storm = page.locator(`[data-holiday="${year}-06-09"]`);
  await page.locator('[data-act=add-days]').click();
  const span = form.locator('.ant-picker-range input');
  for (const [n, day] of [`${year}-06-09`, `${year}-06-10`].entries()) {
    await span.nth(n).fill(day);
    await span.nth(n).press('Enter');
  }
  await form.locator('[id$=_name]').fill('台风');
  await form.locator('[id$=_nameEn]').fill('Typhoon');
  await look('days off by hand');
  await submitted();
  await storm.filter({ hasText: language === 'en' ? 'Typhoon' : '台风' }).filter({ hasText: `${year}-06-09 – ${year}-06-10` }).waitFor();
  await page.locator(`[data-day="${year}-06-10"][data-kind=off]`).waitFor();
  await sure(storm.locator('[data-act=remove-days]'));
  await storm.waitFor({ state: 'detached' });
  await page.locator(`[data-day="${year}-06-10"]:not([data-kind=off])`).waitFor();
  expect(await first.evaluate((day) => day.closest('table')!.querySelectorAll('th')[(day as HTMLTableCellElement).cellIndex]!.textContent)).toContain(new Date(`${year}-01-01`).toLocaleDateString(language, { weekday: 'long', timeZone: 'UTC' }));

  // Opening hours: what is wrong stands beside its day, and what is said over midnight is said to be so.
  await elsewhere('calendar&calendar=office'); // others count on the desk's hours
  const opens = tag === 'Z' ? '09:00' : '10:00';
  const hours = page.locator('[data-part=hours]');
  await hours.locator('[data-act=edit-hours]').click();
  const saturday = form.locator('.ant-form-item:has([id$=_saturday])');
  await saturday.locator('input').fill('9:00-12:00, 11:00-13:00');
  await form.locator('[data-act=submit]').click();
  await saturday.locator('.ant-form-item-explain-error', { hasText: language === 'en' ? 'overlap' : '重叠' }).waitFor();
  await saturday.locator('input').fill('nine to five');
  await form.locator('[data-act=submit]').click();
  await saturday.locator('.ant-form-item-explain-error', { hasText: '24:00' }).waitFor();
  await saturday.locator('input').fill(`${opens.replace(/^0/, '')}–12:00，22：00-6:00`);
  await saturday.locator('.ant-form-item-extra', { hasText: '22:00-06:00' }).waitFor();
  await look('opening hours');
  await submitted();
  await hours.locator('[data-weekday=saturday]', { hasText: `${opens}-12:00, 22:00-06:00` }).waitFor();

  await elsewhere('community');
  await page.locator('[data-part=community]').waitFor();

  expect(out).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});
