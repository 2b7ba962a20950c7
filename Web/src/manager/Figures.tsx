import { DownloadOutlined } from '@ant-design/icons';
import { Button, Card, Spin, Table } from 'antd';
import { lazy, Suspense } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { csv, download } from '../kit/csv';
import type { Cell } from '../kit/csv';
import { useWords } from '../words/words';
import './manager.css';
import type { PlotProps } from './plotted';

const Plot = lazy(() => import('./Plot'));

/** Plots beside each other; the drawing comes when it is needed. Nothing is drawn of nothing. */
export function Plots({ children }: { children: ReactNode }) {
  return <div className="plots">{children}</div>;
}

export function Drawn(props: PlotProps) {
  const { t } = useWords();
  if (!props.series.some((s) => s.values.some((v) => v !== null && v !== 0))) return null;
  return (
    <Card size="small" title={props.title} className="plot">
      <Suspense fallback={<Spin />}><Plot {...props} title={t('reports.plotOf', { title: props.title })} /></Suspense>
    </Card>
  );
}

export interface Column<R> {
  title: string;
  /** In the file, where it says more: the unit. */
  head?: string;
  /** What the file has, and the table where nothing else is said. */
  value: (row: R) => Cell;
  text?: (row: R) => ReactNode;
  /** The page with exactly the rows that this figure counts. */
  to?: (row: R) => string | undefined;
  left?: boolean;
}

/** The same figures as a table, which can be printed, and as a file. The first column names the row. */
export function Figures<R extends object>({ name, rows, columns, id, loading, empty }: { name: string; rows: readonly R[]; columns: readonly Column<R>[]; id: (row: R) => string; loading?: boolean; empty: string }) {
  const { t } = useWords();
  return (
    <section className={columns.length > 8 ? 'figures many' : 'figures'} aria-label={name}>
      <div className="row spread unprinted">
        <span />
        <Button icon={<DownloadOutlined />} disabled={rows.length === 0} onClick={() => download(`${name}.csv`, csv([columns.map((c) => c.head ?? c.title), ...rows.map((r) => columns.map((c) => c.value(r)))]))} data-act="csv">{t('reports.csv')}</Button>
      </div>
      <Table<R>
        size="small"
        rowKey={id}
        loading={loading}
        pagination={false}
        scroll={{ x: columns.length > 8 ? true : 'max-content' }}
        tableLayout="auto"
        dataSource={[...rows]}
        locale={{ emptyText: empty }}
        columns={columns.map((c, i) => ({
          key: i,
          title: c.title,
          align: i === 0 || c.left ? ('left' as const) : ('right' as const),
          fixed: i === 0 ? ('left' as const) : undefined,
          className: i === 0 ? 'named' : undefined,
          render: (_: unknown, r: R) => {
            const shown = c.text ? c.text(r) : (c.value(r) ?? '–');
            const to = c.value(r) ? c.to?.(r) : undefined;
            return to ? <Link to={to}>{shown}</Link> : shown;
          },
        }))}
      />
    </section>
  );
}
