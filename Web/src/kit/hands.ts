import type { RefObject, SyntheticEvent } from 'react';
import { useEffect, useRef, useState } from 'react';

/** While something is on its way its fields take nothing, since what they hold goes once it arrived; refused, the hands are where they were. */
export function useHandsBack(pending: boolean): void {
  const held = useRef<Element | null>(null);
  if (pending && !held.current) held.current = document.activeElement;
  useEffect(() => {
    if (pending) return;
    const was = held.current;
    held.current = null;
    if (was instanceof HTMLElement && was.isConnected && document.activeElement === document.body) was.focus();
  }, [pending]);
}

/** A line of a menu was pressed: the hands are on the menu's button again, which the same Enter is not to press once more. */
export function handsToMenu(button: RefObject<HTMLElement | null>, by: SyntheticEvent | Event): void {
  if (by.type === 'keydown') by.preventDefault();
  button.current?.focus();
}

/** A menu that closes with the hands in it gives them back to its button. */
export const handsFromMenu = (button: RefObject<HTMLElement | null>) => (open: boolean): void => {
  if (!open && document.activeElement?.closest('.ant-dropdown')) button.current?.focus();
};

/** What leaves the page in the moment in which it closes gives the hands back itself, to where they were when it opened. */
export function useHandsReturned(open: boolean): void {
  const from = useRef<Element | null>(null);
  if (!open) from.current = null;
  else from.current ??= document.activeElement;
  useEffect(() => () => {
    const was = from.current;
    if (was instanceof HTMLElement && was.isConnected && document.activeElement === document.body) was.focus({ preventScroll: true });
  }, []);
}

/**
 * The value as it was when it began to be held. What arrives while a form is open does not begin it anew; nor does it when the form closes,
 * which goes as it was, with the focus back to where it came from: the next one that is opened begins with it.
 */
export function useHeld<T>(value: T, held: boolean): T {
  const [kept, keep] = useState({ value, held });
  if (kept.held !== held) keep({ value: held ? value : kept.value, held });
  return kept.value;
}
