import i18next from 'i18next';
import { describe, expect, test } from 'vitest';
import type { TimelineEntry } from '../api/client';
import { en } from '../words/en';
import { wordOf } from '../words/words';
import { zhCN } from '../words/zh-CN';
import { particulars } from './happened';
import type { Sayer } from './happened';

const names: Record<string, string> = { a: 'Ann', b: 'Bob', e: 'Engineering', s: 'Security', k: 'Leaking pipe', d: 'Front door', p1: '1502', p2: '1503', c1: 'Grace Lin' };

async function sayer(language: 'en' | 'zh-CN'): Promise<Sayer> {
  const here = language === 'en' ? en : zhCN;
  const said = i18next.createInstance();
  await said.init({ lng: language, ns: ['words'], defaultNS: 'words', resources: { [language]: { words: here } }, interpolation: { escapeValue: false } });
  return { t: said.t as Sayer['t'], word: (of, member) => wordOf(here.enums as typeof zhCN.enums, of, member), name: (id) => names[id], time: (at) => at.slice(11, 16) };
}

const told: [TimelineEntry['what'], object, string[], string[]][] = [
  ['requestReprioritised', { from: 'normal', to: 'urgent', workOrderIds: [] }, ['Priority: Normal → Urgent'], ['优先级：一般 → 急修']],
  ['requestRecategorised', { from: 'k', to: 'd' }, ['Category: Leaking pipe → Front door'], ['类别：Leaking pipe → Front door']],
  ['requestRescheduled', { from: null, to: { from: '2026-03-02T14:00:00Z', to: '2026-03-02T16:30:00Z' } }, ['Appointment: – → 14:00 – 16:30'], ['预约：– → 14:00 – 16:30']],
  ['personInChargeNamed', { from: 'a', to: 'b' }, ['In charge: Ann → Bob'], ['负责人：Ann → Bob']],
  ['workDispatched', { crew: 'engineering', teamId: 'e', assigneeId: 'a' }, ['To: Engineering', 'Assignee: Ann'], ['派给：Engineering', '处理人：Ann']],
  ['workDispatched', { crew: 'engineering' }, ['To: Engineering'], ['派给：工程组']],
  ['workAssigned', { assigneeId: 'b', from: 'a' }, ['Assignee: Ann → Bob'], ['处理人：Ann → Bob']],
  ['workTransferred', { fromCrew: 'engineering', fromTeamId: 'e', toCrew: 'security', toTeamId: 's' }, ['Team: Engineering → Security'], ['班组：Engineering → Security']],
  ['escalated', { kind: 'finish', level: 2, cause: 'stillLate', dueAt: '2026-03-02T14:00:00Z', told: ['a', 'b'] }, ['Level 2', 'Finish: 14:00', 'Told: Ann, Bob'], ['第 2 级', '完工：14:00', '通知了 Ann, Bob']],
  ['escalated', { kind: 'finish', level: 1, dueAt: '2026-03-02T14:00:00Z', told: [] }, ['Level 1', 'Finish: 14:00', en.escalations.nobody], ['第 1 级', '完工：14:00', zhCN.escalations.nobody]],
  ['requestAmended', { fields: ['place', 'customer', 'confidential', 'description'], placeId: 'p2', customerId: null, confidential: true, before: { placeId: 'p1', customerId: 'c1', confidential: false } },
    ['Place: 1502 → 1503', 'Customer: Grace Lin → –', 'Confidential: No → Yes', 'Description'], ['位置：1502 → 1503', '客户：Grace Lin → –', '保密：否 → 是', '内容']],
  ['feedbackGiven', { solved: 'partly', satisfaction: 3 }, ['Partly', 'Satisfaction 3 / 5'], ['部分解决', '满意度 3 / 5']],
  ['requestNoted', {}, [], []],
];

describe('What an event’s own name leaves open', () => {
  test.each(['en', 'zh-CN'] as const)('From what to what, to whom, to which level (%s)', async (language) => {
    const say = await sayer(language);
    expect(told.map(([what, detail]) => [what, particulars({ what, detail: detail as TimelineEntry['detail'] }, say)])).toEqual(told.map(([what, , english, chinese]) => [what, language === 'en' ? english : chinese]));
  });

  test('What this reader is not told the name of leaves no id behind', async () => {
    const say = await sayer('en');
    expect(particulars({ what: 'workAssigned', detail: { assigneeId: '0190-x', from: null } as unknown as TimelineEntry['detail'] }, say)).toEqual([]);
  });
});
