import { beforeEach, describe, expect, test } from 'vitest';
import { countDraftsOf, draftsOf as draftsAt, forgetDraft, forgetDraftsOf, keepDraft, longest, most } from './drafts';
import type { Draft } from './drafts';

class Browser {
  kept = new Map<string, string>();
  get length() { return this.kept.size; }
  key = (i: number) => [...this.kept.keys()][i] ?? null;
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

let browser: Browser;
beforeEach(() => { browser = new Browser(); });

const morning = Date.parse('2026-03-02T09:00:00Z');
const draftsOf = (store: Browser, staffId: string, communityIds: string[]) => draftsAt(store, staffId, communityIds, morning);

const draft = (draftId: string, at = '2026-03-02T08:00:00Z', communityId = 'garden'): Draft => ({ draftId, communityId, at, values: { description: draftId } });

describe('drafts', () => {
  test('A draft is this person’s, of this community', () => {
    keepDraft(browser, 'ann', draft('tap'));

    expect(draftsOf(browser, 'ann', ['garden']).map((d) => d.draftId)).toEqual(['tap']);
    expect(draftsOf(browser, 'bob', ['garden'])).toEqual([]);
    expect(draftsOf(browser, 'ann', ['river'])).toEqual([]);
  });

  test('Kept again, it is still one; in another community it moves', () => {
    keepDraft(browser, 'ann', draft('tap'));
    keepDraft(browser, 'ann', draft('tap', '2026-03-02T08:01:00Z'));
    keepDraft(browser, 'ann', draft('tap', '2026-03-02T08:02:00Z', 'river'));

    expect(draftsOf(browser, 'ann', ['garden', 'river']).map((d) => d.communityId)).toEqual(['river']);
  });

  test('The latest comes first, and the oldest give way', () => {
    for (let n = 0; n < most + 2; n++) keepDraft(browser, 'ann', draft(`${n}`, `2026-03-02T08:0${n}:00Z`));

    expect(draftsOf(browser, 'ann', ['garden']).map((d) => d.draftId)).toEqual(['6', '5', '4', '3', '2']);
  });

  test('Saved, it is gone; at sign-out all are', () => {
    keepDraft(browser, 'ann', draft('tap'));
    keepDraft(browser, 'ann', draft('lift'));
    keepDraft(browser, 'bob', draft('gate'));
    forgetDraft(browser, 'ann', 'tap');
    expect(draftsOf(browser, 'ann', ['garden']).map((d) => d.draftId)).toEqual(['lift']);
    keepDraft(browser, 'ann', draft('stairs', '2026-03-02T08:00:00Z', 'river'));
    keepDraft(browser, 'ann', draft('long ago', '2026-02-28T08:00:00Z', 'river'));
    expect(countDraftsOf(browser, 'ann', morning)).toBe(2);

    forgetDraftsOf(browser, 'ann');

    expect(draftsOf(browser, 'ann', ['garden'])).toEqual([]);
    expect(draftsOf(browser, 'bob', ['garden'])).toHaveLength(1);
  });

  test('A day later nobody’s is there any more', () => {
    keepDraft(browser, 'ann', draft('tap'));
    keepDraft(browser, 'bob', draft('gate', '2026-03-02T20:00:00Z'));

    expect(draftsAt(browser, 'ann', ['garden'], Date.parse('2026-03-02T08:00:00Z') + longest)).toEqual([]);
    expect(browser.length).toBe(1);
  });

  test('What somebody else wrote there is none', () => {
    browser.setItem('desk.draft.ann.garden', '{"oops":');

    expect(draftsOf(browser, 'ann', ['garden'])).toEqual([]);
  });
});
