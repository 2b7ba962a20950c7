/** How a hold stands: until when it is meant, how long its reason stops the clocks, and whether a manager has agreed to more. */
export interface Held {
  wakeAt: string | null;
  limitAt: string | null;
  limitPassedAt: string | null;
  agreedAt: string | null;
}

/** Whether there is anything to decide: it is past its limit, or meant for longer. What ends before takes nobody's word. */
export const toDecide = ({ wakeAt, limitAt, limitPassedAt, agreedAt }: Held): boolean =>
  !agreedAt && (!!limitPassedAt || (!!limitAt && !!wakeAt && Date.parse(limitAt) < Date.parse(wakeAt)));
