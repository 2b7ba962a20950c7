import { useQuery } from '@tanstack/react-query';
import { App, Button, Table, Tag } from 'antd';
import { api, told } from '../api/client';
import type { JobLine } from '../api/client';
import { Problem } from '../api/problems';
import { useSend } from '../api/sending';
import { Moment } from '../kit/Moment';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What happens on its own, and when each job last succeeded. */
export default function JobsScreen() {
  const { t } = useWords();
  const { message } = App.useApp();
  useTitle(t('jobs.title'));
  const jobs = useQuery({ queryKey: ['jobs'], queryFn: ({ signal }) => told(api.GET('/api/jobs', { signal })), refetchInterval: 5_000 });
  const hint = useSend<{ jobId: string }, unknown>((v, header) => told(api.POST('/api/jobs/{jobId}/hint', { params: { path: { jobId: v.jobId }, header } })), () => void message.success(t('jobs.hinted')));
  return (
    <div className="stack">
      <h1>{t('jobs.title')}</h1>
      {jobs.isError && <Trouble problem={Problem.from(jobs.error)} retry={() => void jobs.refetch()} />}
      <Trouble problem={hint.problem} />
      <Table<JobLine>
        size="small"
        rowKey="jobId"
        loading={jobs.isPending}
        pagination={false}
        scroll={{ x: true }}
        dataSource={[...(jobs.data ?? [])]}
        columns={[
          { title: t('jobs.title'), render: (_, j) => <span className="row"><code>{j.jobId}</code>{j.single && <Tag>{t('jobs.single')}</Tag>}{j.failuresInARow > 0 && <Tag color="red">{t('jobs.failing', { count: j.failuresInARow, kind: j.lastFailure ?? '' })}</Tag>}</span> },
          { title: t('jobs.schedule'), render: (_, j) => <code>{j.schedule}</code> },
          { title: t('jobs.lastSuccess'), render: (_, j) => (j.lastSuccessAt ? <Moment at={j.lastSuccessAt} zone={zone} /> : t('jobs.never')) },
          { title: t('jobs.took'), align: 'right', render: (_, j) => (j.lastMilliseconds == null ? '—' : `${j.lastMilliseconds} ms`) },
          { title: t('jobs.rows'), align: 'right', render: (_, j) => `${j.lastRows ?? 0} / ${j.rowsDone}` },
          { title: t('jobs.oldest'), render: (_, j) => (j.oldestDueAt ? <Moment at={j.oldestDueAt} zone={zone} brief /> : t('jobs.none')) },
          { title: t('jobs.worker'), render: (_, j) => <span className="quiet">{j.lastWorker}</span> },
          { title: '', render: (_, j) => <Button size="small" loading={hint.pending} onClick={() => void hint.send({ jobId: j.jobId })}>{t('jobs.runNow')}</Button> },
        ]}
      />
    </div>
  );
}
