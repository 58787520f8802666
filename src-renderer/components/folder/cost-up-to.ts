/** @file What a folder costs up to a date, by its quote. Pure. */
import type { Cost, Quote } from '#contract/storage-api.ts';

const MONTH_MS = 30 * 86_400_000;

/** The first payment, and by the month what it does not cover. */
export function costUpTo(
  quote: Pick<Quote, 'now' | 'perMonth' | 'protectedUntil'>,
  untilMs: number,
): Cost {
  const restMs = Math.max(0, untilMs - quote.protectedUntil.atMs);
  const share = (perMonth: bigint): bigint =>
    BigInt(Math.ceil((Number(perMonth) * restMs) / MONTH_MS));
  return {
    walFrost: quote.now.walFrost + share(quote.perMonth.walFrost),
    gasMist: quote.now.gasMist + share(quote.perMonth.gasMist),
  };
}
