import { PrinterOutlined } from '@ant-design/icons';
import { Button, Select } from 'antd';
import dayjs from 'dayjs';
import type { ClockKind, Crew, RequestKind } from '../api/client';
import { useCommunities } from '../api/reference';
import { useSession } from '../api/session';
import { useFilters } from '../kit/filters';
import { Days } from '../kit/Pickers';
import { day, instantOf, lastDays, wallOf } from '../kit/times';
import { useWords } from '../words/words';

const names = ['of', 'by', 'every', 'from', 'to', 'community', 'crew', 'clock', 'kind', 'which', 'reason', 'key', 'period'] as const;
type Name = (typeof names)[number];

/** The communities whose reports this person may see. */
export function useReported() {
  const session = useSession();
  const communities = useCommunities();
  return (communities.data ?? []).filter((c) => session.data?.roles.some((r) => r.communityId === c.communityId && (r.role === 'manager' || r.role === 'customerOfficer')));
}

/** What the reports are narrowed to, as the address says it; without a period, the last 90 days. */
export function useScope() {
  const [f, change] = useFilters(names);
  const communities = useReported();
  const zone = (communities.find((c) => c.communityId === f.community) ?? communities[0])?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const from = f.from ?? instantOf(wallOf(dayjs(), zone).startOf('day').subtract(90, 'day'), zone);
  const to = f.to;
  const crew = f.crew as Crew | undefined;
  const kind = f.clock as ClockKind | undefined;
  const requestKind = f.kind as RequestKind | undefined;
  /** The page with the rows of a figure: the same scope, and which figure. */
  const rowsOf = (more: Partial<Record<Name, string>>) => {
    const address = new URLSearchParams();
    for (const [name, value] of Object.entries({ from, to, community: f.community, crew, clock: kind, kind: requestKind, ...more })) if (value !== undefined) address.set(name, value);
    return `/reports/rows?${address.toString()}`;
  };
  return { f, change, communities, zone, from, to, communityId: f.community, crew, kind, requestKind, rowsOf };
}

export type Scope = ReturnType<typeof useScope>;

/** "1 Jan – 31 Mar", as people say a period: with its last day. */
export function usePeriod({ from, to, zone }: Pick<Scope, 'from' | 'to' | 'zone'>): string {
  const { t, language } = useWords();
  const of = (at: dayjs.Dayjs) => day(at.format('YYYY-MM-DD'), language);
  return `${of(wallOf(from, zone))} – ${to ? of(wallOf(dayjs(to).subtract(1, 'second'), zone)) : t('reports.now')}`;
}

/** Which period, which community, which crew, which kind; and print. */
export function ScopeBar({ scope, crews, clocks }: { scope: Scope; crews?: boolean; clocks?: boolean }) {
  const { t, options, pick } = useWords();
  const { change, communities, zone, from, to, crew, kind, requestKind, communityId } = scope;
  // By the community's day, wherever the browser is.
  const today = wallOf(dayjs(), zone);
  return (
    <div className="scope unprinted">
      <Days
        zone={zone}
        value={[wallOf(from, zone), to ? wallOf(dayjs(to).subtract(1, 'second'), zone) : null]}
        allowEmpty={[false, true]}
        presets={[7, 30, 90, 365].map((days) => ({ label: t('reports.days', { count: days }), value: lastDays(days, today) }))}
        onChange={(r) => change({ from: r?.[0] ? instantOf(r[0].startOf('day'), zone) : undefined, to: r?.[1] ? instantOf(r[1].startOf('day').add(1, 'day'), zone) : undefined })}
      />
      {communities.length > 1 && <Select allowClear value={communityId} onChange={(v) => change({ community: v })} placeholder={t('common.community')} aria-label={t('common.community')} options={communities.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} />}
      {crews && <Select allowClear value={crew} onChange={(v) => change({ crew: v })} placeholder={t('escalations.crew')} aria-label={t('escalations.crew')} options={options('crew')} />}
      {clocks && <Select allowClear value={kind} onChange={(v) => change({ clock: v })} placeholder={t('reports.clock')} aria-label={t('reports.clock')} options={options('clockKind')} />}
      <Select allowClear value={requestKind} onChange={(v) => change({ kind: v })} placeholder={t('requests.kind')} aria-label={t('requests.kind')} options={options('requestKind')} />
      <Button icon={<PrinterOutlined />} onClick={() => window.print()} data-act="print">{t('reports.print')}</Button>
    </div>
  );
}
