import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { EscalatedWhich, EscalationFigures as Line, ReportBy } from '../api/client';
import { Problem } from '../api/problems';
import { span } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { Drawn, Figures, Plots } from './Figures';
import type { Column } from './Figures';
import { number, useNaming } from './naming';
import type { Scope } from './scope';

// From pale to dark as it climbs.
const rungs = ['#f4c7a1', '#f0a3a8', '#e06666', '#cf1322', '#7d0b16'];

/** How far what was late climbed, who was told, and how soon they answered. */
export function EscalationFigures({ scope, by }: { scope: Scope; by: string }) {
  const { t, word, language } = useWords();
  const { from, to, communityId, crew, kind, requestKind, rowsOf } = scope;
  const query = { by: by as ReportBy, from, to, communityId, crew, kind, requestKind };
  const figures = useQuery({ queryKey: ['report', 'escalations', query], queryFn: ({ signal }) => told(api.GET('/api/reports/escalations', { params: { query }, signal })) });
  const named = useNaming(by);
  const rows = figures.data ?? [];
  const to_ = (which: EscalatedWhich) => (r: Line) => rowsOf({ of: 'escalations', by, key: r.key, which });
  const counted = (which: EscalatedWhich, of: (r: Line) => number | string): Column<Line> => ({ title: word('escalatedWhich', which), value: (r) => Number(of(r)), to: to_(which) });
  const levels: [EscalatedWhich, (r: Line) => number | string][] = [['warnings', (r) => r.warnings], ['level1', (r) => r.level1], ['level2', (r) => r.level2], ['level3', (r) => r.level3], ['level4', (r) => r.level4]];
  return (
    <>
      {figures.isError && <Trouble problem={Problem.from(figures.error)} retry={() => void figures.refetch()} />}
      <Plots>
        <Drawn title={t('reports.ladderPlot')} names={rows.map(named)} stacked series={levels.map(([which, of], i) => ({ name: word('escalatedWhich', which), values: rows.map((r) => Number(of(r))), colour: rungs[i]! }))} />
      </Plots>
      <Figures<Line>
        name={t('reports.escalations')}
        rows={rows}
        id={(r) => r.key}
        loading={figures.isPending}
        empty={t('reports.empty')}
        columns={[
          { title: word('reportBy', by), value: named },
          counted('all', (r) => r.escalations),
          ...levels.map(([which, of]) => counted(which, of)),
          counted('told', (r) => r.told),
          counted('nobody', (r) => r.nobody),
          counted('waiting', (r) => r.waiting),
          counted('doneBeforeTelling', (r) => r.doneBeforeTelling),
          counted('acknowledged', (r) => r.acknowledged),
          ...([['median', (r: Line) => r.medianAcknowledgedSeconds], ['p90', (r: Line) => r.p90AcknowledgedSeconds]] as const).map(([which, of]) => ({
            title: which === 'median' ? t('reports.medianAck') : t('reports.p90Ack'), head: t('reports.seconds', { title: which === 'median' ? t('reports.medianAck') : t('reports.p90Ack') }), value: (r: Line) => number(of(r)), text: (r: Line) => (of(r) == null ? '–' : span(Number(of(r)), language)), to: to_('acknowledged'),
          })),
          counted('promised', (r) => r.promised),
          counted('promisesBroken', (r) => r.promisesBroken),
        ]}
      />
      <p className="quiet unprinted"><Link to="/escalations">{t('reports.ladders')}</Link></p>
    </>
  );
}
