import { Button } from 'antd';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { RequestReply, RequestStatus } from '../api/client';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

/** Says that somebody of the desk has looked at what the owner wrote or sent since. */
export function SeenWord({ requestId, changed }: { requestId: string; changed: () => void }) {
  const { t } = useWords();
  const sending = useSend<void, RequestReply>((_, header) => told(api.POST('/api/requests/{requestId}/reading', { params: { path: { requestId }, header } })), changed);
  return (
    <>
      <Button size="small" loading={sending.pending} onClick={() => void sending.send()} data-act="word-seen">{t('requests.wordSeen')}</Button>
      <Trouble problem={sending.problem} />
    </>
  );
}

/** From what is done to what everybody is told of it. */
export function WriteVoice({ communityId, requestId, status, confidential }: { communityId: string; requestId: string; status: RequestStatus; confidential: boolean }) {
  const { t } = useWords();
  const desk = !!useSession().data?.roles.some((r) => r.communityId === communityId && ['clerk', 'customerOfficer', 'manager'].includes(r.role));
  return desk && !confidential && (status === 'closed' || status === 'awaitingFeedback') ? <Link to={`/voices?request=${requestId}`} data-act="write-voice">{t('voices.writeFrom')}</Link> : null;
}
