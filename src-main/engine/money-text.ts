/** @file Amounts as the engine's sentences name them: exact, in whole coins. */

/** An amount of a coin with nine decimals: `0.0123`. */
export function coinText(smallest: bigint): string {
  const sign = smallest < 0n ? '-' : '';
  const digits = (smallest < 0n ? -smallest : smallest).toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}
