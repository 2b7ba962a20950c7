/**
 * The page's policy lets in only styles that carry the nonce of its reply. The components make their styles as they go, some of them by
 * helpers that know of no nonce: so every style element made by a script of ours is given it. What others write into the page is not.
 */
export function giveStylesTheirNonce(): void {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name=style-nonce]')?.content;
  if (!nonce) return;
  const make = document.createElement.bind(document) as (name: string, options?: ElementCreationOptions) => HTMLElement;
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const made = make(name, options);
    if (made instanceof HTMLStyleElement) made.nonce = nonce;
    return made;
  }) as typeof document.createElement;
}
