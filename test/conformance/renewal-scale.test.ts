/**
 * Goal: a thousand blobs are renewed in at most ten transactions, for exactly what the plan says,
 * and a second time for nothing.
 * Method: the plan, the wallet and the ledger on a real control plane; blobs without storage nodes,
 * certified with the committee's own keys.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Payments } from '#engine/backup/payments.ts';
import { computeBlobMetadata } from '#engine/codec/rs2.ts';
import {
  epoch,
  parseObjectId,
  type FolderId,
  type ObjectId,
  type PackId,
} from '#engine/model/ids.ts';
import { parseNetwork } from '#engine/model/network.ts';
import type { BlobObject, Certificate, WalrusSystem } from '#engine/model/walrus.ts';
import { openLocalIndex, type LocalIndex } from '#engine/local-index/local-index.ts';
import { costOf, dueTargets, planExtensions, type HeldBlob } from '#engine/renewal/plan.ts';
import { defaultHorizon } from '#engine/renewal/horizon.ts';
import { requireSuccess } from '#engine/sui/aborts.ts';
import { deriveAccount } from '#engine/sui/account.ts';
import { openChain, type Chain } from '#engine/sui/chain.ts';
import {
  BLOBS_CERTIFIED_MAX,
  BLOBS_EXTENDED_MAX,
  BLOBS_REGISTERED_MAX,
} from '#engine/sui/wallet/limits.ts';
import type { Wallet } from '#engine/sui/wallet/wallet.ts';
import { systemClock } from '#platform/system-clock.ts';
import {
  blobMessage,
  certificate as certificateOf,
  openLocalChain,
  smallGenesis,
  type LocalChain,
} from '#test/support/local-chain.ts';
import { silentLogger } from '#test/support/recorded-chain.ts';

const BLOBS = 1_000;
const TRANSACTIONS_MAX = 10;
const COIN = 1_000_000_000n;
const FOLDER = 'a folder' as FolderId;

let local: LocalChain;
let chain: Chain;
let wallet: Wallet;
let blobs: readonly HeldBlob[];

beforeAll(async () => {
  local = await openLocalChain({ ...smallGenesis, epochDurationMs: 14 * 86_400_000 });
  const network = parseNetwork({
    name: 'local',
    rpc: [{ transport: 'grpc-web', url: local.rpc.url }],
    walrus: local.chain.networkIds,
    transactions: { expiration: 'default' },
    nodes: { scheme: 'http', trust: 'none' },
  });
  chain = openChain(network, { clock: systemClock, logger: silentLogger });
  const account = deriveAccount(new Uint8Array(64).fill(13), 0);
  const caps = { walFrost: COIN, suiMist: COIN, gasMist: 10n * COIN };
  wallet = chain.openWallet(account, caps);
  await local.chain.fund(account.address, { mist: 1_000n * COIN, frost: COIN });
  const ids = await registerAll();
  blobs = [...(await chain.readBlobObjects(ids)).values()].map((blob) => heldBlob(blob!));
}, 600_000);
afterAll(() => local.close());

const heldBlob = (blob: BlobObject): HeldBlob => ({
  blobObjectId: blob.blobObjectId,
  packId: blob.blobObjectId as unknown as PackId,
  folderIds: [FOLDER],
  endEpoch: blob.endEpoch,
  storageBytes: blob.storageSizeBytes,
});

/** Register and certify a thousand blobs, some of them for longer than others. */
async function registerAll(): Promise<ObjectId[]> {
  const created: BlobObject[] = [];
  for (let done = 0; done < BLOBS; done += BLOBS_REGISTERED_MAX) {
    const batch = await Promise.all(
      Array.from({ length: BLOBS_REGISTERED_MAX }, async (_, index) => {
        const payload = new TextEncoder().encode(`blob ${String(done + index)}`);
        const { blobId, rootHash } = await computeBlobMetadata(payload, smallGenesis.shardCount);
        return { blobId, rootHash, sizeBytes: payload.length, deletable: false };
      }),
    );
    const endEpoch = 4 + ((done / BLOBS_REGISTERED_MAX) % 3);
    const prepared = await wallet.prepareRegister({ blobs: batch, duration: { endEpoch } });
    created.push(...(await chain.readCreatedBlobs(requireSuccess(await wallet.submit(prepared)))));
  }
  expect(created).toHaveLength(BLOBS);
  for (let done = 0; done < BLOBS; done += BLOBS_CERTIFIED_MAX) {
    const certificates = created.slice(done, done + BLOBS_CERTIFIED_MAX).map((blob) => ({
      blobObjectId: blob.blobObjectId,
      certificate: certified(blob),
    }));
    const { transaction } = await wallet.prepareCertifyAndPublish({ certificates });
    requireSuccess(await wallet.submit(transaction!));
  }
  return created.map(({ blobObjectId }) => parseObjectId(blobObjectId));
}

function certified(blob: BlobObject): Certificate {
  const message = blobMessage(local.chain.view.epoch, blob.blobId);
  const { signature, bitmap } = certificateOf(local, message, [0, 1, 2, 3]);
  return {
    message,
    signature,
    signersBitmap: bitmap,
    epoch: epoch(local.chain.view.epoch),
    shardWeight: smallGenesis.shardCount,
  };
}

function planFor(system: WalrusSystem, held: readonly HeldBlob[]) {
  const folders = [{ folderId: FOLDER, permanent: false, horizon: defaultHorizon(system, false) }];
  return planExtensions(held, dueTargets(held, folders, system), system, {
    blobsPerTransaction: BLOBS_EXTENDED_MAX,
    frostPerTransaction: COIN,
    frostInAll: COIN,
  });
}

async function payAll(index: LocalIndex, plan: ReturnType<typeof planFor>, walType: string) {
  const payments = new Payments({ wallet, index, walType: () => walType, onLanded: {} });
  let landed = 0;
  for (const extensions of plan.transactions) {
    const outcome = await payments.pay(
      [],
      async () => (await wallet.prepareExtend(extensions)).transaction,
    );
    landed += outcome ? 1 : 0;
  }
  return landed;
}

test('a thousand blobs are renewed in at most ten transactions, and once', async () => {
  const index = openLocalIndex(':memory:');
  const system = await chain.readSystem();
  const plan = planFor(system, blobs);
  expect(plan.transactions.flat()).toHaveLength(BLOBS);
  expect(plan.transactions.length).toBeLessThanOrEqual(TRANSACTIONS_MAX);
  const before = await chain.balances(wallet.address);
  expect(await payAll(index, plan, system.walType)).toBe(plan.transactions.length);
  const after = await chain.balances(wallet.address);
  expect(before.walFrost - after.walFrost).toBe(costOf(plan.transactions.flat()));
  expect(index.ledger.spent('in-all').walFrost).toBe(costOf(plan.transactions.flat()));
  const ends = [...(await chain.readBlobObjects(blobs.map((blob) => blob.blobObjectId))).values()];
  expect(new Set(ends.map((blob) => blob?.endEpoch))).toEqual(new Set([8]));
  // The same plan again: every blob is at its target, so nothing is signed.
  expect(await payAll(index, plan, system.walType)).toBe(0);
  expect(await chain.balances(wallet.address)).toEqual(after);
  index.close();
}, 600_000);
