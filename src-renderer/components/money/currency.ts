/** @file A cost in the person's own currency, by the rate they typed. Pure. */
import type { Cost, CurrencyRate } from '#contract/storage-api.ts';

const UNITS_PER_COIN = 1_000_000_000;

export function inCurrency(cost: Cost, rate: CurrencyRate, language: string): string {
  const amount =
    (Number(cost.walFrost) / UNITS_PER_COIN) * rate.perWal +
    (Number(cost.gasMist) / UNITS_PER_COIN) * rate.perSui;
  return new Intl.NumberFormat(language, { style: 'currency', currency: rate.currency }).format(
    amount,
  );
}

/** Three letters, as Intl and the banks have them. */
export const isCurrency = (text: string): boolean => /^[A-Z]{3}$/.test(text);
