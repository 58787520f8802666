import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodedBytes, storageCostFrost, writeCostFrost } from '../model/walrus.ts';
import type { BlobId } from '../model/ids.ts';
import {
  extensionFrost,
  planCompaction,
  planSentence,
  reuseFrost,
  rewriteFrost,
  type CompactionFacts,
  type HeldPack,
} from './plan.ts';

const MIB = 1_048_576;
const facts: CompactionFacts = {
  epoch: 100,
  shardCount: 1000,
  storagePriceFrostPerMib: 100_000n,
  writePriceFrostPerMib: 20_000n,
  epochsCompared: 26,
  epochsBought: 8,
  nearEpochs: 8,
  packBytes: 128 * MIB,
  commitBytes: 20_000,
  gasFrost: 120_000_000n,
  tipFrost: () => 0n,
  packsMax: 128,
  registeredBytesPerEpoch: 0n,
  spareBytes: 0n,
};
const pack = (id: number, sizeBytes: number, liveBytes: number, endEpoch = 106): HeldPack => ({
  blobId: String(id).padStart(43, '0') as BlobId,
  storageBytes: encodedBytes(sizeBytes, facts.shardCount),
  endEpoch,
  liveBytes,
  deletable: true,
});
const hot = (count: number, liveBytes: number): HeldPack[] =>
  Array.from({ length: count }, (_, index) => pack(index, 40_000, liveBytes));

describe('what is planned', () => {
  test.each([
    { name: 'nothing without packs', packs: [], rewritten: 0, dropped: 0 },
    {
      name: 'nothing for a pack that is full of life',
      packs: [pack(1, 128 * MIB, 127 * MIB)],
      rewritten: 0,
      dropped: 0,
    },
    { name: 'to fold small packs into one', packs: hot(20, 30_000), rewritten: 20, dropped: 0 },
    {
      name: 'to let go what is dead',
      packs: [pack(1, 128 * MIB, 0), pack(2, 128 * MIB, 127 * MIB)],
      rewritten: 0,
      dropped: 1,
    },
    {
      name: 'to take the little that lives out of large packs',
      packs: [pack(1, 128 * MIB, 12 * MIB), pack(2, 128 * MIB, 12 * MIB)],
      rewritten: 2,
      dropped: 0,
    },
    {
      name: 'nothing long before its end',
      packs: hot(20, 30_000).map((one) => ({ ...one, endEpoch: 110 })),
      rewritten: 0,
      dropped: 0,
    },
  ])('$name', ({ packs, rewritten, dropped }) => {
    const plan = planCompaction(packs, facts);
    expect(plan?.rewritten.length ?? 0).toBe(rewritten);
    expect(plan?.dropped.length ?? 0).toBe(dropped);
  });

  test('is told in one sentence, with what it saves', () => {
    const plan = planCompaction(hot(14, 30_000), facts);
    expect(plan && planSentence(plan)).toMatch(
      /^Repacking 14 packs saves 1\.\d WAL over 26 epochs\.$/,
    );
  });

  test('counts the tips of new packs against it, and buys nothing with them', () => {
    const packs = Array.from({ length: 10 }, (_, index) => pack(index, 128 * MIB, 12 * MIB));
    const half = { ...facts, packBytes: 64 * MIB };
    const tipFrost = (bytes: number): bigint => (bytes === half.packBytes ? 3_000n : 1_000n);
    const direct = planCompaction(packs, half);
    const byRelay = planCompaction(packs, { ...half, tipFrost });
    expect(byRelay?.boughtPacks).toEqual([64 * MIB, 56 * MIB + facts.commitBytes]);
    expect(byRelay).toEqual({
      ...direct,
      costFrost: (direct?.costFrost ?? 0n) + 4_000n,
      savedFrost: (direct?.savedFrost ?? 0n) - 4_000n,
    });
    expect(planCompaction(packs, { ...half, tipFrost: () => 10n ** 12n })).toBeUndefined();
  });

  test('is no more than a head can condemn', () => {
    const plan = planCompaction(hot(200, 30_000), facts);
    expect(plan?.rewritten).toHaveLength(128);
  });
});

