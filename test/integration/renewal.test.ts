/**
 * Goal: storage is renewed in time, for what was quoted, and what somebody took away is noticed.
 * Method: a whole network and whole engines; epochs pass when the test says so. What the engine
 * tells is compared with what the chain holds.
 */
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '#engine/engine.ts';
import { parseObjectId, type ObjectId } from '#engine/model/ids.ts';
import { RAISE_DELAY_MS } from '#engine/spending.ts';
import { compareTrees } from '#platform/compare-trees.ts';
import { systemClock } from '#platform/system-clock.ts';
import { bytes, KIB, makeTree } from '../support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '../support/world.ts';

const EPOCH_MS = 14 * 86_400_000;
const FOLDER = 'papers';

let world: World;
let vault: BareVault;
let engine: Engine;
let source: string;

beforeAll(async () => {
  world = await startWorld({ shards: 4, nodes: 4, epochDurationMs: EPOCH_MS });
  source = world.path('papers');
  makeTree(source, { 'a.txt': 'a', 'large.bin': bytes(600 * KIB, 3) });
  vault = await bareVault(world, 'home');
  engine = vault.open();
  await engine.api.addFolder({ path: source, name: FOLDER, excludes: [], permanent: false });
  await engine.api.sync({});
});
afterAll(async () => {
  await engine.close();
  await world.close();
});

/** Ends of the account's blobs, as the chain has them. */
const endsOnChain = async (): Promise<number[]> => {
  const { blobs } = await engine.api.blobs({ offset: 0, limit: 1_000 });
  return blobs.map(({ blobObjectId }) => {
    const found = world.localnet.chain.view.registeredObject(blobObjectId as never);
    return found?.endEpoch ?? 0;
  });
};

describe('a folder', () => {
  test('is bought to an end of the grid, and the inventory says what the chain says', async () => {
    const { blobs, total } = await engine.api.blobs({ offset: 0, limit: 100 });
    expect(total).toBeGreaterThan(1);
    expect(blobs.every(({ state }) => state === 'certified')).toBe(true);
    // Epoch 1, six epochs at least, on even epochs.
    expect(new Set(await endsOnChain())).toEqual(new Set([8]));
    expect(new Set(blobs.map(({ endsAt }) => endsAt.epoch))).toEqual(new Set([8]));
  });

  test('is not due before less than its floor is left', async () => {
    await world.localnet.advanceEpoch();
    const plan = await engine.api.planRenewal({});
    expect(plan).toMatchObject({ folders: [], transactionCount: 0, problem: undefined });
  });

  test('is renewed for what was quoted, once', async () => {
    await world.localnet.advanceEpoch();
    const plan = await engine.api.planRenewal({});
    expect(plan.folders).toMatchObject([{ name: FOLDER, from: { epoch: 8 }, to: { epoch: 10 } }]);
    const before = await engine.api.wallet({});
    const report = await engine.api.renew({});
    const after = await engine.api.wallet({});
    expect(report.executed.walFrost).toBe(plan.cost.walFrost);
    expect(before.walFrost - after.walFrost).toBe(plan.cost.walFrost);
    // Gas was simulated.
    expect(before.suiMist - after.suiMist).toBe(report.executed.gasMist);
    const difference = report.executed.gasMist - plan.cost.gasMist;
    expect(difference * difference).toBeLessThanOrEqual((plan.cost.gasMist / 50n) ** 2n);
    expect(new Set(await endsOnChain())).toEqual(new Set([10]));
    const again = await engine.api.renew({});
    expect(again).toMatchObject({ digests: [], executed: { walFrost: 0n } });
    const { entries } = await engine.api.ledger({ offset: 0, limit: 1 });
    expect(entries).toMatchObject([
      { kind: 'extend', state: 'landed', folderName: FOLDER, epoch: 3 },
    ]);
  });

  test('follows the prices of the day', async () => {
    await world.localnet.setPrices({ storageFrostPerMib: 250_000n, writeFrostPerMib: 20_000n });
    await world.localnet.advanceEpoch({ count: 2 });
    const plan = await engine.api.planRenewal({});
    const report = await engine.api.renew({ folder: FOLDER });
    expect(report.executed.walFrost).toBe(plan.cost.walFrost);
    expect(new Set(await endsOnChain())).toEqual(new Set([12]));
    await world.localnet.setPrices({ storageFrostPerMib: 100_000n, writeFrostPerMib: 20_000n });
  });
});

describe('an extension', () => {
  test('goes to the end that was asked for, and asked again buys nothing', async () => {
    const first = await engine.api.extend({ folder: FOLDER, endEpoch: 20 });
    expect(first).toMatchObject({ protectedUntil: { epoch: 20 } });
    const second = await engine.api.extend({ folder: FOLDER, endEpoch: 20 });
    expect(second).toMatchObject({ transactions: 0, spent: { walFrost: 0n } });
  });

  test('by epochs counts from the earliest end', async () => {
    const report = await engine.api.extend({ folder: FOLDER, epochs: 2 });
    expect(report.protectedUntil?.epoch).toBe(22);
  });
});

