import { Button } from 'antd';
import { api, told } from '../api/client';
import type { AccountLine } from '../api/client';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { AskFirst } from '../kit/AskFirst';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

/** Somebody's telephone is lost: they are signed out everywhere. One's own sessions one ends on one's own page. */
export function EndAll({ account: a, done }: { account: AccountLine; done: () => void }) {
  const { t } = useWords();
  const session = useSession();
  const sending = useSend<void, unknown>((_, header) => told(api.POST('/api/accounts/{staffId}/sessions/end', { params: { path: { staffId: a.staffId }, header } })), done);
  if (session.data?.staffId === a.staffId) return null;
  return (
    <>
      <AskFirst title={t('week.endAllSure', { name: a.displayName })} onConfirm={() => void sending.send()} okText={t('week.endAll')} cancelText={t('common.cancel')}>
        <Button size="small" loading={sending.pending} data-act="end-sessions">{t('week.endAll')}</Button>
      </AskFirst>
      <Trouble problem={sending.problem} />
    </>
  );
}
