import type dayjs from 'dayjs';
import type { ContactKind, OccupancyRole, PreferredChannel, RegisterCustomer } from '../api/client';

/** What is known of somebody before their form opens: what was typed elsewhere. */
export interface Known {
  communityId?: string;
  name?: string;
  phone?: string;
  home?: { value: string; label: string };
}

export interface ContactTyped { kind: ContactKind; value?: string; label?: string }

export interface HomeTyped { placeId?: string; role: OccupancyRole; fromOn?: dayjs.Dayjs | null }

export interface CustomerTyped {
  communityId: string;
  name: string;
  contactPoints?: (ContactTyped | undefined)[];
  occupancies?: (HomeTyped | undefined)[];
  language: RegisterCustomer['language'];
  preferredChannel: PreferredChannel;
  note?: string;
}

/** What was typed into the one box is a number where it has the digits of one, a name where it is words; digits too few for a number are neither. */
export function knownFrom(typed: string): Known {
  const text = typed.trim();
  const digits = text.replace(/[\s()+-]/g, '');
  const home = /^\d{1,2}(-\d+)+$/.test(text); // as "3-2-1502"
  if (!home && /^\d{5,15}$/.test(digits)) return { phone: text };
  return /^[\d\s-]*$/.test(text) ? {} : { name: text.slice(0, 100) };
}

/** The body; lines that say nothing are left out, and a fault of the desk's finds its line in the form again. */
export function bodyOf(v: CustomerTyped): { body: RegisterCustomer; rename: (field: string) => string } {
  const contacts = said(v.contactPoints, (p) => !!p.value?.trim());
  const homes = said(v.occupancies, (o) => !!o.placeId);
  return {
    body: {
      communityId: v.communityId,
      name: v.name.trim(),
      contactPoints: contacts.map(({ line: p }) => ({ kind: p.kind, value: p.value!.trim(), label: p.label?.trim() || null })),
      occupancies: homes.map(({ line: o }) => ({ placeId: o.placeId!, role: o.role, fromOn: o.fromOn?.format('YYYY-MM-DD') ?? null })),
      language: v.language,
      preferredChannel: v.preferredChannel,
      note: v.note?.trim() || null,
    },
    rename: (field) => field.replace(/^(contactPoints|occupancies)\[(\d+)\]/, (_, of: string, n: string) => `${of}[${(of === 'occupancies' ? homes : contacts)[Number(n)]?.at ?? n}]`),
  };
}

const said = <T>(lines: readonly (T | undefined)[] | undefined, says: (line: T) => boolean): { line: T; at: number }[] =>
  (lines ?? []).flatMap((line, at) => (line && says(line) ? [{ line, at }] : []));