describe('caps', () => {
  const roomy = { walFrost: 10n ** 12n, gasMist: 10n ** 10n };

  test('below one transaction make more of them; of a day, they postpone the rest', async () => {
    const one = 100_000n;
    await engine.api.setCaps({
      caps: { perTransaction: { ...roomy, walFrost: 2n * one }, perDay: roomy, perEpoch: roomy },
    });
    const { blobs } = await engine.api.blobs({ offset: 0, limit: 100 });
    const report = await engine.api.extend({ folder: FOLDER, endEpoch: 23 });
    expect(report.transactions).toBeGreaterThan(1);
    expect(report.blobs).toBe(blobs.length);
    await engine.api.setCaps({
      caps: { perTransaction: roomy, perDay: { ...roomy, walFrost: 1n }, perEpoch: roomy },
    });
    await expect(engine.api.extend({ folder: FOLDER, endEpoch: 24 })).rejects.toMatchObject({
      code: 'cap-exceeded',
    });
    expect(Math.max(...(await endsOnChain()))).toBe(23);
    // Raised, they hold ten minutes later.
    await engine.api.setCaps({ caps: { perTransaction: roomy, perDay: roomy, perEpoch: roomy } });
    await expect(engine.api.extend({ folder: FOLDER, endEpoch: 24 })).rejects.toMatchObject({
      code: 'cap-exceeded',
    });
    // As if it had been done ten minutes ago.
    await engine.close();
    const nowMs = (): number => systemClock.nowMs() - RAISE_DELAY_MS;
    const before = vault.open({ clock: { ...systemClock, nowMs } });
    await before.api.setCaps({ caps: { perTransaction: roomy, perDay: roomy, perEpoch: roomy } });
    await before.close();
    engine = vault.open();
    await engine.api.extend({ folder: FOLDER, endEpoch: 24 });
  });
});

describe('a blob that somebody', () => {
  const largestBlob = async (): Promise<ObjectId> => {
    const { blobs } = await engine.api.blobs({ offset: 0, limit: 100 });
    const living = blobs.filter(({ state }) => state === 'certified');
    return parseObjectId(living.toSorted((a, b) => b.sizeBytes - a.sizeBytes)[0]!.blobObjectId);
  };
  /** Another program that holds the words, which no policy of Floe's binds. */
  const execute = async (fill: (transaction: Transaction) => void): Promise<void> => {
    const [endpoint] = [world.localnet.networkFile.rpc].flat();
    const client = new SuiGrpcClient({ network: 'localnet', baseUrl: endpoint!.url });
    const path = "m/44'/784'/0'/0'/0'";
    const signer = Ed25519Keypair.deriveKeypair(vault.words.join(' '), path);
    const transaction = new Transaction();
    fill(transaction);
    const result = await client.core.signAndExecuteTransaction({ transaction, signer });
    expect(result.$kind).toBe('Transaction');
  };
  const takeAway = {
    deleted: async (blob: ObjectId) => {
      const { wallet } = vault.openWallet();
      await wallet.submit(await wallet.prepareDelete([blob]));
    },
    burnt: async (blob: ObjectId) => {
      const system = await vault.openWallet().chain.readSystem();
      await execute((transaction) => {
        transaction.moveCall({
          target: `${system.callPackageId}::blob::burn`,
          arguments: [transaction.object(blob)],
        });
      });
    },
    'given away': (blob: ObjectId) =>
      execute((transaction) => {
        transaction.transferObjects([blob], `0x${'7'.repeat(64)}`);
      }),
  };

  test.each(Object.entries(takeAway))('%s is noticed and stored anew', async (name, take) => {
    await take(await largestBlob());
    expect(await engine.api.status({})).toMatchObject({
      folders: [{ state: 'attention', problem: { code: 'blob-expired' } }],
    });
    const report = await engine.api.sync({});
    expect(report.folders[0]?.protectedUntil).toBeDefined();
    expect(await engine.api.status({})).toMatchObject({
      folders: [{ state: 'protected', problem: undefined }],
    });
    const { blobs } = await engine.api.blobs({ offset: 0, limit: 100 });
    expect(blobs.every(({ state }) => state === 'certified')).toBe(true);
    const target = world.path(`back ${name}`);
    expect(await engine.api.restore({ folder: FOLDER, target })).toMatchObject({ lost: [] });
    expect(await compareTrees(source, target)).toEqual([]);
  });
});

test('an engine that keeps watch renews by itself when an epoch begins', async () => {
  await engine.api.setHorizon({
    folder: FOLDER,
    horizon: { kind: 'keep', floorEpochs: 30, targetEpochs: 40, untilMs: undefined },
  });
  let changed = Promise.withResolvers<undefined>();
  const unsubscribe = engine.subscribe(() => changed.resolve(undefined));
  await engine.watch();
  const isTold = ({ kind, sentence }: { kind: string; sentence: string }): boolean =>
    kind === 'renew' && sentence.includes(FOLDER);
  // Other news than the renewal's may come first: each is a reason to look again.
  for (;;) {
    changed = Promise.withResolvers();
    if ((await engine.api.activity({})).history.some(isTold)) break;
    await changed.promise;
  }
  unsubscribe();
  const { folders, now, spent } = await engine.api.storage({});
  expect(folders[0]?.protectedUntil?.epoch).toBeGreaterThanOrEqual(now.epoch + 30);
  expect(spent.thisEpoch.walFrost).toBeGreaterThan(0n);
});
