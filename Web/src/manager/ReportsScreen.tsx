import { useQuery } from '@tanstack/react-query';
import { DatePicker, Drawer, Segmented, Select, Table } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { ClockOutcome, ReportBy, SatisfactionBy } from '../api/client';
import { Problem } from '../api/problems';
import { useFilters } from '../kit/filters';
import { Moment } from '../kit/Moment';
import { spoken } from '../kit/tags';
import { span } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { Satisfaction } from './Satisfaction';
import { useWords } from '../words/words';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What was met in time and what was late; who was told, and how soon they answered. Each figure opens its rows. */
export default function ReportsScreen() {
  const { t, word, options, language } = useWords();
  const [f, change] = useFilters(['of', 'by', 'rated', 'from', 'to']);
  const of = f.of ?? 'clocks';
  const by = (f.by ?? 'kind') as ReportBy;
  const from = f.from ?? dayjs().subtract(30, 'day').startOf('day').toISOString();
  const to = f.to;
  const [rows, setRows] = useState<{ key: string; outcome: ClockOutcome }>();
  useTitle(t('nav.reports'));
  const clocks = useQuery({ queryKey: ['report', 'clocks', by, from, to], queryFn: ({ signal }) => told(api.GET('/api/reports/clocks', { params: { query: { by, from, to } }, signal })), enabled: of === 'clocks' });
  const escalations = useQuery({ queryKey: ['report', 'escalations', by, from, to], queryFn: ({ signal }) => told(api.GET('/api/reports/escalations', { params: { query: { by, from, to } }, signal })), enabled: of === 'escalations' });
  const named = (r: { key: string; name?: string | null; nameEn?: string | null }) =>
    by === 'all' ? word('reportBy', 'all')
    : r.key === '' ? t('reports.none')
    : by === 'crew' ? word('crew', r.key)
    : by === 'kind' ? word('clockKind', r.key)
    : by === 'requestKind' ? word('requestKind', r.key)
    : by === 'category' ? (language === 'en' ? r.nameEn : r.name) ?? r.key
    : r.key;
  const time = (seconds: number | string | null | undefined) => (seconds == null ? '—' : span(Number(seconds), language));
  const failed = of === 'clocks' ? clocks : escalations;
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('nav.reports')}</h1>
        <div className="row">
          <Segmented value={of} onChange={(v) => change({ of: v })} options={[{ value: 'clocks', label: t('reports.clocks') }, { value: 'escalations', label: t('reports.escalations') }, { value: 'satisfaction', label: t('reports.satisfaction') }]} />
          {of !== 'satisfaction' && <Select value={by} onChange={(v) => change({ by: v })} options={options('reportBy')} aria-label={t('reports.by')} style={{ minWidth: 140 }} />}
          <DatePicker.RangePicker value={[dayjs(from), to ? dayjs(to) : null]} allowEmpty={[false, true]} onChange={(r) => change({ from: r?.[0]?.startOf('day').toISOString(), to: r?.[1]?.endOf('day').toISOString() })} />
        </div>
      </div>
      {failed.isError && <Trouble problem={Problem.from(failed.error)} retry={() => void failed.refetch()} />}
      {of === 'satisfaction' ? <Satisfaction by={(f.rated ?? 'requestKind') as SatisfactionBy} from={from} to={to} change={(rated) => change({ rated })} /> : of === 'clocks' ? (
        <Table
          size="small"
          rowKey="key"
          loading={clocks.isPending}
          pagination={false}
          scroll={{ x: true }}
          dataSource={clocks.data ?? []}
          locale={{ emptyText: t('reports.empty') }}
          columns={[
            { title: word('reportBy', by), render: (_, r) => named(r) },
            { title: t('reports.total'), dataIndex: 'clocks', align: 'right' },
            ...(['onTime', 'late', 'running', 'runningLate', 'moot'] as const).map((outcome) => ({
              title: word('clockOutcome', outcome),
              align: 'right' as const,
              render: (_: unknown, r: { key: string } & Record<typeof outcome, number | string>) => (Number(r[outcome]) > 0 ? <a onClick={() => setRows({ key: r.key, outcome })}>{r[outcome]}</a> : r[outcome]),
            })),
            { title: t('reports.rate'), align: 'right', render: (_, r) => { const ended = Number(r.onTime) + Number(r.late); return ended ? `${((Number(r.onTime) / ended) * 100).toFixed(1)} %` : '—'; } },
            { title: t('reports.median'), align: 'right', render: (_, r) => time(r.medianSeconds) },
            { title: t('reports.p90'), align: 'right', render: (_, r) => time(r.p90Seconds) },
            { title: t('reports.medianLate'), align: 'right', render: (_, r) => time(r.medianLateSeconds) },
          ]}
        />
      ) : (
        <Table
          size="small"
          rowKey="key"
          loading={escalations.isPending}
          pagination={false}
          scroll={{ x: true }}
          dataSource={escalations.data ?? []}
          locale={{ emptyText: t('reports.empty') }}
          columns={[
            { title: word('reportBy', by), render: (_, r) => named(r) },
            { title: t('reports.warnings'), dataIndex: 'warnings', align: 'right' },
            ...([1, 2, 3, 4] as const).map((level) => ({ title: t('reports.level', { level }), dataIndex: `level${level}`, align: 'right' as const })),
            { title: t('reports.toldCount'), dataIndex: 'told', align: 'right' },
            { title: t('reports.nobody'), dataIndex: 'nobody', align: 'right' },
            { title: t('reports.doneBefore'), dataIndex: 'doneBeforeTelling', align: 'right' },
            { title: t('reports.acknowledged'), dataIndex: 'acknowledged', align: 'right' },
            { title: t('reports.medianAck'), align: 'right', render: (_, r) => time(r.medianAcknowledgedSeconds) },
            { title: t('reports.broken'), dataIndex: 'promisesBroken', align: 'right' },
          ]}
        />
      )}
      <Drawer title={rows && word('clockOutcome', rows.outcome)} open={!!rows} onClose={() => setRows(undefined)} size="large">
        {rows && <Rows by={by} keyed={rows.key} outcome={rows.outcome} from={from} to={to} />}
      </Drawer>
    </div>
  );
}

