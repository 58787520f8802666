/** @file The price of a gigabyte before there is a folder. */
import { expect, test } from 'vitest';
import { monthlyFrostPerGigabyte } from './network-price.ts';

const MEBIBYTE = 1_048_576;

test('a thousand shards cost five times the data, as the tables of the field say', () => {
  const perMib = 1_000_000;
  const frost = monthlyFrostPerGigabyte({
    epochDurationMs: 30 * 86_400_000,
    epochsAheadMax: 53,
    storageFrostPerMib: BigInt(perMib),
    writeFrostPerMib: 0n,
    shardCount: 1_000,
  });
  const factor = (Number(frost) / perMib) * (MEBIBYTE / 1_000_000_000);
  expect(factor).toBeCloseTo(5, 1);
});

test('shorter epochs are paid for more often', () => {
  const facts = {
    epochsAheadMax: 53,
    storageFrostPerMib: 100n,
    writeFrostPerMib: 0n,
    shardCount: 13,
  };
  const daily = monthlyFrostPerGigabyte({ ...facts, epochDurationMs: 86_400_000 });
  const fortnightly = monthlyFrostPerGigabyte({ ...facts, epochDurationMs: 14 * 86_400_000 });
  expect(Number(daily) / Number(fortnightly)).toBeCloseTo(14, 3);
});
