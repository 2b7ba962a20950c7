import { useQuery } from '@tanstack/react-query';
import { api, told } from '../api/client';
import type { ClockFigures, ReportBy } from '../api/client';
import { Problem } from '../api/problems';
import { span } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { Drawn, Figures, Plots } from './Figures';
import type { Column } from './Figures';
import { number, percent, shown, useNaming } from './naming';
import { colours } from './plotted';
import type { Scope } from './scope';

/** What was met in time and what was late, and by how much. */
export function OnTime({ scope, by }: { scope: Scope; by: string }) {
  const { t, word, language } = useWords();
  const { from, to, communityId, crew, kind, requestKind, rowsOf } = scope;
  const query = { by: by as ReportBy, from, to, communityId, crew, kind, requestKind };
  const figures = useQuery({ queryKey: ['report', 'clocks', query], queryFn: ({ signal }) => told(api.GET('/api/reports/clocks', { params: { query }, signal })) });
  const named = useNaming(by);
  const rows = figures.data ?? [];
  const rate = (r: ClockFigures) => percent(r.onTime, Number(r.onTime) + Number(r.late));
  const time = (seconds: number | string | null | undefined) => (seconds == null ? '–' : span(Number(seconds), language));
  const to_ = (which: string) => (r: ClockFigures) => rowsOf({ of: 'clocks', by, key: r.key, which });
  const counted = (title: string, which: string, of: (r: ClockFigures) => number | string): Column<ClockFigures> => ({ title, value: (r) => Number(of(r)), to: to_(which) });
  return (
    <>
      {figures.isError && <Trouble problem={Problem.from(figures.error)} retry={() => void figures.refetch()} />}
      <Plots>
        <Drawn title={t('reports.ratePlot')} names={rows.map(named)} percent digits={1} series={[{ name: t('reports.rate'), values: rows.map(rate), colour: colours.good }]} />
        <Drawn title={t('reports.countPlot')} names={rows.map(named)} stacked series={[
          { name: word('clockOutcome', 'onTime'), values: rows.map((r) => Number(r.onTime)), colour: colours.good },
          { name: word('clockOutcome', 'late'), values: rows.map((r) => Number(r.late)), colour: colours.bad },
          { name: word('clockOutcome', 'runningLate'), values: rows.map((r) => Number(r.runningLate)), colour: '#f0a3a8' },
        ]} />
      </Plots>
      <Figures<ClockFigures>
        name={t('reports.clocks')}
        rows={rows}
        id={(r) => r.key}
        loading={figures.isPending}
        empty={t('reports.empty')}
        columns={[
          { title: word('reportBy', by), value: named },
          { title: t('reports.rate'), value: rate, text: (r) => shown(rate(r)) },
          counted(t('reports.total'), 'all', (r) => r.clocks),
          counted(word('clockOutcome', 'onTime'), 'onTime', (r) => r.onTime),
          counted(word('clockOutcome', 'late'), 'late', (r) => r.late),
          counted(word('clockOutcome', 'running'), 'running', (r) => r.running),
          counted(word('clockOutcome', 'runningLate'), 'runningLate', (r) => r.runningLate),
          counted(word('clockOutcome', 'moot'), 'moot', (r) => r.moot),
          counted(t('reports.annotated'), 'annotated', (r) => r.annotated),
          { title: t('reports.median'), head: t('reports.seconds', { title: t('reports.median') }), value: (r) => number(r.medianSeconds), text: (r) => time(r.medianSeconds), to: to_('met') },
          { title: t('reports.p90'), head: t('reports.seconds', { title: t('reports.p90') }), value: (r) => number(r.p90Seconds), text: (r) => time(r.p90Seconds), to: to_('met') },
          { title: t('reports.medianLate'), head: t('reports.seconds', { title: t('reports.medianLate') }), value: (r) => number(r.medianLateSeconds), text: (r) => time(r.medianLateSeconds), to: to_('lateOrRunningLate') },
        ]}
      />
      <p className="quiet">{t('reports.clocksHint')}</p>
    </>
  );
}
