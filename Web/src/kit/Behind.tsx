import { Problem } from '../api/problems';
import { useWords } from '../words/words';
import { Trouble } from './Trouble';

/** Instead of what is about one community: which ones there are could not be read. */
export function NoCommunities({ of }: { of: { isError: boolean; error: unknown; refetch: () => unknown } }) {
  const { t } = useWords();
  return of.isError ? <Trouble what={t('common.communitiesUnread')} problem={Problem.from(of.error)} retry={() => void of.refetch()} /> : null;
}

/** Above a page that is still shown: reading it again failed. */
export function Behind({ of }: { of: { isError: boolean; error: unknown; refetch: () => unknown } }) {
  return of.isError ? <Trouble problem={Problem.from(of.error)} retry={() => void of.refetch()} /> : null;
}
