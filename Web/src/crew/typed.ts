import type { Step } from './queue';
import { instantOf, wallOf } from './times';

/** What is typed, as it is typed: numbers as text, times as the wall shows them. */
export interface Typed {
  whatWasDone?: string;
  cause?: string;
  materials?: { name: string; quantity: string; unit: string }[];
  finalAmount?: string;
  reason?: string;
  evidence?: string;
  calledAt?: string;
  wakeAt?: string;
  note?: string;
  teamId?: string;
  assigneeId?: string;
  lines?: { name: string; quantity: string; unit: string; unitPrice: string }[];
  consentedBy?: string;
  answer?: string;
  quoteId?: string;
  amount?: string;
}

const formed: readonly Step[] = ['complete', 'hold', 'return', 'transfer', 'assign', 'quote', 'consent'];
export const hasForm = (step: Step): boolean => formed.includes(step);

const words = (text: string | undefined) => text?.trim() || null;

/** As people write an amount: 120, ¥120, 120元, 1,200.50, 1 200,5. Null where it is none, or not surely one. */
export function amountIn(text: string | undefined): number | null {
  const plain = (text ?? '').normalize('NFKC').replace(/^\s*(?:¥|RMB|CNY)|(?:元|圆|块|RMB|CNY)\s*$/gi, '').trim();
  if (/^\d{1,3}(?:[, ]\d{3}){1,2}(?:\.\d{0,2})?$/.test(plain)) return Number(plain.replaceAll(/[, ]/g, ''));
  return /^\d{1,9}(?:[.,]\d{0,2})?$/.test(plain) ? Number(plain.replace(',', '.')) : null;
}

/** Above 0, with three decimals at most; 1,200 may be either of two, and is none. */
export function quantityIn(text: string | undefined): number | null {
  const plain = (text ?? '').normalize('NFKC').trim();
  const read = /^\d{1,6}(?:[.,]\d{0,3})?$/.test(plain) && !/^[1-9]\d{0,2},\d{3}$/.test(plain) ? Number(plain.replace(',', '.')) : 0;
  return read > 0 ? read : null;
}

/** Nothing is typed, or it can be read. */
export const isAmount = (text: string | undefined): boolean => !text?.trim() || amountIn(text) !== null;
export const isQuantity = (text: string | undefined): boolean => !text?.trim() || quantityIn(text) !== null;

/** A number was typed that cannot be read as one. */
export function misread(step: Step, v: Typed): boolean {
  switch (step) {
    case 'complete':
      return !isAmount(v.finalAmount) || (v.materials ?? []).some((m) => !isQuantity(m.quantity));
    case 'quote':
      return (v.lines ?? []).some((l) => !isQuantity(l.quantity) || !isAmount(l.unitPrice));
    case 'consent':
      return v.answer === 'yes' && !isAmount(v.amount);
    default:
      return false;
  }
}

/** The body of the call, or null while something is missing. */
export function bodyOf(step: Step, v: Typed, zone: string): Record<string, unknown> | null {
  switch (step) {
    case 'complete': {
      const used = (v.materials ?? []).filter((m) => m.name.trim() || m.quantity.trim() || m.unit.trim());
      const whole = used.every((m) => m.name.trim() && m.unit.trim() && quantityIn(m.quantity));
      if (!words(v.whatWasDone) || !whole || !isAmount(v.finalAmount)) return null;
      return { whatWasDone: v.whatWasDone!.trim(), cause: words(v.cause), materials: used.length ? used.map((m) => ({ name: m.name.trim(), quantity: quantityIn(m.quantity), unit: m.unit.trim() })) : null, finalAmount: amountIn(v.finalAmount) };
    }
    case 'hold': {
      const evidence = v.reason === 'customer' ? v.evidence : undefined;
      const whole = v.reason && v.wakeAt && (v.reason !== 'customer' || evidence) && (evidence !== 'call' || v.calledAt) && (v.reason !== 'other' || words(v.note));
      return whole ? { reason: v.reason, wakeAt: instantOf(v.wakeAt!, zone), note: words(v.note), evidence: evidence ?? null, calledAt: evidence === 'call' ? instantOf(v.calledAt!, zone) : null } : null;
    }
    case 'return':
      return words(v.reason) ? { reason: v.reason!.trim() } : null;
    case 'transfer':
      return words(v.reason) && v.teamId ? { teamId: v.teamId, reason: v.reason!.trim() } : null;
    case 'assign':
      return v.assigneeId ? { assigneeId: v.assigneeId } : null;
    case 'quote': {
      const lines = (v.lines ?? []).filter((l) => l.name.trim() || l.unit.trim() || l.unitPrice.trim());
      const whole = lines.length > 0 && lines.every((l) => l.name.trim() && l.unit.trim() && quantityIn(l.quantity) && amountIn(l.unitPrice) !== null);
      return whole ? { lines: lines.map((l) => ({ name: l.name.trim(), quantity: quantityIn(l.quantity), unit: l.unit.trim(), unitPrice: amountIn(l.unitPrice) })), consentedBy: words(v.consentedBy) } : null;
    }
    case 'consent':
      if (!v.quoteId || !words(v.consentedBy)) return null;
      if (v.answer === 'no') return { quoteId: v.quoteId, refusedBy: v.consentedBy!.trim(), reason: words(v.reason) };
      return v.answer === 'yes' && amountIn(v.amount) !== null ? { quoteId: v.quoteId, consentedBy: v.consentedBy!.trim(), amount: amountIn(v.amount), channel: 'walkIn', consentedAt: null } : null;
    default:
      return {};
  }
}

/** The other way round: what was sent, to be changed. */
export function typedOf(step: Step, body: Record<string, unknown>, zone: string): Typed {
  const b = body as Record<string, never>;
  return {
    ...b,
    ...(step === 'hold' ? { wakeAt: wallOf(Date.parse(b.wakeAt), zone), calledAt: b.calledAt ? wallOf(Date.parse(b.calledAt), zone) : undefined } : {}),
    ...(step === 'quote' ? { consentedBy: b.consentedBy ?? '', lines: ((b.lines ?? []) as { name: string; quantity: number; unit: string; unitPrice: number }[]).map((l) => ({ ...l, quantity: String(l.quantity), unitPrice: String(l.unitPrice) })) } : {}),
    ...(step === 'consent' ? { answer: b.refusedBy ? 'no' : 'yes', consentedBy: b.refusedBy ?? b.consentedBy, amount: b.amount == null ? undefined : String(b.amount), reason: b.reason ?? '' } : {}),
    ...(step === 'complete' ? { finalAmount: b.finalAmount == null ? '' : String(b.finalAmount), materials: ((b.materials ?? []) as { name: string; quantity: number; unit: string }[]).map((m) => ({ ...m, quantity: String(m.quantity) })) } : {}),
  };
}
