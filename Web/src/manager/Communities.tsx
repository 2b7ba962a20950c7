import { useQuery } from '@tanstack/react-query';
import { api, told } from '../api/client';
import { Problem } from '../api/problems';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { Drawn, Figures, Plots } from './Figures';
import { number, percent, shown } from './naming';
import { colours } from './plotted';
import type { Scope } from './scope';

interface Line { communityId: string; name: string; demand: number; onTime: number; late: number; asked: number; answered: number; score: number | null; scores: number; written: number | null; writtens: number; low: number; worked: number; cameBack: number; openNow: number; lateNow: number }

/** The communities side by side: how much is asked for, how much of it is finished in time, what owners say, what came back. */
export function Communities({ scope }: { scope: Scope }) {
  const { t, pick, word } = useWords();
  const { from, to, requestKind, communities, rowsOf } = scope;
  const scoped = { from, to, requestKind };
  const clocks = useQuery({ queryKey: ['report', 'clocks', 'communities', scoped], queryFn: ({ signal }) => told(api.GET('/api/reports/clocks', { params: { query: { ...scoped, by: 'community', kind: 'finish' } }, signal })) });
  const rated = useQuery({ queryKey: ['report', 'satisfaction', 'communities', scoped], queryFn: ({ signal }) => told(api.GET('/api/reports/satisfaction', { params: { query: { ...scoped, by: 'community' } }, signal })) });
  const demand = useQuery({ queryKey: ['report', 'demand', 'communities', scoped], queryFn: ({ signal }) => told(api.GET('/api/reports/demand', { params: { query: { ...scoped, by: 'community', every: 'month' } }, signal })) });
  const today = useQuery({ queryKey: ['today'], queryFn: ({ signal }) => told(api.GET('/api/reports/today', { signal })) });
  const failed = [clocks, rated, demand, today].find((q) => q.isError);
  const rows: Line[] = communities.map((c) => {
    const k = clocks.data?.find((x) => x.key === c.communityId);
    const s = rated.data?.find((x) => x.key === c.communityId);
    const now = today.data?.communities.find((x) => x.communityId === c.communityId);
    return {
      communityId: c.communityId,
      name: pick(c.name, c.nameEn),
      demand: (demand.data ?? []).filter((x) => x.key === c.communityId).reduce((n, x) => n + Number(x.requests), 0),
      onTime: Number(k?.onTime ?? 0),
      late: Number(k?.late ?? 0),
      asked: Number(s?.asked ?? 0),
      answered: Number(s?.answered ?? 0),
      score: number(s?.satisfactionByOwner),
      scores: Number(s?.scoresByOwner ?? 0),
      written: number(s?.satisfactionByStaff),
      writtens: Number(s?.scoresByStaff ?? 0),
      low: Number(s?.low ?? 0),
      worked: Number(s?.worked ?? 0),
      cameBack: Number(s?.cameBack ?? 0),
      openNow: Number(now?.open ?? 0),
      lateNow: Number(now?.late ?? 0),
    };
  });
  const names = rows.map((r) => r.name);
  const of = (which: string, more: Record<string, string>) => (r: Line) => rowsOf({ ...more, by: 'community', key: r.communityId, which });
  const inTime = (r: Line) => percent(r.onTime, r.onTime + r.late);
  return (
    <>
      {failed && <Trouble problem={Problem.from(failed.error)} retry={() => void failed.refetch()} />}
      <Plots>
        <Drawn title={t('reports.finishedInTime')} names={names} percent digits={1} series={[{ name: t('reports.rate'), values: rows.map(inTime), colour: colours.good }]} />
        <Drawn title={t('reports.scorePlot')} names={names} most={5} digits={2} series={[{ name: t('reports.owner'), values: rows.map((r) => r.score), colour: colours.first }, { name: t('reports.staff'), values: rows.map((r) => r.written), colour: colours.second }]} />
        <Drawn title={t('reports.responseRate')} names={names} percent digits={1} series={[{ name: t('reports.responseRate'), values: rows.map((r) => percent(r.answered, r.asked)), colour: colours.first }]} />
        <Drawn title={t('reports.reworkRate')} names={names} percent digits={1} series={[{ name: t('reports.reworkRate'), values: rows.map((r) => percent(r.cameBack, r.worked)), colour: colours.second }]} />
      </Plots>
      <Figures<Line>
        name={t('reports.communities')}
        rows={rows}
        id={(r) => r.communityId}
        loading={clocks.isPending || rated.isPending || demand.isPending || today.isPending}
        empty={t('reports.empty')}
        columns={[
          { title: t('common.community'), value: (r) => r.name },
          { title: t('reports.requests'), value: (r) => r.demand, to: (r) => rowsOf({ of: 'demand', by: 'community', key: r.communityId }) },
          { title: t('reports.finishedInTime'), value: inTime, text: (r) => shown(inTime(r)), to: of('onTime', { of: 'clocks', clock: 'finish' }) },
          { title: word('clockOutcome', 'late'), value: (r) => r.late, to: of('late', { of: 'clocks', clock: 'finish' }) },
          { title: t('reports.byOwner'), value: (r) => r.score, text: (r) => (r.score === null ? '–' : `${r.score.toFixed(2)} (${r.scores})`), to: of('byOwner', { of: 'satisfaction' }) },
          { title: t('reports.byStaff'), value: (r) => r.written, text: (r) => (r.written === null ? '–' : `${r.written.toFixed(2)} (${r.writtens})`), to: of('byStaff', { of: 'satisfaction' }) },
          { title: t('reports.responseRate'), value: (r) => percent(r.answered, r.asked), text: (r) => shown(percent(r.answered, r.asked)), to: of('answered', { of: 'satisfaction' }) },
          { title: word('ratedWhich', 'low'), value: (r) => r.low, to: of('low', { of: 'satisfaction' }) },
          { title: t('reports.reworkRate'), value: (r) => percent(r.cameBack, r.worked), text: (r) => shown(percent(r.cameBack, r.worked)), to: of('cameBack', { of: 'satisfaction' }) },
          { title: t('reports.openNow'), value: (r) => r.openNow, to: (r) => `/requests?open=true&community=${r.communityId}` },
          { title: t('reports.lateNow'), value: (r) => r.lateNow, to: (r) => `/requests?due=late&community=${r.communityId}` },
        ]}
      />
      <p className="quiet">{t('reports.communitiesHint')}</p>
    </>
  );
}
