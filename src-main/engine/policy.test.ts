import { describe, expect, test } from 'vitest';
import type { WalrusSystem } from './model/walrus.ts';
import { epochEndMs, epochsFor, quoteRegistration } from './policy.ts';

const DAY_MS = 86_400_000;
const network = (epochDays: number): WalrusSystem =>
  ({
    epoch: 7,
    epochStartedAtMs: 1_000,
    epochDurationMs: epochDays * DAY_MS,
    epochsAheadMax: 53,
    shardCount: 1000,
    storagePriceFrostPerMib: 100_000n,
    writePriceFrostPerMib: 20_000n,
  }) as unknown as WalrusSystem;

describe('how long a pack is bought for', () => {
  test.each([
    { name: 'six epochs of two weeks', epochDays: 14, permanent: false, epochs: 6 },
    {
      name: '84 epochs of a day, capped by the network',
      epochDays: 1,
      permanent: false,
      epochs: 53,
    },
    { name: 'twelve epochs of a week', epochDays: 7, permanent: false, epochs: 12 },
    { name: 'six epochs of two months', epochDays: 60, permanent: false, epochs: 6 },
    {
      name: 'all that the network sells, for an archive',
      epochDays: 14,
      permanent: true,
      epochs: 53,
    },
  ])('$name', ({ epochDays, permanent, epochs }) => {
    expect(epochsFor(network(epochDays), permanent)).toBe(epochs);
  });

  test('the smallest blob of 1,000 shards costs 63 units, as the protocol document computes', () => {
    expect(quoteRegistration(network(14), 1, 1)).toBe(7_560_000n);
  });

  test('an end epoch is exclusive: it ends when that epoch begins', () => {
    expect(epochEndMs(network(14), 8)).toBe(1_000 + 14 * DAY_MS);
  });
});
