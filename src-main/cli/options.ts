/** @file Values of options, from what a person typed. */
import { InvalidArgumentError } from 'commander';

const COIN = 1_000_000_000n;

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('a whole number from 1 is needed');
  }
  return value;
}

/** Whole coins with at most nine decimals, as the smallest units. */
export function coinsOption(text: string): bigint {
  const match = /^(\d{1,10})(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('an amount like 1.5 is needed, nine decimals at most');
  const [, whole = '0', fraction = ''] = match;
  return BigInt(whole) * COIN + BigInt(fraction.padEnd(9, '0'));
}

/** The end of that day here. */
export function dateOption(text: string): number {
  const match = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T23:59:59`) : Number.NaN;
  if (Number.isNaN(match)) throw new InvalidArgumentError('a day like 2027-03-14 is needed');
  return match;
}
