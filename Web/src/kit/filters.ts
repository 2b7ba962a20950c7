import { useSearchParams } from 'react-router';

/** Filters live in the address: reloaded, sent to a colleague and gone back to like any page. */
export function useFilters<K extends string>(names: readonly K[]): [Partial<Record<K, string>>, (change: Partial<Record<K, string | undefined>>) => void, () => void] {
  const [address, setAddress] = useSearchParams();
  const now = Object.fromEntries(names.flatMap((n) => (address.get(n) ? [[n, address.get(n)!]] : []))) as Partial<Record<K, string>>;
  const change = (by: Partial<Record<K, string | undefined>>) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [name, value] of Object.entries(by) as [K, string | undefined][]) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { replace: true },
    );
  return [now, change, () => setAddress({}, { replace: true })];
}
