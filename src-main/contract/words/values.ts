/** @file Figures in what the engine tells: numbers, amounts, dates and durations in a language. */

/** The languages that there are. */
export type Language = 'en' | 'de';

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', de: 'de-DE' };
const SMALLEST_PER_COIN = 1_000_000_000;
const COIN_DIGITS = 9;
const SIZE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export function number(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language]).format(value);
}

/** An amount of a coin with nine decimals, in its smallest unit, as whole coins. */
export function coins(smallest: string | number | bigint, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: COIN_DIGITS }).format(
    Number(smallest) / SMALLEST_PER_COIN,
  );
}

/** 14 March 2027 */
export function date(atMs: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'long' }).format(atMs);
}

/** 3.2 MB, in powers of 1000 as storage is sold. */
export function size(bytes: number, language: Language): string {
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return unit(value, SIZE_UNITS[power] ?? 'byte', power === 0 || value >= 100 ? 0 : 1, language);
}

/** 90 minutes, 3 hours, 10 days: the largest unit of which there are two. */
export function duration(ms: number, language: Language): string {
  const [name, lengthMs] =
    ms < 2 * HOUR_MS
      ? (['minute', MINUTE_MS] as const)
      : ms < 2 * DAY_MS
        ? (['hour', HOUR_MS] as const)
        : (['day', DAY_MS] as const);
  return unit(Math.round(ms / lengthMs), name, 0, language);
}

function unit(value: number, name: string, digits: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], {
    style: 'unit',
    unit: name,
    unitDisplay: name.endsWith('byte') && name !== 'byte' ? 'short' : 'long',
    maximumFractionDigits: digits,
  }).format(value);
}
