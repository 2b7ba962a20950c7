import { useQuery } from '@tanstack/react-query';
import { Card, Tag } from 'antd';
import { api, told } from '../api/client';
import type { MessageState } from '../api/client';
import { Problem } from '../api/problems';
import { Behind } from '../kit/Behind';
import { calm } from '../kit/live';
import { Moment } from '../kit/Moment';
import { useWords } from '../words/words';

const colour: Record<MessageState, string> = { waiting: 'default', sent: 'green', parked: 'red', ended: 'default' };

/** What was told about a request, to whom, and whether it arrived. Crews are not told: then it is left out. */
export function MessagesOfRequest({ requestId, zone }: { requestId: string; zone: string }) {
  const { t, word } = useWords();
  const list = useQuery({ queryKey: ['timeline', 'messages', requestId], queryFn: ({ signal }) => told(api.GET('/api/requests/{requestId}/messages', { params: { path: { requestId } }, signal })), refetchInterval: calm(30_000) });
  // Crews are refused: for them there is nothing to read.
  const unread = list.isError && Problem.from(list.error).status !== 403;
  if (!list.data?.length && !unread) return null;
  return (
    <Card title={t('messages.ofRequest')}>
      {unread && <Behind of={list} />}
      <ul className="lines">
        {list.data?.map((m) => (
          <li key={m.messageId} data-part="message">
            <div className="row">
              <Tag color={colour[m.state]}>{word('messageState', m.state)}</Tag>
              <strong>{word('messageTemplate', m.template)}</strong>
              <span>{m.recipientName ?? (m.recipientRole ? word('roles', m.recipientRole) : word('recipientKind', m.recipientKind))}</span>
              {m.channel && <span className="quiet">{word('messageChannel', m.channel)}</span>}
              <Moment at={m.sentAt ?? m.parkedAt ?? m.sendAfter ?? m.createdAt} zone={zone} brief />
            </div>
            {(m.parkedWhy ?? m.lastFailure) && <div className="quiet">{[m.parkedWhy && word('parkedWhy', m.parkedWhy), m.lastFailure].filter(Boolean).join(' · ')}</div>}
          </li>
        ))}
      </ul>
    </Card>
  );
}
