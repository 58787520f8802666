/**
 * Goal: the official client and Floe agree on what storing costs and when each blob ends.
 * Method: a whole engine stores, renews and extends on a local network; the official client,
 * unmodified, is asked for prices, for the blobs' status at the storage nodes, and extends one
 * itself, which Floe then has to notice.
 */
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { WalrusClient } from '@mysten/walrus';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BlobInventoryEntry } from '#contract/storage-api.ts';
import type { Engine } from '#engine/engine.ts';
import { quoteRegistration } from '#engine/policy.ts';
import { bytes, KIB, makeTree } from '#test/support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '#test/support/world.ts';

let world: World;
let vault: BareVault;
let engine: Engine;
let sui: SuiGrpcClient;

/** A client that has cached nothing yet. */
const official = (): WalrusClient => {
  const { systemObjectId, stakingObjectId } = world.localnet.networkFile.walrus;
  return new WalrusClient({
    suiClient: sui,
    storageNodeUrlScheme: 'http',
    packageConfig: { systemObjectId, stakingPoolId: stakingObjectId },
  });
};

const inventory = async (): Promise<readonly BlobInventoryEntry[]> =>
  (await engine.api.blobs({ offset: 0, limit: 100 })).blobs;

/** Ends as the official client finds them at the storage nodes. */
async function endsByOfficial(blobs: readonly BlobInventoryEntry[]): Promise<number[]> {
  const ends: number[] = [];
  for (const { blobId } of blobs) {
    const status = await official().getVerifiedBlobStatus({ blobId });
    ends.push(status.type === 'permanent' ? status.endEpoch : 0);
  }
  return ends;
}

beforeAll(async () => {
  world = await startWorld({ shards: 13, nodes: 13, epochDurationMs: 14 * 86_400_000 });
  const [rpc] = world.network.network.rpc;
  sui = new SuiGrpcClient({ network: 'localnet', baseUrl: rpc?.url ?? '' });
  makeTree(world.path('dataset'), { 'x.bin': bytes(300 * KIB, 5), 'a.txt': 'a' });
  vault = await bareVault(world, 'home');
  engine = vault.open();
  await engine.api.addFolder({ path: world.path('dataset'), excludes: [], permanent: true });
  await engine.api.sync({});
});
afterAll(async () => {
  await engine.close();
  await world.close();
});

test.each([1, 56, 57, 1_000, 200_000, 2_000_000])(
  'storing %i bytes costs the same',
  async (size) => {
    const system = await vault.openWallet().chain.readSystem();
    for (const epochs of [1, 6, 53]) {
      const { totalCost } = await official().storageCost(size, epochs);
      expect(quoteRegistration(system, size, epochs)).toBe(totalCost);
    }
  },
);

test('every blob ends when both say, bought and renewed', async () => {
  const bought = await inventory();
  expect(await endsByOfficial(bought)).toEqual(bought.map(({ endsAt }) => endsAt.epoch));
  await world.localnet.advanceEpoch({ count: 14 });
  expect((await engine.api.renew({})).digests).not.toEqual([]);
  const renewed = await inventory();
  expect(renewed.map(({ endsAt }) => endsAt.epoch)).toEqual(renewed.map(() => 15 + 53));
  expect(await endsByOfficial(renewed)).toEqual(renewed.map(({ endsAt }) => endsAt.epoch));
});

test('what the official client extends costs what Floe would pay, and Floe notices it', async () => {
  await world.localnet.advanceEpoch();
  const [blob] = await inventory();
  const { key } = await engine.api.exportKey({});
  const signer = Ed25519Keypair.fromSecretKey(key);
  const before = await engine.api.wallet({});
  const blobObjectId = blob?.blobObjectId ?? '';
  await official().executeExtendBlobTransaction({ blobObjectId, epochs: 1, signer });
  const after = await engine.api.wallet({});
  const { storageCost } = await official().storageCost(blob?.sizeBytes ?? 0, 1);
  expect(before.walFrost - after.walFrost).toBe(storageCost);
  await engine.api.planRenewal({});
  const ends = (await inventory()).map(({ endsAt }) => endsAt.epoch);
  expect(ends[0]).toBe(69);
  expect(await endsByOfficial(await inventory())).toEqual(ends);
});
