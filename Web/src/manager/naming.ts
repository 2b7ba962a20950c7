import { useWords } from '../words/words';

interface Keyed { key: string; name?: string | null; nameEn?: string | null }

/** What the row of a report is called: the crew, the kind, the category, the month. */
export function useNaming(by: string): (row: Keyed) => string {
  const { t, word, pick } = useWords();
  return (r) =>
    by === 'all' ? t('reports.all')
    : r.key === '' ? t('reports.none')
    : by === 'crew' ? word('crew', r.key)
    : by === 'kind' ? word('clockKind', r.key)
    : by === 'requestKind' ? word('requestKind', r.key)
    : by === 'channel' ? word('channel', r.key)
    : by === 'category' || by === 'community' ? pick(r.name, r.nameEn) || r.key
    : r.key;
}

/** A share as a percentage with one decimal place; null where it is of nothing. */
export const percent = (part: number | string, whole: number | string): number | null => (Number(whole) === 0 ? null : Math.round((Number(part) / Number(whole)) * 1000) / 10);

export const shown = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} %`);

/** The API's numbers, which may come as text. */
export const number = (value: number | string | null | undefined): number | null => (value === null || value === undefined ? null : Number(value));
