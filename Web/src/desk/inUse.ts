type Locks = Pick<LockManager, 'request' | 'query'>;

const lockOf = 'desk.draft.';

/**
 * Which drafts are being typed: each under a lock of the browser, which goes with its tab however that goes. What another tab has in hand is
 * left alone. Where there are no locks, as on a page over plain HTTP, every draft is free.
 */
export class InUse {
  /** Held by this tab, or just let go of. */
  private readonly own = new Map<string, { left: boolean; gone: Promise<unknown> }>();

  private readonly locks: Locks | undefined;

  constructor(locks: Locks | undefined) {
    this.locks = locks;
  }

  /** Takes it in hand, unless another tab has it; what comes back lets go of it. */
  async take(draftId: string): Promise<(() => void) | undefined> {
    const before = this.own.get(draftId);
    if (!this.locks || (before && !before.left)) return () => undefined;
    await before?.gone;
    return new Promise((took) => {
      const gone: Promise<unknown> = this.locks!.request(lockOf + draftId, { ifAvailable: true }, (lock) => {
        if (!lock) return took(undefined);
        return new Promise<void>((letGo) => {
          const mine = { left: false, gone };
          this.own.set(draftId, mine);
          took(() => {
            mine.left = true;
            letGo();
          });
        });
      }).finally(() => this.own.delete(draftId));
      gone.catch(() => took(() => undefined)); // forbidden here: as where there are none
    });
  }

  /** What other tabs have in hand. */
  async elsewhere(): Promise<ReadonlySet<string>> {
    const mine = new Set(this.own.keys());
    const { held = [] } = (await this.locks?.query().catch(() => undefined)) ?? {};
    return new Set(held.flatMap(({ name }) => (name?.startsWith(lockOf) ? [name.slice(lockOf.length)] : [])).filter((id) => !mine.has(id) && !this.own.has(id)));
  }
}

export const inUse = new InUse(typeof navigator === 'undefined' ? undefined : navigator.locks);
