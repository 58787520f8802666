/** @file Spending limits as they are typed. */
import { describe, expect, test } from 'vitest';
import type { SpendingCaps } from '#contract/storage-api.ts';
import { capFields, capsOf, firstRefused, raisesAny } from './caps.ts';

const COIN = 1_000_000_000n;
const caps: SpendingCaps = {
  perTransaction: { walFrost: 5n * COIN, gasMist: COIN / 10n },
  perDay: { walFrost: 10n * COIN, gasMist: COIN },
  perEpoch: { walFrost: 20n * COIN, gasMist: 2n * COIN },
};

test.each(['.', ','] as const)('limits survive their fields with "%s"', (separator) => {
  expect(capsOf(capFields(caps, separator))).toEqual(caps);
});

test('one bad field is no limits', () => {
  const fields = capFields(caps, '.');
  expect(capsOf({ ...fields, perDay: { ...fields.perDay, sui: 'much' } })).toBeUndefined();
});

test.each([
  { name: 'the same', change: {}, raises: false },
  { name: 'a lower one', change: { perDay: { walFrost: COIN, gasMist: COIN } }, raises: false },
  {
    name: 'a higher one',
    change: { perDay: { walFrost: 11n * COIN, gasMist: COIN } },
    raises: true,
  },
  {
    name: 'a higher one for gas only',
    change: { perEpoch: { walFrost: COIN, gasMist: 3n * COIN } },
    raises: true,
  },
])('$name raises: $raises', ({ change, raises }) => {
  expect(raisesAny(caps, { ...caps, ...change })).toBe(raises);
});

describe('the first renewal that is refused', () => {
  const renewal = (walFrost: bigint) => ({ cost: { walFrost, gasMist: 0n } });

  test('is the one above a day’s limit', () => {
    const large = renewal(11n * COIN);
    expect(firstRefused(caps, [renewal(COIN), large, renewal(30n * COIN)])).toBe(large);
  });

  test('is none when all fit, even above what one transaction may cost', () => {
    expect(firstRefused(caps, [renewal(9n * COIN)])).toBeUndefined();
  });
});
