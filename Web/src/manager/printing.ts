/** What a list of pages says of itself, and how it is asked for more. */
interface Pages { hasNextPage: boolean; isError: boolean; fetchNextPage: () => Promise<Pages> }

/** No sheet of paper has more; a file has all. */
export const mostOnPaper = 5_000;

/** Every page that there is, before it is printed; false where one could not be had, so that nobody takes half a list for the whole. */
export async function loadAll(list: Pages, mostPages: number): Promise<boolean> {
  let now = list;
  for (let pages = 1; now.hasNextPage && pages < mostPages; pages++) {
    now = await now.fetchNextPage();
    if (now.isError) return false;
  }
  return true;
}

/** Everything that there is, or so much of it as was asked for, read page by page beside whatever stands on the screen. */
export async function everyOne<T>(read: (after: string | undefined) => Promise<{ items: readonly T[]; next?: string | null }>, most = Infinity): Promise<T[]> {
  const all: T[] = [];
  for (let after: string | undefined; ;) {
    const page = await read(after);
    all.push(...page.items);
    if (!page.next || all.length >= most) return all.slice(0, most);
    after = page.next;
  }
}

/** What was read for the paper, by which filter and when. */
export interface Paper<T> { of: string; at: number; rows: T[] }

const aMinute = 60_000;

/** It stands in the list's place while it is printed; where nobody says that it was, it gives way a minute later. */
export const onPaper = <T>(paper: Paper<T> | undefined, of: string, listedAt: number): T[] | undefined => (paper?.of === of && listedAt < paper.at + aMinute ? paper.rows : undefined);

/** Once what was loaded is drawn. */
export const print = (): void => void requestAnimationFrame(() => requestAnimationFrame(() => window.print()));
