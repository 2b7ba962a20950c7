export type Cell = string | number | null | undefined;

/** What a spreadsheet would run as a formula is made text; what would break the line is quoted. Numbers are left as they are. */
export function cell(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const harmless = /^\s*[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /["',;\t\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** A sheet as a file: with a byte order mark, so that Excel reads it as UTF-8, and lines that end as it expects. */
export const csv = (rows: readonly (readonly Cell[])[]): string => `\uFEFF${rows.map((r) => r.map(cell).join(',')).join('\r\n')}\r\n`;

export function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
