import { useQuery } from '@tanstack/react-query';
import { Spin } from 'antd';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { SignedIn, TodayLine } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { Moment } from '../kit/Moment';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { Figures } from './Figures';
import './manager.css';

const figures = ['open', 'late', 'soon', 'escalations', 'promises', 'awaitingFeedback', 'lowRatings'] as const;
type Figure = (typeof figures)[number];
const look: Partial<Record<Figure, string>> = { late: 'alert', escalations: 'alert', soon: 'warn', promises: 'warn', lowRatings: 'warn' };

/** The list that a figure counts, by the same words. */
export function listOf(figure: Figure, communityId: string | undefined, lowRatingsFrom: string): string {
  const [path, query] = {
    open: ['/requests', { open: 'true' }],
    late: ['/requests', { due: 'late' }],
    soon: ['/requests', { due: 'soon' }],
    escalations: ['/escalations', {}],
    promises: ['/requests', { promise: 'overdue' }],
    awaitingFeedback: ['/requests', { status: 'awaitingFeedback' }],
    lowRatings: ['/reports/rows', { of: 'satisfaction', by: 'all', which: 'low', from: lowRatingsFrom }],
  }[figure] as [string, Record<string, string>];
  const address = new URLSearchParams({ ...query, ...(communityId ? { community: communityId } : {}) }).toString();
  return address ? `${path}?${address}` : path;
}

/** What needs a manager today; each figure opens exactly its rows. */
export default function TodayScreen({ who }: { who: SignedIn }) {
  const { t, pick } = useWords();
  useTitle(t('today.title'));
  const today = useQuery({ queryKey: ['today'], queryFn: ({ signal }) => told(api.GET('/api/reports/today', { signal })), refetchInterval: 60_000 });
  const lines = today.data?.communities ?? [];
  const zone = useZone(lines[0]?.communityId);
  // Who sits at the desk of other communities, too, has longer lists than these figures: then the sum is no link, each community's own is.
  const others = who.roles.some((r) => !lines.some((l) => l.communityId === r.communityId));
  const only = lines.length === 1 ? lines[0]!.communityId : undefined;
  const sum = (f: Figure) => lines.reduce((n, l) => n + Number(l[f]), 0);
  if (today.isPending) return <Spin className="waiting" />;
  if (!today.data) return <Trouble problem={Problem.from(today.error)} retry={() => void today.refetch()} />;
  const from = today.data.lowRatingsFrom;
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('today.title')}</h1>
        <span className="quiet"><Moment at={today.data.at} zone={zone} /></span>
      </div>
      <div className="glance" data-part="today">
        {figures.map((f) => {
          const inside = (
            <>
              <span>{t(`today.${f}`)}</span>
              <b>{sum(f)}</b>
              <span className="quiet">{t(`today.${f}Hint`)}</span>
            </>
          );
          const style = sum(f) > 0 ? look[f] : undefined;
          return others && !only ? <div key={f} className={style} data-figure={f}>{inside}</div> : <Link key={f} to={listOf(f, only, from)} className={style} data-figure={f}>{inside}</Link>;
        })}
      </div>
      {lines.length > 1 && (
        <>
          <h2>{t('today.communities')}</h2>
          <Figures<TodayLine>
            name={t('today.title')}
            rows={lines}
            id={(l) => l.communityId}
            empty={t('reports.empty')}
            columns={[
              { title: t('common.community'), value: (l) => pick(l.name, l.nameEn) },
              ...figures.map((f) => ({ title: t(`today.${f}`), value: (l: TodayLine) => Number(l[f]), to: (l: TodayLine) => listOf(f, l.communityId, from) })),
            ]}
          />
        </>
      )}
      <p className="quiet">{t('today.more')} <Link to="/reports">{t('nav.reports')}</Link></p>
    </div>
  );
}
