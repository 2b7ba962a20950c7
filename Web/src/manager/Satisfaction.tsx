import { useQuery } from '@tanstack/react-query';
import { Drawer, Select, Table } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { RatedWhich, SatisfactionBy, SatisfactionFigures } from '../api/client';
import { Problem } from '../api/problems';
import { Moment } from '../kit/Moment';
import { spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface Period { by: SatisfactionBy; from: string; to: string | undefined }

/** What owners say, with how many were asked and how many answered; what they entered and what staff wrote down apart. "–" where nobody answered. */
export function Satisfaction({ by, from, to, change }: Period & { change: (by: SatisfactionBy) => void }) {
  const { t, word, options, language } = useWords();
  const [rows, setRows] = useState<{ key: string; which: RatedWhich }>();
  const figures = useQuery({ queryKey: ['report', 'satisfaction', by, from, to], queryFn: ({ signal }) => told(api.GET('/api/reports/satisfaction', { params: { query: { by, from, to } }, signal })) });
  const named = (r: SatisfactionFigures) =>
    by === 'all' ? word('satisfactionBy', 'all')
    : r.key === '' ? t('reports.none')
    : by === 'crew' ? word('crew', r.key)
    : by === 'requestKind' ? word('requestKind', r.key)
    : by === 'month' ? r.key
    : (language === 'en' ? r.nameEn : r.name) ?? r.key;
  const share = (rate: number | string | null | undefined) => (rate == null ? '–' : `${(Number(rate) * 100).toFixed(1)} %`);
  const score = (value: number | string | null | undefined, n: number | string) => (value == null ? '–' : `${Number(value).toFixed(2)} (n ${n})`);
  const opens = (which: RatedWhich, of: (r: SatisfactionFigures) => number | string) => ({
    title: word('ratedWhich', which),
    align: 'right' as const,
    render: (_: unknown, r: SatisfactionFigures) => (Number(of(r)) > 0 ? <a onClick={() => setRows({ key: r.key, which })}>{of(r)}</a> : of(r)),
  });
  return (
    <>
      <Select value={by} onChange={change} options={options('satisfactionBy')} aria-label={t('reports.by')} style={{ minWidth: 140, alignSelf: 'start' }} />
      {figures.isError && <Trouble problem={Problem.from(figures.error)} retry={() => void figures.refetch()} />}
      <Table
        size="small"
        rowKey="key"
        loading={figures.isPending}
        pagination={false}
        scroll={{ x: true }}
        dataSource={figures.data ?? []}
        locale={{ emptyText: t('reports.empty') }}
        columns={[
          { title: word('satisfactionBy', by), render: (_, r) => named(r) },
          opens('asked', (r) => r.asked),
          opens('answered', (r) => r.answered),
          { title: t('reports.responseRate'), align: 'right', render: (_, r) => `${share(r.responseRate)} (${r.answered}/${r.asked})` },
          { title: t('reports.byOwner'), align: 'right', render: (_, r) => score(r.satisfactionByOwner, r.scoresByOwner) },
          { title: t('reports.byStaff'), align: 'right', render: (_, r) => score(r.satisfactionByStaff, r.scoresByStaff) },
          { title: t('reports.recommendOwner'), align: 'right', render: (_, r) => score(r.recommendByOwner, r.recommendsByOwner) },
          { title: t('reports.recommendStaff'), align: 'right', render: (_, r) => score(r.recommendByStaff, r.recommendsByStaff) },
          { title: t('reports.solvedSplit'), align: 'right', render: (_, r) => (Number(r.answered) ? `${r.solved} / ${r.partlySolved} / ${r.notSolved}` : '–') },
          opens('belowFive', (r) => r.belowFive),
          opens('refused', (r) => r.refused),
          opens('unreachable', (r) => r.unreachable),
          opens('noResponse', (r) => r.noResponse),
          opens('notAsked', (r) => r.notAsked),
          opens('open', (r) => r.open),
          opens('worked', (r) => r.worked),
          { title: t('reports.reworkRate'), align: 'right', render: (_, r) => (r.reworkRate == null ? '–' : <a onClick={() => setRows({ key: r.key, which: 'cameBack' })}>{share(r.reworkRate)}</a>) },
          { title: t('reports.firstTimeFix'), align: 'right', render: (_, r) => (r.firstTimeFixRate == null ? '–' : <a onClick={() => setRows({ key: r.key, which: 'fixedAtFirst' })}>{share(r.firstTimeFixRate)}</a>) },
        ]}
      />
      <Drawer title={rows && word('ratedWhich', rows.which)} open={!!rows} onClose={() => setRows(undefined)} size="large">
        {rows && <Rows by={by} from={from} to={to} keyed={rows.key} which={rows.which} />}
      </Drawer>
    </>
  );
}

/** Exactly the rounds that a figure counts. */
function Rows({ by, from, to, keyed, which }: Period & { keyed: string; which: RatedWhich }) {
  const { t, word } = useWords();
  const rows = useQuery({
    queryKey: ['report', 'ratings', by, keyed, which, from, to],
    queryFn: ({ signal }) => told(api.GET('/api/reports/satisfaction/lines', { params: { query: { by, key: keyed, which, from, to, take: 200 } }, signal })),
  });
  if (rows.isError) return <Trouble problem={Problem.from(rows.error)} retry={() => void rows.refetch()} />;
  return (
    <Table
      size="small"
      rowKey="feedbackId"
      loading={rows.isPending}
      pagination={false}
      dataSource={rows.data?.items ?? []}
      columns={[
        { title: t('reports.rows'), render: (_, r) => <><Link to={`/requests/${r.requestId}`}>{spoken(r.number)}</Link> <span className="quiet">{word('requestKind', r.requestKind)}</span></> },
        { title: t('reports.from'), render: (_, r) => <Moment at={r.startedAt} zone={zone} brief /> },
        { title: t('reports.score'), render: (_, r) => [word('feedbackState', r.state), r.notAskedRule && word('notAskedRule', r.notAskedRule), r.solved && word('solved', r.solved), r.satisfaction != null && `${r.satisfaction} / 5`].filter(Boolean).join(' · ') },
        { title: t('reports.who'), render: (_, r) => (r.author ? word('answerAuthor', r.author) : '–') },
        { title: t('reports.reason'), dataIndex: 'madeItFive' },
      ]}
    />
  );
}
