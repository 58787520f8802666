/**
 * A month of one document that changes a hundred times a day, at 1,000 shards and epochs of two
 * weeks: the delay, the horizon and the planner decide, the prices are those of the network.
 */
import { expect, test } from 'vitest';
import { commitDelay, commitFrost, FIXED_COST_CAP_FROST } from './commit-economics.ts';
import {
  planCompaction,
  rewriteFrost,
  type CompactionFacts,
  type HeldPack,
} from './compaction/plan.ts';
import { encodedBytes, storageCostFrost, type WalrusSystem } from './model/walrus.ts';
import type { BlobId } from './model/ids.ts';
import { defaultHorizon, gridStep, isDue, purchaseEnd, renewalEnd } from './renewal/horizon.ts';

const DAY_MS = 86_400_000;
const EPOCH_MS = 14 * DAY_MS;
const DAYS = 30;
/** One document of some pages, compressed, with the tree and the pack index of its commit. */
const COMMIT_BYTES = 60_000;

const systemAt = (epoch: number): WalrusSystem =>
  ({
    epoch,
    epochStartedAtMs: epoch * EPOCH_MS,
    epochDurationMs: EPOCH_MS,
    epochsAheadMax: 53,
    shardCount: 1000,
    storagePriceFrostPerMib: 100_000n,
    writePriceFrostPerMib: 20_000n,
  }) as WalrusSystem;

test.each([{ startDay: 0 }, { startDay: 9 }, { startDay: 13 }])(
  'costs at most twice the cap on fixed costs, from day $startDay of an epoch on',
  ({ startDay }) => {
    let packs: HeldPack[] = [];
    let spent = 0n;
    let commits = 0;
    let nextCommitMs = 0;
    let lastEpoch = -1;
    const horizon = defaultHorizon(systemAt(100), false);
    for (let editMs = 0; editMs < DAYS * DAY_MS; editMs += DAY_MS / 100) {
      const epoch = 100 + Math.floor((startDay * DAY_MS + editMs) / EPOCH_MS);
      const system = systemAt(epoch);
      const bought = purchaseEnd(system, horizon, false);
      if (epoch !== lastEpoch) {
        lastEpoch = epoch;
        ({ packs, spent } = repackAndRenew(packs, spent, system));
      }
      if (editMs < nextCommitMs) continue;
      const folder = { permanent: false, horizon };
      const fixedCostFrost = commitFrost(system, folder, 0);
      nextCommitMs = editMs + commitDelay({ isTryOut: false, fixedCostFrost });
      spent += commitFrost(system, folder, COMMIT_BYTES);
      commits += 1;
      packs.push({
        blobId: String(commits).padStart(43, '0') as BlobId,
        storageBytes: encodedBytes(COMMIT_BYTES, 1000),
        endEpoch: bought,
        // Without rules every snapshot stays, and all of it lives.
        liveBytes: COMMIT_BYTES,
        deletable: true,
      });
    }
    expect(commits).toBeGreaterThan(60);
    expect(spent).toBeLessThanOrEqual(2n * FIXED_COST_CAP_FROST);

    function repackAndRenew(held: HeldPack[], before: bigint, system: WalrusSystem) {
      const facts: CompactionFacts = {
        ...system,
        epochsCompared: 26,
        epochsBought: purchaseEnd(system, horizon, false) - system.epoch,
        nearEpochs: horizon.floorEpochs + gridStep(system),
        packBytes: 135 * 1_048_576,
        commitBytes: 20_000,
        gasFrost: 0n,
        tipFrost: () => 0n,
        packsMax: 128,
        // What is given back is not counted on: the month costs this much or less.
        registeredBytesPerEpoch: 0n,
        spareBytes: 0n,
      };
      const plan = planCompaction(held, facts);
      const gone = new Set([...(plan?.rewritten ?? []), ...(plan?.dropped ?? [])]);
      let paid = before;
      const kept = held.filter((one) => !gone.has(one));
      if (plan) {
        const end = purchaseEnd(system, horizon, false);
        paid += rewriteFrost(plan.liveBytes, { ...facts, epochsCompared: end - system.epoch });
        kept.push({
          blobId: `folded ${String(system.epoch)}` as BlobId,
          storageBytes: encodedBytes(plan.liveBytes, 1000),
          endEpoch: end,
          liveBytes: plan.liveBytes,
          deletable: true,
        });
      }
      const renewed = kept.map((one) => {
        if (!isDue(one.endEpoch, system, horizon)) return one;
        const endEpoch = renewalEnd(system, horizon, false);
        const price = system.storagePriceFrostPerMib;
        paid += storageCostFrost(one.storageBytes, endEpoch - one.endEpoch, price);
        return { ...one, endEpoch };
      });
      return { packs: renewed, spent: paid };
    }
  },
);
