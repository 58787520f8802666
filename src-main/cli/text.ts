/** @file Numbers, dates and money as people read them, and JSON as scripts do. */

import type { Cost } from '#contract/storage-api.ts';
import { coinText } from '#engine/money-text.ts';

export { bytesText } from '#engine/model/bytes-text.ts';
export { countText } from '#engine/model/count-text.ts';
export { coinText } from '#engine/money-text.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** `0.25 WAL and 0.006 SUI`. */
export const costText = ({ walFrost, gasMist }: Cost): string =>
  `${coinText(walFrost)} WAL and ${coinText(gasMist)} SUI`;

/** A duration, rounded to what helps: `4 min`, `1 h 20 min`. */
export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${String(Math.max(1, Math.round(ms / SECOND_MS)))} s`;
  if (ms < HOUR_MS) return `${String(Math.round(ms / MINUTE_MS))} min`;
  const hours = Math.floor(ms / HOUR_MS);
  return `${String(hours)} h ${String(Math.round((ms - hours * HOUR_MS) / MINUTE_MS))} min`;
}

/** A day: `14 March 2027`. */
export function dateText(atMs: number): string {
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  }).format(atMs);
}

/** A moment: `14 March 2027 at 13:10`. */
export function momentText(atMs: number): string {
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(atMs);
}

/** JSON with bigints as decimal strings, since no JSON reader keeps them otherwise. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === 'bigint' ? entry.toString() : entry,
  );
}

/** Columns padded to the widest cell; the last one is left as it is. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join('  '),
  );
}
