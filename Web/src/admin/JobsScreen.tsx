import { useQuery } from '@tanstack/react-query';
import { App, Button, Grid, Spin, Table, Tag } from 'antd';
import { api, told } from '../api/client';
import type { JobLine } from '../api/client';
import { Problem } from '../api/problems';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { Moment } from '../kit/Moment';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords, wordsIn } from '../words/words';
import { beatOf } from './beat';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What happens on its own, and when each job last succeeded. */
export default function JobsScreen() {
  const { t } = useWords();
  const { message } = App.useApp();
  useTitle(t('jobs.title'));
  const jobs = useQuery({ queryKey: ['jobs'], queryFn: ({ signal }) => told(api.GET('/api/jobs', { signal })), refetchInterval: 5_000 });
  const hint = useSend<{ jobId: string }, unknown>((v, header) => told(api.POST('/api/jobs/{jobId}/hint', { params: { path: { jobId: v.jobId }, header } })), () => void message.success(t('jobs.hinted')));
  const may = useSession().data?.roles.some((r) => r.role === 'administrator');
  const wide = Grid.useBreakpoint().xl;
  const now = (j: JobLine) => may && <Button size="small" loading={hint.pending} onClick={() => void hint.send({ jobId: j.jobId })} data-act="run-now" data-job={j.jobId}>{t('jobs.runNow')}</Button>;
  return (
    <div className="stack">
      <h1>{t('jobs.title')}</h1>
      {jobs.isError && <Trouble problem={Problem.from(jobs.error)} retry={() => void jobs.refetch()} />}
      <Trouble problem={hint.problem} />
      {wide ? (
        <Table<JobLine>
          size="small"
          rowKey="jobId"
          loading={jobs.isPending}
          pagination={false}
          scroll={{ x: true }}
          dataSource={[...(jobs.data ?? [])]}
          columns={[
            { title: t('jobs.title'), render: (_, j) => <Name job={j} /> },
            { title: t('jobs.schedule'), render: (_, j) => <Often job={j} /> },
            { title: t('jobs.lastSuccess'), render: (_, j) => <Success job={j} /> },
            { title: t('jobs.took'), align: 'right', render: (_, j) => took(j) },
            { title: t('jobs.rows'), align: 'right', render: (_, j) => rows(j) },
            { title: t('jobs.oldest'), render: (_, j) => (j.oldestDueAt ? <Moment at={j.oldestDueAt} zone={zone} brief /> : t('jobs.none')) },
            { title: t('jobs.worker'), render: (_, j) => <span className="quiet">{j.lastWorker}</span> },
            ...(may ? [{ title: '', key: 'now', render: (_: unknown, j: JobLine) => now(j) }] : []),
          ]}
        />
      ) : jobs.isPending ? <Spin className="waiting" /> : (
        <div className="orders">
          {jobs.data?.map((j) => (
            <div key={j.jobId} className="order stack tight">
              <div className="row spread"><Name job={j} />{now(j)}</div>
              <dl className="facts">
                <dt>{t('jobs.lastSuccess')}</dt><dd><Success job={j} /></dd>
                <dt>{t('jobs.schedule')}</dt><dd><Often job={j} /></dd>
                <dt>{t('jobs.took')}</dt><dd>{took(j)}</dd>
                <dt>{t('jobs.rows')}</dt><dd>{rows(j)}</dd>
                {j.oldestDueAt && <><dt>{t('jobs.oldest')}</dt><dd><Moment at={j.oldestDueAt} zone={zone} brief /></dd></>}
                {j.lastWorker && <><dt>{t('jobs.worker')}</dt><dd className="quiet">{j.lastWorker}</dd></>}
              </dl>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

const took = (j: JobLine) => (j.lastMilliseconds == null ? '—' : `${j.lastMilliseconds} ms`);
const rows = (j: JobLine) => `${j.lastRows ?? 0} / ${j.rowsDone}`;

/** In words where the schedule is a plain beat; else as it is written, in UTC. */
function Often({ job: { schedule } }: { job: JobLine }) {
  const { t } = useWords();
  const beat = beatOf(schedule);
  return beat ? <span title={`${schedule} UTC`}>{t(beat.unit === 'second' ? 'jobs.everySeconds' : 'jobs.everyMinutes', { count: beat.each })}</span> : <code>{schedule} UTC</code>;
}

function Name({ job: j }: { job: JobLine }) {
  const { t, language } = useWords();
  const named = wordsIn(language).jobs.named as Record<string, string>;
  return <span className="row"><span>{named[j.jobId] && <strong>{named[j.jobId]} </strong>}<code className="quiet">{j.jobId}</code></span>{j.single && <Tag>{t('jobs.single')}</Tag>}{j.runningSince && <Tag color="gold">{t('jobs.running')} <Moment at={j.runningSince} zone={zone} brief /></Tag>}{j.failuresInARow > 0 && <Tag color="red">{t('jobs.failing', { count: j.failuresInARow, kind: j.lastFailure ?? '' })}</Tag>}</span>;
}

function Success({ job: j }: { job: JobLine }) {
  const { t } = useWords();
  return j.lastSuccessAt ? <Moment at={j.lastSuccessAt} zone={zone} /> : t('jobs.never');
}
