import { initials } from './pinyin';

export interface Called {
  name: string;
  nameEn: string;
  /** Everything above it, in both languages. */
  path: string;
}

const known = new Map<string, string>();
const short = (text: string): string => known.get(text) ?? (known.set(text, initials(text)), known.get(text)!);

/** How well it answers to what was typed, by characters, pinyin initials or English: 0 is best, null is not at all. */
export function rank(typed: string, { name, nameEn, path }: Called): number | null {
  const parts = typed.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (parts.length === 0) return 0;
  const [own, english, whole] = [name.toLowerCase(), nameEn.toLowerCase(), path.toLowerCase()];
  const each = parts.map((part) =>
    own === part || english === part ? 0
    : own.startsWith(part) || english.startsWith(part) || short(own).startsWith(part) ? 1
    : own.includes(part) || english.includes(part) ? 2
    : /^[a-z]{2,}$/.test(part) && short(own).includes(part) ? 3
    : whole.includes(part) ? 4
    : null);
  return each.includes(null) ? null : Math.max(...(each as number[]));
}
