import { amountOf } from '../kit/money';
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

/** The body of the call, or null while something is missing. */
export function bodyOf(step: Step, v: Typed, zone: string): Record<string, unknown> | null {
  switch (step) {
    case 'complete': {
      const used = (v.materials ?? []).filter((m) => m.name.trim() || m.quantity.trim() || m.unit.trim());
      const whole = used.every((m) => m.name.trim() && m.unit.trim() && Number(m.quantity) > 0);
      if (!words(v.whatWasDone) || !whole) return null;
      return { whatWasDone: v.whatWasDone!.trim(), cause: words(v.cause), materials: used.length ? used.map((m) => ({ name: m.name.trim(), quantity: Number(m.quantity), unit: m.unit.trim() })) : null, finalAmount: v.finalAmount ? Number(v.finalAmount) : null };
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
      const whole = lines.length > 0 && lines.every((l) => l.name.trim() && l.unit.trim() && Number(l.quantity) > 0 && amountOf(l) !== null);
      return whole ? { lines: lines.map((l) => ({ name: l.name.trim(), quantity: Number(l.quantity), unit: l.unit.trim(), unitPrice: Number(l.unitPrice) })), consentedBy: words(v.consentedBy) } : null;
    }
    case 'consent':
      if (!v.quoteId || !words(v.consentedBy)) return null;
      if (v.answer === 'no') return { quoteId: v.quoteId, refusedBy: v.consentedBy!.trim(), reason: words(v.reason) };
      return v.answer === 'yes' && v.amount && Number(v.amount) >= 0 ? { quoteId: v.quoteId, consentedBy: v.consentedBy!.trim(), amount: Number(v.amount), channel: 'walkIn', consentedAt: null } : null;
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
