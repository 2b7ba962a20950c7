import { useEffect } from 'react';
import { api, told } from '../api/client';
import type { ToldLine } from '../api/client';
import { asked, useLooked } from '../kit/unseen';
import { spoken, useCommunities, zoneHere } from './crew';
import type { Crew } from './crew';
import { Moment, Trouble, useOnline } from './kit';
import { useReply } from './replies';
import type { Replies, Reply } from './replies';
import { To } from './router';
import { exact } from './times';
import { useWords } from './words';

/** What this person was told lately, the newest first. */
export const useTold = (replies: Replies): Reply<ToldLine[]> => useReply(replies, 'told', async (signal) => (await told(api.GET('/api/messages/mine', { params: { query: { take: asked } }, signal }))).items, 60_000);

const ofEscalations = /^(escalation|clockWarning|promiseBroken)/;

/** The screen is where nothing else leads to somebody: what they were told stands here, whichever way it went. */
export function Told({ crew, staffId, reply }: { crew: Crew; staffId: string; reply: Reply<ToldLine[]> }) {
  const { say, word, language } = useWords();
  const communities = useCommunities(crew.replies);
  const online = useOnline();
  useEffect(() => { document.title = say('told'); }, [say]);
  useLooked(staffId, reply.value);
  return (
    <div className="stack">
      <h1>{say('told')}</h1>
      {reply.problem && (reply.problem.code === 'network.unreachable' && reply.at ? <p className="quiet" role="status" data-part="as-of">{say('asOf', { time: exact(new Date(reply.at).toISOString(), zoneHere, language) })}</p> : <Trouble problem={reply.problem} retry={reply.again} />)}
      {!reply.value && reply.asking && <p className="quiet" role="status">{say('loading')}</p>}
      {reply.value?.length === 0 && <p className="empty">{say('toldNothing')}<br /><span className="quiet">{say('toldHint')}</span></p>}
      <ul className="lines">
        {reply.value?.map((m) => (
          <li key={m.messageId} className="card" data-part="told">
            <div className="row spread"><strong>{word('messageTemplate', m.template)}</strong><span className="tag">{m.sentAt && m.channel ? word('messageChannel', m.channel) : say('onItsWay')}</span></div>
            <div className="row spread">
              <span className="row">
                {m.requestNumber && <span className="number">{say('request', { number: spoken(Number(m.requestNumber)) })}</span>}
                {m.workOrderId && <To to={`/work-orders/${m.workOrderId}`} data-act="open-order">{say('orderOfIt')}</To>}
                {online && ofEscalations.test(m.template) && <a href="/escalations">{say('escalations')}</a>}
              </span>
              <Moment at={m.createdAt} zone={communities?.find((c) => c.communityId === m.communityId)?.timeZone ?? zoneHere} />
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
