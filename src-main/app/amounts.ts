/** @file Money, dates and durations as the tray shows them, in the person's language. */
import type { Cost } from '#contract/storage-api.ts';
import type { Language } from './words.ts';

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', de: 'de-DE' };
const COIN_DIGITS = 9;
const COIN_DIGITS_SHOWN = 4;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Rounded up: a price is never more than what was shown. */
export function coinText(smallest: bigint, language: Language): string {
  const unit = 10n ** BigInt(COIN_DIGITS - COIN_DIGITS_SHOWN);
  const shown = (smallest + unit - 1n) / unit;
  return new Intl.NumberFormat(LOCALES[language], {
    maximumFractionDigits: COIN_DIGITS_SHOWN,
  }).format(Number(shown) / 10 ** COIN_DIGITS_SHOWN);
}

export function costText(cost: Cost, language: Language): string {
  return `${coinText(cost.walFrost, language)} WAL + ${coinText(cost.gasMist, language)} SUI`;
}

export function dateText(atMs: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'long' }).format(atMs);
}

export function timeText(atMs: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALES[language], { timeStyle: 'short' }).format(atMs);
}

/** "4 min", "2 h"; at least a minute. */
export function durationText(ms: number): string {
  if (ms >= 2 * HOUR_MS) return `${String(Math.round(ms / HOUR_MS))} h`;
  return `${String(Math.max(1, Math.round(ms / MINUTE_MS)))} min`;
}
