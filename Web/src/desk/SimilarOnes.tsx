import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo } from 'react';
import { api, told } from '../api/client';
import type { SimilarFault, SimilarRequest } from '../api/client';
import { Problem } from '../api/problems';
import { Moment } from '../kit/Moment';
import { Trouble } from '../kit/Trouble';
import { RequestStatusTag, spoken } from '../kit/tags';
import { useWords } from '../words/words';

/** What a new request may be joined to: a fault that is known, or a request that somebody else made about the same. */
export type Likeness = { fault: SimilarFault; request?: never } | { request: SimilarRequest; fault?: never };

/** The keys that join, first to last: none of them means anything while somebody types. */
export const joinKeys = ['F2', 'F4', 'F8', 'F9'] as const;

/** What is open in the same building about the same, faults first; as many as there are keys. */
export function useSimilar(communityId: string | undefined, categoryId: string | undefined, placeId: string | undefined) {
  const similar = useQuery({
    queryKey: ['similar', communityId, categoryId, placeId],
    queryFn: ({ signal }) => told(api.GET('/api/requests/similar', { params: { query: { communityId: communityId!, categoryId: categoryId!, placeId } }, signal })),
    enabled: !!communityId && !!categoryId && !!placeId,
    staleTime: 15_000,
    gcTime: 0, // what was offered to the last call is never offered to this one: a key would join another one than the one that is read
    refetchInterval: 30_000,
  });
  const found = useMemo((): Likeness[] => {
    const { faults = [], requests = [] } = similar.data ?? {};
    // A request that is joined already stands for its fault, which is there itself.
    return [...faults.map((fault) => ({ fault })), ...requests.filter((r) => !faults.some((f) => f.faultId === r.faultId)).map((request) => ({ request }))].slice(0, joinKeys.length);
  }, [similar.data]);
  return { found, asked: similar };
}

/** Offered while the caller still speaks. One key registers the call and joins it. */
export function SimilarOnes({ found, asked, zone, join, busy }: { found: Likeness[]; asked: { isError: boolean; error: unknown; refetch: () => unknown }; zone: string; join: (to: Likeness) => void; busy: boolean }) {
  const { t, pick } = useWords();
  if (found.length === 0) return asked.isError ? <Trouble what={t('register.similarUnread')} problem={Problem.from(asked.error)} retry={() => void asked.refetch()} /> : null;
  return (
    <section className="similar stack tight" data-part="similar" aria-label={t('register.similar')}>
      <h2>{t('register.similar')}</h2>
      <p className="quiet">{t('register.similarHint')}</p>
      <ul className="lines">
        {found.map((like, i) => (
          <li key={like.fault?.faultId ?? like.request!.requestId} className="row spread">
            <span className="grow">
              {like.fault ? (
                <>
                  <strong>{like.fault.title}</strong> <span className="quiet">{[pick(like.fault.assetName, like.fault.assetNameEn) || pick(like.fault.placeName, like.fault.placeNameEn), t('queue.serves', { count: like.fault.requests })].join(' · ')}</span>
                  {like.fault.expectedAt && <> <span className="quiet">{t('fault.expected')}</span> <Moment at={like.fault.expectedAt} zone={zone} brief /></>}
                </>
              ) : (
                <>
                  <span className="row"><span className="number">{spoken(like.request.number)}</span><RequestStatusTag status={like.request.status} /><span className="quiet">{[pick(like.request.placeName, like.request.placeNameEn), like.request.customerName].filter(Boolean).join(' · ')}</span><Moment at={like.request.reportedAt} zone={zone} brief /></span>
                  <span className="clamp">{like.request.description}</span>
                </>
              )}
            </span>
            <Button size="small" disabled={busy} onClick={() => join(like)} data-act="join">{t('register.join')} <kbd>{joinKeys[i]}</kbd></Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
