import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Card, Segmented, Spin, Tag } from 'antd';
import { api, told } from '../api/client';
import type { SessionEnded, SessionLine, SignedIn } from '../api/client';
import { Problem } from '../api/problems';
import { useSend } from '../api/sending';
import { AskFirst } from '../kit/AskFirst';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { sayExactly, useExactly } from '../kit/exactly';
import { Moment } from '../kit/Moment';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { PasswordForm } from './PasswordForm';
import { OwnFactor } from './SecondFactor';

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** One's own account: the sessions that are open, the password. */
export default function AccountScreen({ who }: { who: SignedIn }) {
  const { t } = useWords();
  const { message } = App.useApp();
  useTitle(t('account.title'));
  const exactly = useExactly();
  return (
    <div className="stack" style={{ maxWidth: 720, margin: '0 auto' }}>
      <div className="row"><h1>{t('account.title')}</h1><span className="quiet">{who.displayName} · {who.signInName}</span></div>
      <Card title={t('account.times')}>
        <p className="quiet">{t('account.timesHint')}</p>
        <Segmented value={exactly ? 'exact' : 'relative'} onChange={(v) => sayExactly(v === 'exact')} aria-label={t('account.times')} options={[{ value: 'relative', label: t('account.relative') }, { value: 'exact', label: t('account.exact') }]} />
      </Card>
      <Card title={t('account.sessions')}><Sessions /></Card>
      <Card title={t('factor.title')}><OwnFactor /></Card>
      <Card title={t('account.password')}>
        <PasswordForm done={(reply) => void message.success(t('account.passwordChanged', { count: reply.sessionsEnded }))} />
      </Card>
    </div>
  );
}

function Sessions() {
  const list = useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => told(api.GET('/api/sessions', { signal })) });
  if (nothingOf(list)) return <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />;
  if (!list.data) return <Spin />;
  return <><Behind of={list} /><ul className="lines" data-part="sessions">{list.data.map((s) => <Session key={s.sessionId} session={s} />)}</ul></>;
}

function Session({ session: s }: { session: SessionLine }) {
  const { t } = useWords();
  const client = useQueryClient();
  const ending = useSend<void, SessionEnded>(
    (_, header) => told(api.POST('/api/sessions/{sessionId}/end', { params: { path: { sessionId: s.sessionId }, header } })),
    () => void client.invalidateQueries({ queryKey: ['sessions'] }),
  );
  return (
    <li>
      <div className="row spread">
        <span className="row"><strong>{browserOf(s.userAgent) ?? t('account.unknownBrowser')}</strong><span className="number">{s.address}</span>{s.current && <Tag color="blue">{t('account.thisOne')}</Tag>}</span>
        {!s.current && (
          <AskFirst title={t('account.endSession')} onConfirm={() => void ending.send()} okText={t('account.end')} cancelText={t('common.cancel')}>
            <Button size="small" loading={ending.pending} data-act="end-session">{t('account.end')}</Button>
          </AskFirst>
        )}
      </div>
      <div className="quiet">{t('account.since')} <Moment at={s.createdAt} zone={here} brief /> · {t('account.lastUsed')} <Moment at={s.lastSeenAt} zone={here} brief /></div>
      <Trouble problem={ending.problem} />
    </li>
  );
}

/** What people call their browser and their machine; the agent's own text is a riddle. */
function browserOf(agent: string | null): string | undefined {
  if (!agent) return undefined;
  const browser = /Edg\//.test(agent) ? 'Edge' : /MicroMessenger/.test(agent) ? 'WeChat' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : agent.split('/')[0];
  const machine = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Windows/.test(agent) ? 'Windows' : /Mac OS/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : '';
  return [browser, machine].filter(Boolean).join(' · ');
}
