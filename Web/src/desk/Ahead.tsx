import { useQuery } from '@tanstack/react-query';
import { api, told } from '../api/client';
import type { CategoryLine, Priority } from '../api/client';
import { Problem } from '../api/problems';
import { Due, useNow } from '../kit/Moment';
import { PriorityTag } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

/** What would hold if it were saved now: which crew, how urgent, and until when. */
export function Ahead({ communityId, category, priority, reportedAt, appointment, zone }: {
  communityId: string; category: CategoryLine; priority?: Priority; reportedAt?: string; appointment?: { from: string; to: string }; zone: string;
}) {
  const { t, word, pick } = useWords();
  const minute = Math.floor(useNow() / 60_000) * 60_000;
  const query = {
    kind: category.kind,
    priority: priority ?? category.priority,
    reportedAt: reportedAt ?? new Date(minute).toISOString(),
    categoryId: category.categoryId,
    appointmentFrom: appointment?.from,
    appointmentTo: appointment?.to,
  };
  const ahead = useQuery({
    queryKey: ['sla-preview', communityId, query],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/sla-preview', { params: { path: { communityId }, query }, signal })),
    placeholderData: (before, asked) => (asked?.queryKey[1] === communityId ? before : undefined),
    staleTime: 60_000,
  });
  return (
    <div className="ahead" data-part="ahead" data-crew={category.crew ?? ''} aria-live="polite" aria-busy={ahead.isPlaceholderData || ahead.isFetching}>
      <span className="row">
        <strong>{category.crew ? word('crew', category.crew) : t('register.byDesk')}</strong>
        <span data-priority={query.priority}><PriorityTag priority={query.priority} /></span>
        {ahead.data && <span className="quiet">{pick(ahead.data.policyName.zh, ahead.data.policyName.en)}</span>}
      </span>
      {ahead.isError ? <Trouble problem={Problem.from(ahead.error)} retry={() => void ahead.refetch()} /> : (
        <span className="row">
          {ahead.data?.clocks.map((c) => (
            <span key={`${c.kind} ${c.crew ?? ''}`} data-clock={c.kind}><span className="quiet">{word('clockKind', c.kind)}</span> {c.beyondCalendar ? t('time.beyondCalendar') : <Due at={c.dueAt} zone={zone} />}</span>
          ))}
          {ahead.data?.clocks.length === 0 && <span className="quiet">{t('time.noDue')}</span>}
        </span>
      )}
    </div>
  );
}
