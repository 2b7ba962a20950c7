import { LeftOutlined, RightOutlined } from '@ant-design/icons';
import { App, Button } from 'antd';
import dayjs from 'dayjs';
import { useEffect, useRef, useState } from 'react';
import { api, told } from '../api/client';
import type { PlanShift, ShiftLine } from '../api/client';
import { Problem } from '../api/problems';
import { newKey } from '../api/sending';
import { AskFirst } from '../kit/AskFirst';
import { OnDay } from '../kit/Pickers';
import { wallDay, weekday } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { copiedInto, mondayOf, planFor, spanOf, weekAfter } from './rosterWeek';
import type { WeekPlan } from './rosterWeek';

/** Which week is shown, and the one before it taken over. */
export function RosterWeek({ communityId, monday, zone, there, choose, done }: { communityId: string; monday: string; zone: string; there: readonly ShiftLine[] | undefined; choose: (monday: string) => void; done: () => void }) {
  const { t, language } = useWords();
  const { message } = App.useApp();
  const [found, setPlan] = useState<WeekPlan>();
  const plan = planFor(found, monday);
  useEffect(() => setPlan(undefined), [monday]);
  // The page follows a moment later than the hand: pressed twice, it is two weeks.
  const wanted = useRef(monday);
  useEffect(() => { wanted.current = monday; }, [monday]);
  const step = (weeks: number) => choose((wanted.current = weekAfter(wanted.current, weeks)));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  // Sent again after a lost reply, each shift is planned once.
  const keys = useRef(new Map<string, string>());
  const look = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const before = await told(api.GET('/api/communities/{communityId}/shifts', { params: { path: { communityId }, query: spanOf(weekAfter(monday, -1), zone) } }));
      const shifts = copiedInto(monday, before, there!, zone);
      if (shifts.length === 0) void message.info(t('week.nothing'));
      else setPlan({ monday, shifts });
    } catch (e) {
      setProblem(Problem.from(e));
    } finally {
      setBusy(false);
    }
  };
  const copy = async (shifts: PlanShift[]) => {
    setPlan(undefined);
    setBusy(true);
    let made = 0;
    let failed: Problem | null = null;
    for (const s of shifts) {
      const of = `${communityId} ${JSON.stringify(s)}`;
      if (!keys.current.has(of)) keys.current.set(of, newKey());
      try {
        await told(api.POST('/api/communities/{communityId}/shifts', { params: { path: { communityId }, header: { 'Idempotency-Key': keys.current.get(of)! } }, body: s }));
        keys.current.delete(of);
        made += 1;
      } catch (e) {
        // Somebody who left has no shift any more; without a line the rest need not be tried.
        failed = Problem.from(e);
        if (failed.status === 0) break;
      }
    }
    setProblem(failed);
    if (made > 0) void message.success(t('week.copied', { count: made }));
    setBusy(false);
    done();
  };
  return (
    <div className="row" data-part="week">
      <Button icon={<LeftOutlined />} onClick={() => step(-1)} aria-label={t('week.before')} />
      <OnDay zone={zone} picker="week" style={{}} value={dayjs(monday)} allowClear={false} onChange={(d) => { if (d && !Array.isArray(d)) choose(mondayOf(d.format('YYYY-MM-DD'))); }} aria-label={t('week.pick')} inputReadOnly />
      <Button icon={<RightOutlined />} onClick={() => step(1)} aria-label={t('week.after')} data-act="week-after" />
      <Button onClick={() => choose(mondayOf(wallDay(new Date().toISOString(), zone)))}>{t('week.now')}</Button>
      <AskFirst open={!!plan} title={t('week.copySure', { count: plan?.length ?? 0 })} okText={t('week.copy')} cancelText={t('common.cancel')} onConfirm={() => void copy(plan!)} onOpenChange={(open) => { if (!open) setPlan(undefined); }} okButtonProps={{ 'data-act': 'copy-sure' } as never}>
        <Button loading={busy} disabled={!there} onClick={() => void look()} data-act="copy-week">{t('week.copy')}</Button>
      </AskFirst>
      <span className="quiet">{weekday(monday, language)} – {weekday(dayjs(monday).add(6, 'day').format('YYYY-MM-DD'), language)}</span>
      <Trouble problem={problem} />
    </div>
  );
}
