/** A line of a quote as it is typed or sent: numbers, or text that may be one. */
export interface Priced { quantity?: number | string | null; unitPrice?: number | string | null }

/** Whole units of 1/scale, or null where it is no number: 1.005 × 100 is not 100.49999. */
function whole(value: number | string | null | undefined, digits: number): bigint | null {
  const text = String(value ?? '').trim();
  const [, before, after = ''] = /^(\d{1,9})(?:\.(\d*))?$/.exec(text) ?? [];
  return before === undefined || after.length > digits ? null : BigInt(before + after.padEnd(digits, '0'));
}

/** In hundredths, rounded half away from zero, as the desk does and as on paper. */
function centsOf(l: Priced): bigint | null {
  const [quantity, price] = [whole(l.quantity, 3), whole(l.unitPrice, 2)];
  return quantity === null || price === null ? null : (quantity * price + 500n) / 1000n;
}

/** A line's amount; null while it says none. */
export const amountOf = (l: Priced): number | null => {
  const cents = centsOf(l);
  return cents === null ? null : Number(cents) / 100;
};

/** The sum of the lines' amounts; what says none counts nothing. */
export const totalOf = (lines: readonly (Priced | undefined)[]): number => Number(lines.reduce((sum, l) => sum + ((l && centsOf(l)) ?? 0n), 0n)) / 100;

/** As people write it, in the community's currency where it is known. */
export const money = (amount: number, language: string, currency?: string): string =>
  new Intl.NumberFormat(language, currency ? { style: 'currency', currency } : { minimumFractionDigits: 2 }).format(amount);
