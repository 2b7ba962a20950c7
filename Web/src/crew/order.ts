import type { QuoteRow, WorkOrderDetails } from '../api/client';

/** What the desk says of one order. */
export type Details = WorkOrderDetails;

/** Under what it is kept on the telephone. */
export const orderKey = (workOrderId: string) => `order ${workOrderId}`;

/** The one that waits for the owner's word; there is never more than one. */
export const openQuote = (d: Details): QuoteRow | undefined => d.quotes.find((q) => !q.withdrawnAt && !q.refusedAt && !q.consentedAt);
