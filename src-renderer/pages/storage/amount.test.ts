/** @file Amounts as people type them. */
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { amountText, parseAmount } from './amount.ts';

test.each([
  { text: '1', units: 1_000_000_000n },
  { text: '0.41', units: 410_000_000n },
  { text: '0,41', units: 410_000_000n },
  { text: ' 12.000000001 ', units: 12_000_000_001n },
  { text: '0', units: 0n },
  { text: '', units: undefined },
  { text: '.5', units: undefined },
  { text: '1.0000000001', units: undefined },
  { text: '1.234.567', units: undefined },
  { text: '1,000.5', units: undefined },
  { text: '-1', units: undefined },
  { text: '1e9', units: undefined },
  { text: '123456789012', units: undefined },
])('"$text" is $units', ({ text, units }) => {
  expect(parseAmount(text)).toBe(units);
});

test('what is shown reads back', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 10n ** 19n),
      fc.constantFrom('.' as const, ',' as const),
      (units, separator) => {
        expect(parseAmount(amountText(units, separator))).toBe(units);
      },
    ),
  );
});
