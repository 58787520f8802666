/**
 * Goal: what repacking costs is bounded, measured in coins: a history that leaves 90 % of each pack
 * dead costs at most 1.3 times a fresh upload of what lives, and a stated cost once. What would
 * cost more than it saves is not done.
 * Method: whole engines with real packs on a whole network. What was spent is the difference of the
 * account's balance on chain, less what the exchange has brought; a fresh upload is one: another
 * vault that stores what is left.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cost } from '#contract/storage-api.ts';
import { packLimits } from '#engine/archive/limits.ts';
import type { Engine } from '#engine/engine.ts';
import { encodedBytes, storageCostFrost, writeCostFrost } from '#engine/model/walrus.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { ONE_KEPT } from '../support/small-packs.ts';
import { bytes, makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type World } from '../support/world.ts';

const SHARDS = 13;
const PACK_BYTES = packLimits(SHARDS).packBytesTarget;
const PACKS = 10;
const FILES_PER_PACK = 10;
const FILE_BYTES = Math.floor((PACK_BYTES * 0.97) / FILES_PER_PACK);
const FOLDER = 'archive of everything';
const PRICES = { storageFrostPerMib: 1_000_000n, writeFrostPerMib: 20_000n };

let world: World;
let engine: Engine;

/** What has left the account for storage and gas: its coins, and not what the ledger says of them. */
async function spentBy(who: Engine, work: () => Promise<unknown>): Promise<Cost> {
  const held = async (): Promise<Cost> => {
    const { balance } = await who.api.funding({});
    const { entries } = await who.api.ledger({ offset: 0, limit: 1_000 });
    // An exchange turns SUI into as much WAL here.
    const exchanged = entries
      .filter(({ kind, state }) => kind === 'exchange' && state === 'landed')
      .reduce((sum, { suiMist }) => sum + suiMist, 0n);
    return { walFrost: balance.walFrost - exchanged, gasMist: balance.gasMist + exchanged };
  };
  const before = await held();
  await work();
  const after = await held();
  return {
    walFrost: before.walFrost - after.walFrost,
    gasMist: before.gasMist - after.gasMist,
  };
}

const fileName = (pack: number, file: number): string =>
  `${String(pack).padStart(2, '0')}-${String(file)}.bin`;

beforeAll(async () => {
  world = await startWorld({ shards: SHARDS, nodes: 4, epochDurationMs: 14 * 86_400_000 });
  await world.localnet.setPrices(PRICES);
  for (let pack = 0; pack < PACKS; pack += 1) {
    const files = Array.from({ length: FILES_PER_PACK }, (_, file) => [
      fileName(pack, file),
      bytes(FILE_BYTES, 1 + pack * FILES_PER_PACK + file),
    ]);
    makeTree(world.path('papers'), Object.fromEntries(files) as Record<string, Uint8Array>);
  }
  engine = (await bareVault(world, 'home')).open();
  const path = world.path('papers');
  await engine.api.addFolder({ path, name: FOLDER, excludes: [], permanent: false });
  await engine.api.sync({});
  await engine.api.setRetention({ folder: FOLDER, retention: ONE_KEPT });
}, 300_000);
afterAll(async () => {
  await engine.close();
  await world.close();
});

describe('packs of which 90 % is dead', () => {
  test('are what this history leaves', async () => {
    const { total } = await engine.api.blobs({ offset: 0, limit: 100 });
    expect(total).toBeGreaterThanOrEqual(PACKS);
    for (let pack = 0; pack < PACKS; pack += 1) {
      for (let file = 1; file < FILES_PER_PACK; file += 1) {
        rmSync(world.path('papers', fileName(pack, file)));
      }
    }
    await engine.api.sync({ acceptDeletions: true });
  });

  test('are not repacked for more than somebody agreed to', async () => {
    const { compaction } = await engine.api.planCompaction({});
    const walFrostMax = (compaction?.cost.walFrost ?? 0n) - 1n;
    const ended = Promise.withResolvers<string | undefined>();
    engine.subscribe((event) => {
      if (event.kind !== 'task' || event.task.kind !== 'compact') return;
      if (event.task.endedAtMs !== undefined) ended.resolve(event.task.problem?.code);
    });
    const spent = await spentBy(engine, async () => {
      await engine.api.startCompaction({ walFrostMax });
      expect(await ended.promise).toBe('price-risen');
    });
    expect(spent).toEqual({ walFrost: 0n, gasMist: 0n });
  });

  test('are repacked for at most 1.3 times a fresh upload, and the commit once', async () => {
    const { compaction } = await engine.api.planCompaction({});
    expect(compaction?.rewrittenPacks).toBeGreaterThanOrEqual(PACKS);
    const repacking = await spentBy(engine, () => engine.api.compact({}));
    const fresh = (await bareVault(world, 'fresh')).open();
    try {
      const path = world.path('papers');
      await fresh.api.addFolder({ path, name: FOLDER, excludes: [], permanent: false });
      // The faucet gives before anything is counted.
      await fresh.api.requestTestFunds({});
      const upload = await spentBy(fresh, () => fresh.api.sync({}));
      // Stated: the commit that names the new places is a blob of its own, the smallest.
      const { view } = world.localnet.chain;
      const epochs = 8 - view.epoch;
      const smallest = encodedBytes(1, SHARDS);
      const commit =
        storageCostFrost(smallest, epochs, PRICES.storageFrostPerMib) +
        writeCostFrost(smallest, PRICES.writeFrostPerMib);
      expect(upload.walFrost).toBeGreaterThan(4n * commit);
      expect(repacking.walFrost).toBeGreaterThan(0n);
      expect(repacking.walFrost * 10n).toBeLessThanOrEqual(upload.walFrost * 13n + commit * 10n);
      expect(repacking.gasMist * 10n).toBeLessThanOrEqual(upload.gasMist * 13n);
    } finally {
      await fresh.close();
    }
  });

  test('leave nothing to repack, cost nothing again, and what lives is there', async () => {
    expect(await engine.api.planCompaction({})).toEqual({ compaction: undefined });
    expect(await spentBy(engine, () => engine.api.compact({}))).toEqual({
      walFrost: 0n,
      gasMist: 0n,
    });
    await world.localnet.advanceEpoch();
    await engine.api.sync({});
    const { total } = await engine.api.blobs({ offset: 0, limit: 100 });
    expect(total).toBeLessThan(PACKS / 2);
    const target = world.path('back');
    expect(await engine.api.restore({ folder: FOLDER, target })).toMatchObject({ lost: [] });
    expect(await compareTrees(world.path('papers'), target)).toEqual([]);
  });
});
