interface Item { categoryId: string; parentId?: string | null }

/** Each right after what it stands below, as far in as it is deep; what stands below nothing that is there stands at the edge. */
export function ordered<T extends Item>(items: readonly T[]): { item: T; depth: number }[] {
  const known = new Set(items.map((i) => i.categoryId));
  const below = new Map<string | null, T[]>();
  for (const item of items) {
    const parent = item.parentId && known.has(item.parentId) ? item.parentId : null;
    below.set(parent, [...(below.get(parent) ?? []), item]);
  }
  const walk = (parent: string | null, depth: number): { item: T; depth: number }[] => (below.get(parent) ?? []).flatMap((item) => [{ item, depth }, ...walk(item.categoryId, depth + 1)]);
  return walk(null, 0);
}
