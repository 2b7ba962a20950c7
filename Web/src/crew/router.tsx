import { useSyncExternalStore } from 'react';
import type { AnchorHTMLAttributes } from 'react';

const turned = 'crew:turned';

export function go(to: string, replace = false): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  scrollTo(0, 0);
  dispatchEvent(new Event(turned));
}

/** The path and query shown now. */
export const usePlace = (): string =>
  useSyncExternalStore(
    (then) => {
      addEventListener('popstate', then);
      addEventListener(turned, then);
      return () => { removeEventListener('popstate', then); removeEventListener(turned, then); };
    },
    () => location.pathname + location.search,
  );

export function To({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(e) => {
        onClick?.(e);
        if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
        e.preventDefault();
        go(to);
      }}
    />
  );
}
