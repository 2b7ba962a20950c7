import { CameraOutlined } from '@ant-design/icons';
import { Button, Form } from 'antd';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { RequestReply, RequestStatus } from '../api/client';
import { useSend } from '../api/sending';
import type { Sending } from '../api/sending';
import { useSession } from '../api/session';
import { FilePick, keepable } from '../kit/FilePick';
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

/** A photo that the owner sent with what they said, beside the questions; without one the form is as good. */
export function OwnersPhoto({ photo, choose }: { photo: File | undefined; choose: (photo: File | undefined) => void }) {
  const { t } = useWords();
  return (
    <Form.Item label={`${t('moves.photo')} (${t('common.optional')})`}>
      <div className="row">
        <FilePick icon={<CameraOutlined />} accept={keepable} choose={choose} field="photo" data-act="photo">{photo?.name ?? t('moves.choosePhoto')}</FilePick>
        {photo && <Button type="link" onClick={() => choose(undefined)} data-act="no-photo">{t('common.clear')}</Button>}
      </div>
    </Form.Item>
  );
}

/** A file of another name is another file. */
const named = (name: string) => [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)!) >>> 0, 7);

/** Sent before the answer: one that cannot be used is said while nothing is written down yet. Sent again, it is the same one. */
export const sendOwnersPhoto = async (requestId: string, photo: File | undefined, header: Sending) => {
  if (!photo) return;
  await told(api.POST('/api/requests/{requestId}/attachments', {
    params: {
      path: { requestId },
      query: { purpose: 'other', visibility: 'owner', fileName: [...photo.name].slice(-100).join('') },
      header: { 'Idempotency-Key': `${header['Idempotency-Key']}-photo-${photo.size}-${photo.lastModified}-${named(photo.name)}` },
    },
    body: photo as never,
    bodySerializer: (body: unknown) => body as File,
    headers: { 'Content-Type': 'application/octet-stream' },
  }));
};
