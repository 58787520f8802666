/** @file An amount of coins as a person types it, and back. Both coins have nine decimals. */

const DECIMALS = 9;
/** More than there will ever be of either coin. */
const WHOLE_DIGITS_MAX = 11;

/**
 * The smallest units of a typed amount, or undefined when it is none. Takes a point or a comma
 * before the decimals; separators of thousands are refused, since they differ between countries.
 */
export function parseAmount(text: string): bigint | undefined {
  const match = /^(\d+)(?:[.,](\d+))?$/.exec(text.trim());
  const whole = match?.[1];
  const fraction = match?.[2] ?? '';
  if (whole === undefined || whole.length > WHOLE_DIGITS_MAX || fraction.length > DECIMALS) {
    return undefined;
  }
  return BigInt(whole + fraction.padEnd(DECIMALS, '0'));
}

/** The amount as it is put into a field: exact, without separators of thousands. */
export function amountText(units: bigint, decimalSeparator: '.' | ','): string {
  const digits = units.toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return digits.slice(0, -DECIMALS) + (fraction === '' ? '' : decimalSeparator + fraction);
}
