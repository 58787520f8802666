import { describe, expect, test } from 'vitest';
import type { WalrusSystem } from './model/walrus.ts';
import { endEpochFor, epochEndMs, quoteRegistration } from './policy.ts';

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

describe('the end that a pack is bought to', () => {
  const keep = (floorEpochs: number, targetEpochs: number) => ({
    horizon: { kind: 'keep' as const, floorEpochs, targetEpochs, untilMs: undefined },
  });
  const standard = { horizon: undefined };
  test.each([
    // In epoch 7, on the grid of two epochs: six at least.
    { name: 'is the default', folders: [standard], permanent: false, end: 14 },
    { name: 'without a folder is the default, too', folders: [], permanent: false, end: 14 },
    { name: 'is chosen by the folder', folders: [keep(10, 12)], permanent: false, end: 18 },
    {
      name: 'is the latest of all folders that it is for',
      folders: [standard, keep(20, 30), keep(3, 4)],
      permanent: false,
      end: 28,
    },
    { name: 'of an archive is the furthest sold', folders: [standard], permanent: true, end: 60 },
  ])('$name', ({ folders, permanent, end }) => {
    expect(endEpochFor(network(14), folders, permanent)).toBe(end);
  });
});

describe('prices and dates', () => {
  test('the smallest blob of 1,000 shards costs 63 units, as the protocol document computes', () => {
    expect(quoteRegistration(network(14), 1, 1)).toBe(7_560_000n);
  });

  test('an end epoch is exclusive: it ends when that epoch begins', () => {
    expect(epochEndMs(network(14), 8)).toBe(1_000 + 14 * DAY_MS);
  });
});
