import { useQuery } from '@tanstack/react-query';
import { api, told } from '../api/client';
import type { RatedWhich, SatisfactionBy, SatisfactionFigures } from '../api/client';
import { Problem } from '../api/problems';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { Drawn, Figures, Plots } from './Figures';
import type { Column } from './Figures';
import { number, percent, rated, shown, useNaming } from './naming';
import { colours } from './plotted';
import type { Scope } from './scope';

/** What owners say, with how many were asked and how many answered; what they entered and what staff wrote down apart. "–" where nobody answered. */
export function Satisfaction({ scope, by }: { scope: Scope; by: string }) {
  const { t, word } = useWords();
  const { from, to, communityId, crew, requestKind, rowsOf } = scope;
  const query = { by: by as SatisfactionBy, from, to, communityId, crew, requestKind };
  const figures = useQuery({ queryKey: ['report', 'satisfaction', query], queryFn: ({ signal }) => told(api.GET('/api/reports/satisfaction', { params: { query }, signal })) });
  const named = useNaming(by);
  const rows = figures.data ?? [];
  const to_ = (which: RatedWhich) => (r: SatisfactionFigures) => rowsOf({ of: 'satisfaction', by, key: r.key, which });
  const counted = (which: RatedWhich, of: (r: SatisfactionFigures) => number | string): Column<SatisfactionFigures> => ({ title: word('ratedWhich', which), value: (r) => Number(of(r)), to: to_(which) });
  const score = (title: string, which: RatedWhich, of: (r: SatisfactionFigures) => number | string | null | undefined, n: (r: SatisfactionFigures) => number | string): Column<SatisfactionFigures> => ({
    title, value: (r) => number(of(r)), text: (r) => rated(of(r), n(r)), to: to_(which),
  });
  const rate = (title: string, which: RatedWhich, part: (r: SatisfactionFigures) => number | string, whole: (r: SatisfactionFigures) => number | string): Column<SatisfactionFigures> => ({
    title, value: (r) => percent(part(r), whole(r)), text: (r) => shown(percent(part(r), whole(r))), to: to_(which),
  });
  return (
    <>
      {figures.isError && <Trouble problem={Problem.from(figures.error)} retry={() => void figures.refetch()} />}
      <Plots>
        <Drawn title={t('reports.scorePlot')} names={rows.map(named)} most={5} digits={2} series={[
          { name: t('reports.owner'), values: rows.map((r) => number(r.satisfactionByOwner)), colour: colours.first },
          { name: t('reports.staff'), values: rows.map((r) => number(r.satisfactionByStaff)), colour: colours.second },
        ]} />
        <Drawn title={t('reports.responsePlot')} names={rows.map(named)} percent digits={1} series={[{ name: t('reports.responseRate'), values: rows.map((r) => percent(r.answered, r.asked)), colour: colours.first }]} />
      </Plots>
      <Figures<SatisfactionFigures>
        name={t('reports.satisfaction')}
        rows={rows}
        id={(r) => r.key}
        loading={figures.isPending}
        empty={t('reports.empty')}
        columns={[
          { title: word('satisfactionBy', by), value: named },
          counted('asked', (r) => r.asked),
          counted('answered', (r) => r.answered),
          rate(t('reports.responseRate'), 'answered', (r) => r.answered, (r) => r.asked),
          score(t('reports.byOwner'), 'byOwner', (r) => r.satisfactionByOwner, (r) => r.scoresByOwner),
          score(t('reports.byStaff'), 'byStaff', (r) => r.satisfactionByStaff, (r) => r.scoresByStaff),
          counted('low', (r) => r.low),
          counted('belowFive', (r) => r.belowFive),
          { title: t('reports.solvedSplit'), value: (r) => (Number(r.answered) ? `${r.solved} / ${r.partlySolved} / ${r.notSolved}` : null), to: to_('answered') },
          score(t('reports.recommendOwner'), 'byOwner', (r) => r.recommendByOwner, (r) => r.recommendsByOwner),
          score(t('reports.recommendStaff'), 'byStaff', (r) => r.recommendByStaff, (r) => r.recommendsByStaff),
          counted('refused', (r) => r.refused),
          counted('unreachable', (r) => r.unreachable),
          counted('noResponse', (r) => r.noResponse),
          counted('notAsked', (r) => r.notAsked),
          counted('open', (r) => r.open),
          counted('worked', (r) => r.worked),
          rate(t('reports.reworkRate'), 'cameBack', (r) => r.cameBack, (r) => r.worked),
          rate(t('reports.firstTimeFix'), 'fixedAtFirst', (r) => r.fixedAtFirst, (r) => r.worked),
        ]}
      />
      <p className="quiet">{t('reports.satisfactionHint')}</p>
    </>
  );
}