describe('storage that is given back', () => {
  const UNIT = BigInt(MIB);
  const given = (units: bigint, endEpoch: number, deletable = true): HeldPack => ({
    ...pack(1, 1, 0, endEpoch),
    storageBytes: units * UNIT,
    deletable,
  });
  const registering = (units: bigint): CompactionFacts => ({
    ...facts,
    registeredBytesPerEpoch: units * UNIT,
  });
  /** What a unit costs for that many epochs. */
  const price = (unitEpochs: bigint): bigint => unitEpochs * facts.storagePriceFrostPerMib;
  test.each([
    {
      name: 'is worth nothing where nothing is registered',
      packs: [given(9n, 110)],
      a: 0n,
      worth: 0n,
    },
    { name: 'is used from the next epoch on', packs: [given(5n, 104)], a: 5n, worth: 5n * 3n },
    {
      name: 'is used as it is wanted',
      packs: [given(5n, 104)],
      a: 2n,
      worth: 2n * 3n + 2n * 2n + 1n,
    },
    {
      name: 'that nobody wants in time is lost',
      packs: [given(50n, 103)],
      a: 2n,
      worth: 2n * 2n + 2n,
    },
    { name: 'that ends with this epoch comes too late', packs: [given(5n, 101)], a: 5n, worth: 0n },
    {
      name: 'that lasts longest is used first, and all of it is wanted once',
      packs: [given(1n, 102), given(1n, 104)],
      a: 1n,
      worth: 3n,
    },
    { name: 'is none of a permanent pack', packs: [given(5n, 104, false)], a: 5n, worth: 0n },
  ])('$name', ({ packs, a, worth }) => {
    expect(reuseFrost(packs, registering(a))).toBe(price(worth));
  });

  test('is used after what the account has to spare already', () => {
    const some = { ...registering(2n), spareBytes: 3n * UNIT };
    expect(reuseFrost([given(9n, 104)], some)).toBe(price(1n * 2n + 2n * 1n));
  });

  test('can make a plan worth its cost, and is part of what it saves', () => {
    const packs = [pack(1, 128 * MIB, 104 * MIB)];
    const before = planCompaction(packs, facts);
    const plan = planCompaction(packs, registering(1_000n));
    expect(before).toBeUndefined();
    expect(plan?.reusedFrost).toBeGreaterThan(0n);
    const avoided = extensionFrost(packs[0]!, facts);
    expect(plan?.savedFrost).toBe(
      avoided + (plan?.reusedFrost ?? 0n) - rewriteFrost(104 * MIB, facts),
    );
  });
});

const histories = fc.array(
  fc.record({
    mib: fc.integer({ min: 1, max: 128 }),
    liveShare: fc.double({ min: 0, max: 1, noNaN: true }),
    left: fc.integer({ min: 1, max: 12 }),
  }),
  { maxLength: 60 },
);

test('no plan costs more than it saves, and none spends what another choice would not', () => {
  fc.assert(
    fc.property(histories, (drawn) => {
      const packs = drawn.map(({ mib, liveShare, left }, index) =>
        pack(index, mib * MIB, Math.floor(mib * MIB * liveShare), facts.epoch + left),
      );
      const plan = planCompaction(packs, facts);
      if (!plan) return;
      const chosen = [...plan.rewritten, ...plan.dropped];
      const avoided = chosen.reduce((sum, one) => sum + extensionFrost(one, facts), 0n);
      const live = chosen.reduce((sum, one) => sum + one.liveBytes, 0);
      expect(plan.savedFrost).toBe(avoided - rewriteFrost(live, facts));
      expect(plan.savedFrost).toBeGreaterThan(0n);
      expect(chosen.every(({ endEpoch }) => endEpoch - facts.epoch <= facts.nearEpochs)).toBe(true);
    }),
  );
});

test('after a history that leaves 90 % of each pack dead, repacking costs at most 1.3 times a fresh upload of what lives', () => {
  const packs = Array.from({ length: 100 }, (_, index) =>
    pack(index, 128 * MIB, Math.floor(12.8 * MIB)),
  );
  const plan = planCompaction(packs, facts);
  const liveBytes = packs.reduce((sum, { liveBytes: live }) => sum + live, 0);
  expect(plan?.liveBytes).toBe(liveBytes);
  // Beside the data, once: the commit and its transactions.
  const oneTime = rewriteFrost(0, facts);
  expect(plan?.costFrost).toBeLessThanOrEqual((uploadFrost(liveBytes) * 13n) / 10n + oneTime);
});

function uploadFrost(bytes: number): bigint {
  const full = Math.ceil(bytes / facts.packBytes);
  const encoded = encodedBytes(facts.packBytes, facts.shardCount);
  const each =
    storageCostFrost(encoded, facts.epochsCompared, facts.storagePriceFrostPerMib) +
    writeCostFrost(encoded, facts.writePriceFrostPerMib);
  return BigInt(full) * each;
}
