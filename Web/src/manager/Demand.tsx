import { useQuery } from '@tanstack/react-query';
import { api, told } from '../api/client';
import type { DemandBy, DemandEvery, DemandFigure } from '../api/client';
import { Problem } from '../api/problems';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { Drawn, Figures, Plots } from './Figures';
import { useNaming } from './naming';
import { colours, many } from './plotted';
import type { Scope } from './scope';
import { trend } from './trend';

/** How much was asked for, week by week, by category. */
export function Demand({ scope, by, every }: { scope: Scope; by: string; every: string }) {
  const { t, word } = useWords();
  const { from, to, communityId, requestKind, rowsOf } = scope;
  const query = { by: by as DemandBy, every: every as DemandEvery, from, to, communityId, requestKind };
  const figures = useQuery({ queryKey: ['report', 'demand', query], queryFn: ({ signal }) => told(api.GET('/api/reports/demand', { params: { query }, signal })) });
  const named = useNaming(by);
  const { periods, lines } = trend((figures.data ?? []) as DemandFigure[], every as DemandEvery);
  const period = (p: string) => (every === 'month' ? p.slice(0, 7) : p);
  const drawn = lines.slice(0, many.length);
  const rest = lines.slice(many.length);
  const rowsIn = (p: string | undefined, key: string) => rowsOf({ of: 'demand', by, every, key, period: p });
  return (
    <>
      {figures.isError && <Trouble problem={Problem.from(figures.error)} retry={() => void figures.refetch()} />}
      <Plots>
        <Drawn title={t('reports.demandPlot')} names={periods.map(period)} stacked series={[
          ...drawn.map((l, i) => ({ name: named(l), values: l.counts, colour: many[i]! })),
          ...(rest.length > 0 ? [{ name: t('reports.others', { count: rest.length }), values: periods.map((_, i) => rest.reduce((n, l) => n + l.counts[i]!, 0)), colour: colours.rest }] : []),
        ]} />
      </Plots>
      <Figures
        name={t('reports.demand')}
        rows={lines}
        id={(l) => l.key}
        loading={figures.isPending}
        empty={t('reports.empty')}
        columns={[
          { title: word('demandBy', by), value: named },
          { title: t('reports.total'), value: (l) => l.total, to: (l) => rowsIn(undefined, l.key) },
          ...periods.map((p, i) => ({ title: period(p), value: (l: (typeof lines)[number]) => l.counts[i]!, to: (l: (typeof lines)[number]) => rowsIn(p, l.key) })),
        ]}
      />
      <p className="quiet">{t('reports.demandHint')}</p>
    </>
  );
}
