import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { address, enter, keptOut, launch, open, people, settled } from './browser';
import type { Look } from './browser';

/** Only against a desk that has such a person. */
const test = always.skipIf(!people.administrator);

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => { await browser?.close(); });

const file = (name: string, lines: string[]) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(`${lines.join('\r\n')}\r\n`) });

test.each<[Look['language'], number, string]>([['zh-CN', 1440, 'Z'], ['en', 360, 'E']])('An administrator sets a community up (%s, %i px)', async (language, width, tag) => {
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

  await page.goto(`${address}/masters?part=categories`);
  await page.locator('[data-category]').first().waitFor();
  await page.locator('[data-act=add-category]').click();
  await page.locator('input[id$=_code]:visible').fill(`browser.${tag}`);
  await page.locator('input[id$=_name]:visible').fill(`太阳能${tag}`);
  await page.locator('input[id$=_nameEn]:visible').fill(`Solar ${tag}`);
  await look('a new category');
  await page.locator('[data-act=submit]:visible').click();
  await page.locator(`[data-category="browser.${tag}"]`).waitFor();

  await page.goto(`${address}/masters?part=teams`);
  await page.locator('[data-team]').first().waitFor();
  await page.locator('[data-act=add-team]').click();
  await page.locator('input[id$=_name]:visible').fill(`夜班${tag}`);
  await page.locator('input[id$=_nameEn]:visible').fill(`Night ${tag}`);
  await page.locator('[role=switch][id$=_external]:visible').click(); // with two teams of its own, a crew's work would be for nobody
  await page.locator('[data-act=submit]:visible').click();
  await page.locator(`[data-team="夜班${tag}"]`).waitFor();

  await page.goto(`${address}/masters?part=calendar&calendar=office&year=2031`);
  await page.locator('[data-part=year]').waitFor();
  const year = tag === 'Z' ? 2031 : 2032;
  await page.locator('[data-part=import-year] input[type=file]').setInputFiles(file('holidays.csv', ['day,name,what', `${year}-01-01,元旦,off`]));
  await page.locator('[data-act=take-year]').waitFor();
  await look('a year');
  await page.locator('[data-act=take-year]').click();
  await page.locator(`[data-day="${year}-01-01"][data-kind=off]`).waitFor();

  await page.goto(`${address}/masters?part=community`);
  await page.locator('[data-part=community]').waitFor();

  expect(out).toEqual([]);
  expect(wrong).toEqual([]);
  await context.close();
});
