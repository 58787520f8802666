import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FolderId, ObjectId, PackId } from '../model/ids.ts';
import { defaultHorizon } from './horizon.ts';
import { costOf, dueTargets, planExtensions, type HeldBlob, type PlanLimits } from './plan.ts';

const MIB = 1_048_576n;
const facts = {
  epoch: 100,
  epochStartedAtMs: 1_800_000_000_000,
  epochDurationMs: 14 * 86_400_000,
  epochsAheadMax: 53,
  storagePriceFrostPerMib: 10n,
};
const photos = 'photos' as FolderId;
const papers = 'papers' as FolderId;
const folder = (folderId: FolderId) => ({
  folderId,
  permanent: false,
  horizon: defaultHorizon(facts, false),
});
const blob = (
  id: string,
  endEpoch: number,
  mib = 1n,
  folderIds: readonly FolderId[] = [photos],
): HeldBlob => ({
  blobObjectId: id as ObjectId,
  packId: `pack of ${id}` as PackId,
  folderIds,
  endEpoch,
  storageBytes: mib * MIB,
});
const noLimits: PlanLimits = {
  blobsPerTransaction: 200,
  frostPerTransaction: 10n ** 18n,
  frostInAll: 10n ** 18n,
};
/** Of folders that are due, as object: end epochs by blob. */
const endsOf = (blobs: readonly HeldBlob[], folders = [folder(photos)], limits = noLimits) => {
  const plan = planExtensions(blobs, dueTargets(blobs, folders, facts), facts, limits);
  return {
    ends: plan.transactions.map((extensions) =>
      extensions.map((one) => `${one.blobObjectId} to ${String(one.targetEndEpoch)}`),
    ),
    cost: costOf(plan.transactions.flat()),
    postponed: plan.postponed.map((one) => `${one.blobObjectId} from ${String(one.endEpoch)}`),
  };
};

describe('a blob', () => {
  test.each([
    { name: 'on the floor is left alone', end: 106, ends: [] },
    { name: 'below the floor goes to the target', end: 105, ends: [['a to 108']] },
    { name: 'in its last epoch goes there, too', end: 101, ends: [['a to 108']] },
    { name: 'that has ended cannot be extended', end: 100, ends: [] },
  ])('$name', ({ end, ends }) => {
    expect(endsOf([blob('a', end)]).ends).toEqual(ends);
  });
});

test('a folder that is due brings all of its blobs to one end, the soonest first', () => {
  expect(endsOf([blob('late', 107), blob('soon', 103), blob('there', 108)])).toEqual({
    ends: [['soon to 108', 'late to 108']],
    cost: 60n,
    postponed: [],
  });
});

test('a folder that is not due stays as it is, but for what it shares with one that is', () => {
  const blobs = [
    blob('a', 103),
    blob('b', 107, 1n, [papers]),
    blob('c', 107, 1n, [photos, papers]),
  ];
  expect(endsOf(blobs, [folder(photos), folder(papers)]).ends).toEqual([['a to 108', 'c to 108']]);
});

describe('limits', () => {
  test.each([
    {
      name: 'of blobs a transaction split the plan',
      limits: { ...noLimits, blobsPerTransaction: 2 },
      expected: { ends: [['a to 108', 'b to 108'], ['c to 108']], postponed: [] },
    },
    {
      name: 'of what one transaction may cost split it, too',
      limits: { ...noLimits, frostPerTransaction: 89n },
      expected: { ends: [['a to 108'], ['b to 108'], ['c to 108']], postponed: [] },
    },
    {
      name: 'below one blob buy it in pieces',
      limits: { ...noLimits, frostPerTransaction: 25n },
      expected: {
        ends: [['a to 104'], ['b to 105'], ['c to 106']],
        postponed: ['a from 104', 'b from 105', 'c from 106'],
      },
    },
    {
      name: 'of what may be spent in all keep the most urgent',
      limits: { ...noLimits, frostInAll: 135n },
      expected: { ends: [['a to 108', 'b to 108', 'c to 106']], postponed: ['c from 106'] },
    },
    {
      name: 'of nothing postpone all',
      limits: { ...noLimits, frostInAll: 0n },
      expected: { ends: [], postponed: ['a from 102', 'b from 103', 'c from 104'] },
    },
  ])('$name', ({ limits, expected }) => {
    const blobs = [blob('a', 102), blob('b', 103), blob('c', 104)];
    expect(endsOf(blobs, [folder(photos)], limits)).toMatchObject(expected);
  });
});

test('any plan keeps within its limits, forgets nothing, and once carried out leaves nothing due', () => {
  const cases = fc.record({
    blobs: fc.array(
      fc.record({
        end: fc.integer({ min: 99, max: 160 }),
        mib: fc.bigInt({ min: 1n, max: 700n }),
        folders: fc.constantFrom([photos], [papers], [photos, papers]),
      }),
      { maxLength: 40 },
    ),
    limits: fc.record({
      blobsPerTransaction: fc.integer({ min: 1, max: 10 }),
      frostPerTransaction: fc.bigInt({ min: 0n, max: 60_000n }),
      frostInAll: fc.bigInt({ min: 0n, max: 300_000n }),
    }),
  });
  fc.assert(
    fc.property(cases, ({ blobs: drawn, limits }) => {
      const blobs = drawn.map(({ end, mib, folders }, index) =>
        blob(String(index), end, mib, folders),
      );
      const folders = [folder(photos), folder(papers)];
      const targets = dueTargets(blobs, folders, facts);
      const plan = planExtensions(blobs, targets, facts, limits);
      const made = plan.transactions.flat();
      for (const transaction of plan.transactions) {
        expect(transaction.length).toBeGreaterThan(0);
        expect(transaction.length).toBeLessThanOrEqual(limits.blobsPerTransaction);
        expect(costOf(transaction)).toBeLessThanOrEqual(limits.frostPerTransaction);
      }
      expect(costOf(made)).toBeLessThanOrEqual(limits.frostInAll);
      // Together, what is made and what is postponed is the plan without limits.
      const all = planExtensions(blobs, targets, facts, noLimits).transactions.flat();
      expect(costOf(made) + costOf(plan.postponed)).toBe(costOf(all));
      // Carried out to the end, nothing is left to do.
      const ends = new Map(all.map((one) => [one.blobObjectId, one.targetEndEpoch]));
      const after = blobs
        .filter(({ endEpoch }) => endEpoch > facts.epoch)
        .map((one) => ({ ...one, endEpoch: ends.get(one.blobObjectId) ?? one.endEpoch }));
      expect(dueTargets(after, folders, facts).size).toBe(0);
      expect(planExtensions(after, targets, facts, noLimits).transactions).toEqual([]);
    }),
  );
});
