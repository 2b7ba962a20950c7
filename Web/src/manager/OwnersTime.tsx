import { useQuery } from '@tanstack/react-query';
import { api, told } from '../api/client';
import type { DemandBy, DemandEvery, OwnersTimeFigures, OwnersTimeShare } from '../api/client';
import { Problem } from '../api/problems';
import { span } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { Drawn, Figures, Plots } from './Figures';
import type { Column } from './Figures';
import { useNaming } from './naming';
import { colours, many } from './plotted';
import type { Scope } from './scope';

type Part = Pick<OwnersTimeShare, 'holder' | 'crew' | 'reason'>;
const partOf = (p: Part) => [p.holder, p.crew ?? '', p.reason ?? ''].join(' ');

/** With whom the owners' time was: the parts stand beside the whole that they add up to. */
export function OwnersTime({ scope, by, every }: { scope: Scope; by: string; every: string }) {
  const { t, word, language } = useWords();
  const { from, to, communityId, requestKind, rowsOf } = scope;
  const query = { by: by as DemandBy, every: every as DemandEvery, from, to, communityId, requestKind };
  const figures = useQuery({ queryKey: ['report', 'time', query], queryFn: ({ signal }) => told(api.GET('/api/reports/owners-time', { params: { query }, signal })) });
  const naming = useNaming(by);
  const rows = figures.data ?? [];
  const named = (r: OwnersTimeFigures) => [every === 'month' ? r.period.slice(0, 7) : r.period, by === 'all' ? '' : naming(r)].filter(Boolean).join(' · ');
  const parts = [...new Map(rows.flatMap((r) => r.parts).map((p) => [partOf(p), p as Part])).values()].sort((a, b) => order.indexOf(a.holder) - order.indexOf(b.holder) || partOf(a).localeCompare(partOf(b)));
  const called = (p: Part) => (p.holder === 'crew' ? word('crew', p.crew ?? '') : [word('timeHolder', p.holder), p.crew && word('crew', p.crew), p.reason && word('holdReason', p.reason)].filter(Boolean).join(' · '));
  const share = (r: OwnersTimeFigures, p: Part) => r.parts.find((x) => partOf(x) === partOf(p));
  const hours = (seconds: number | string) => Math.round(Number(seconds) / 360) / 10;
  const rowsIn = (r: OwnersTimeFigures, p?: Part) => rowsOf({ of: 'time', by, every, key: r.key, period: r.period, which: p?.holder, crew: p?.crew ?? undefined, reason: p?.reason ?? undefined });
  const counted = (title: string, seconds: (r: OwnersTimeFigures) => number | string | undefined, p?: Part): Column<OwnersTimeFigures> => ({
    title, head: t('reports.seconds', { title }), value: (r) => (seconds(r) === undefined ? null : Number(seconds(r))), text: (r) => (seconds(r) === undefined ? '–' : span(Number(seconds(r)), language)), to: (r) => rowsIn(r, p),
  });
  return (
    <>
      {figures.isError && <Trouble problem={Problem.from(figures.error)} retry={() => void figures.refetch()} />}
      <Plots>
        <Drawn title={t('reports.timePlot')} names={rows.map(named)} stacked digits={1} series={parts.map((p, i) => ({ name: called(p), values: rows.map((r) => hours(share(r, p)?.elapsedSeconds ?? 0)), colour: many[i] ?? colours.rest }))} />
      </Plots>
      <Figures<OwnersTimeFigures>
        name={t('reports.time')}
        rows={rows}
        id={(r) => `${r.period} ${r.key}`}
        loading={figures.isPending}
        empty={t('reports.empty')}
        columns={[
          { title: word('demandBy', by), value: named },
          { title: t('reports.requests'), value: (r) => Number(r.requests), to: (r) => rowsIn(r) },
          counted(t('reports.wholeTime'), (r) => r.elapsedSeconds),
          ...parts.map((p) => counted(called(p), (r) => share(r, p)?.elapsedSeconds, p)),
          counted(t('reports.countedTime'), (r) => r.countedSeconds),
        ]}
      />
      <p className="quiet">{t('reports.timeHint')}</p>
    </>
  );
}

const order = ['desk', 'crew', 'hold', 'reopened', 'feedback'];
