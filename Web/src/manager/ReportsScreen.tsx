import { Segmented, Select } from 'antd';
import { useFilters } from '../kit/filters';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { Communities } from './Communities';
import { Demand } from './Demand';
import { EscalationFigures } from './EscalationFigures';
import { OnTime } from './OnTime';
import { OwnersTime } from './OwnersTime';
import { Satisfaction } from './Satisfaction';
import { ScopeBar, usePeriod, useScope } from './scope';

const kinds = ['clocks', 'satisfaction', 'escalations', 'time', 'demand', 'communities'] as const;

/** What was met in time, what owners say, who was told, what is asked for and where: plots beside the same figures as a table. Each figure opens its rows. */
export default function ReportsScreen() {
  const { t, options, word, pick } = useWords();
  const scope = useScope();
  const [, change] = useFilters(['of', 'by', 'every']);
  const { f, communities, communityId } = scope;
  const shown = kinds.filter((k) => k !== 'communities' || communities.length > 1);
  const of = shown.find((k) => k === f.of) ?? 'clocks';
  const divisions = { clocks: 'reportBy', escalations: 'reportBy', satisfaction: 'satisfactionBy', time: 'demandBy', demand: 'demandBy', communities: undefined }[of] as 'reportBy' | 'satisfactionBy' | 'demandBy' | undefined;
  const choices = divisions ? options(divisions).filter((o) => o.value !== 'community' || communities.length > 1) : [];
  const first = { clocks: 'crew', escalations: 'crew', satisfaction: 'crew', time: 'all', demand: 'category', communities: 'community' }[of];
  const by = choices.some((o) => o.value === f.by) ? f.by! : first;
  const period = usePeriod(scope);
  useTitle(t('nav.reports'));
  const community = communities.find((c) => c.communityId === communityId) ?? (communities.length === 1 ? communities[0] : undefined);
  return (
    <div className="stack report">
      <div className="row spread unprinted">
        <h1>{t('nav.reports')}</h1>
        <Select className="reports-of-phone tabs" value={of} onChange={(v) => change({ of: v, by: undefined })} aria-label={t('nav.reports')} options={shown.map((k) => ({ value: k, label: t(`reports.${k}`) }))} />
        <Segmented className="reports-of tabs" value={of} onChange={(v) => change({ of: v, by: undefined })} options={shown.map((k) => ({ value: k, label: t(`reports.${k}`) }))} />
      </div>
      <div className="printed">
        <h1>{t(`reports.${of}`)}</h1>
        <p>{[community && pick(community.name, community.nameEn), period, divisions && word(divisions, by), scope.crew && word('crew', scope.crew), scope.kind && word('clockKind', scope.kind), scope.requestKind && word('requestKind', scope.requestKind)].filter(Boolean).join(' · ')}</p>
      </div>
      <ScopeBar scope={scope} crews={of !== 'demand' && of !== 'time' && of !== 'communities'} clocks={of === 'clocks' || of === 'escalations'} />
      {divisions && (
        <div className="row unprinted">
          <Select value={by} onChange={(v) => change({ by: v })} options={choices} aria-label={t('reports.by')} style={{ minWidth: 160 }} data-field="by" />
          {(of === 'demand' || of === 'time') && <Segmented value={f.every ?? (of === 'time' ? 'month' : 'week')} onChange={(v) => change({ every: v })} options={options('demandEvery')} />}
        </div>
      )}
      {of === 'clocks' ? <OnTime scope={scope} by={by} />
        : of === 'satisfaction' ? <Satisfaction scope={scope} by={by} />
        : of === 'escalations' ? <EscalationFigures scope={scope} by={by} />
        : of === 'time' ? <OwnersTime scope={scope} by={by} every={f.every ?? 'month'} />
        : of === 'demand' ? <Demand scope={scope} by={by} every={f.every ?? 'week'} />
        : <Communities scope={scope} />}
    </div>
  );
}