/** Exactly the clocks that a figure counts. */
function Rows({ by, keyed, outcome, from, to }: { by: ReportBy; keyed: string; outcome: ClockOutcome; from: string; to: string | undefined }) {
  const { t, word, language } = useWords();
  const rows = useQuery({
    queryKey: ['report', 'lines', by, keyed, outcome, from, to],
    queryFn: ({ signal }) => told(api.GET('/api/reports/clocks/lines', { params: { query: { by, key: keyed, outcome: [outcome], from, to, take: 200 } }, signal })),
  });
  if (rows.isError) return <Trouble problem={Problem.from(rows.error)} retry={() => void rows.refetch()} />;
  return (
    <Table
      size="small"
      rowKey="clockId"
      loading={rows.isPending}
      pagination={false}
      dataSource={rows.data?.items ?? []}
      columns={[
        { title: t('reports.rows'), render: (_, r) => (r.workOrderId ? <Link to={`/work-orders/${r.workOrderId}`}>{spoken(r.workOrderNumber ?? 0)}</Link> : r.requestId ? <Link to={`/requests/${r.requestId}`}>{spoken(r.requestNumber ?? 0)}</Link> : '—') },
        { title: t('escalations.due'), render: (_, r) => <><span className="quiet">{word('clockKind', r.kind)}</span> <Moment at={r.dueAt} zone={zone} /></> },
        { title: t('reports.medianLate'), align: 'right', render: (_, r) => (Number(r.lateSeconds) ? span(Number(r.lateSeconds), language) : '—') },
      ]}
    />
  );
}
