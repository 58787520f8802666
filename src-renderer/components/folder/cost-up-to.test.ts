/** @file What a folder costs up to a date. */
import { expect, test } from 'vitest';
import { costUpTo } from './cost-up-to.ts';

const DAY_MS = 86_400_000;
const quote = {
  now: { walFrost: 1_000n, gasMist: 10n },
  perMonth: { walFrost: 300n, gasMist: 3n },
  protectedUntil: { epoch: 10, atMs: 100 * DAY_MS },
};

test.each([
  { name: 'before the first payment ends', days: 50, walFrost: 1_000n, gasMist: 10n },
  { name: 'when the first payment ends', days: 100, walFrost: 1_000n, gasMist: 10n },
  { name: 'a month later', days: 130, walFrost: 1_300n, gasMist: 13n },
  { name: 'ten days later, never rounded down', days: 110, walFrost: 1_100n, gasMist: 11n },
])('$name', ({ days, walFrost, gasMist }) => {
  expect(costUpTo(quote, days * DAY_MS)).toEqual({ walFrost, gasMist });
});
