import { useQueries } from '@tanstack/react-query';
import { api, told } from '../api/client';
import { useWords } from '../words/words';
import { useReported } from './scope';

interface Keyed { key: string; name?: string | null; nameEn?: string | null }

/** What the row of a report is called: the crew, the kind, the category, the month. */
export function useNaming(by: string): (row: Keyed) => string {
  const { t, word, pick } = useWords();
  const communities = useReported();
  // Each community has categories of its own, which are called alike: with several, the community is named, too.
  const several = by === 'category' && communities.length > 1 ? communities : [];
  const categories = useQueries({
    queries: several.map((c) => ({
      queryKey: ['categories', c.communityId],
      queryFn: ({ signal }: { signal: AbortSignal }) => told(api.GET('/api/communities/{communityId}/categories', { params: { path: { communityId: c.communityId } }, signal })),
      staleTime: 10 * 60_000,
    })),
  });
  const whose = (key: string) => {
    const at = categories.findIndex((c) => c.data?.some((x) => x.categoryId === key));
    return at < 0 ? '' : ` · ${pick(several[at]!.name, several[at]!.nameEn)}`;
  };
  return (r) =>
    by === 'all' ? t('reports.all')
    : r.key === '' ? t('reports.none')
    : by === 'crew' ? word('crew', r.key)
    : by === 'kind' ? word('clockKind', r.key)
    : by === 'requestKind' ? word('requestKind', r.key)
    : by === 'channel' ? word('channel', r.key)
    : by === 'category' ? (pick(r.name, r.nameEn) || r.key) + whose(r.key)
    : by === 'community' ? pick(r.name, r.nameEn) || r.key
    : r.key;
}

/** A share as a percentage with one decimal place; null where it is of nothing. */
export const percent = (part: number | string, whole: number | string): number | null => (Number(whole) === 0 ? null : Math.round((Number(part) / Number(whole)) * 1000) / 10);

/** A mean of scores with how many there are; a dash where nobody gave one: that is no 0. */
export const rated = (mean: number | string | null | undefined, n: number | string): string => (mean === null || mean === undefined ? '–' : `${Number(mean).toFixed(2)} (${n})`);

export const shown = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} %`);

/** The API's numbers, which may come as text. */
export const number = (value: number | string | null | undefined): number | null => (value === null || value === undefined ? null : Number(value));
