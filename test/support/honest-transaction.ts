/**
 * @file What an honest transaction is made of, for tests that change one thing of it: an account, a
 * thief, coins, the system that it pays, and what the policy is told about all of them.
 */
import { Transaction } from '@mysten/sui/transactions';
import { parseBlobId, parseObjectId, parseSuiAddress } from '#engine/model/ids.ts';
import type { Coin } from '#engine/sui/rpc/chain-rpc.ts';
import type { SystemState } from '#engine/sui/system.ts';
import type { PolicyContext } from '#engine/sui/wallet/policy.ts';
import type { PricedRegistration } from '#engine/sui/wallet/programs.ts';

export const DIGEST = '4tuuvGk75tT7xYeEhHR6W2orpBmvKrCyEr5t9rb6Xkg9';
export const owner = parseSuiAddress('0x0a');
/** Somebody who may be paid where the plan says so. */
export const friend = parseSuiAddress('0x0b');
export const thief = parseSuiAddress('0x0c');

export const coin = (id: string, balance = 1_000n): Coin => ({
  objectId: parseObjectId(id),
  version: 3n,
  digest: DIGEST,
  balance,
});

export const system: SystemState = {
  systemObjectId: parseObjectId('0x5151'),
  initialSharedVersion: 2n,
  typePackageId: parseObjectId('0x77'),
  callPackageId: parseObjectId('0x78'),
  walType: `0x${'9'.repeat(64)}::wal::WAL`,
  epoch: 1,
  shardCount: 13,
  epochsAheadMax: 53,
  storagePriceFrostPerMib: 5n,
  writePriceFrostPerMib: 1n,
};

const blobId = parseBlobId('u-mOIiScoH3Zd01VRjQfghqctBvp8-wn-vm19Bkr4TY');

/** A blob that costs 15 FROST to store and 1 to write. */
export const registered: PricedRegistration = {
  blobId,
  rootHash: new Uint8Array(32),
  sizeBytes: 5,
  deletable: true,
  storageBytes: 100n,
  storageCostFrost: 15n,
  writeCostFrost: 1n,
};

/** All that the policy is told whatever is signed, where these coins may pay. */
export const contextWith = (
  wal: readonly Coin[],
): Omit<PolicyContext, 'kind' | 'quote' | 'caps' | 'calls'> => ({
  sender: owner,
  systemObjectId: system.systemObjectId,
  callPackageId: system.callPackageId,
  epoch: system.epoch,
  walType: system.walType,
  walCoins: wal.map(({ objectId }) => objectId),
  objects: [],
  expiresAfterSuiEpoch: 11n,
});

/** The bytes that the owner would sign. */
export async function buildHonest(addCommands: (tx: Transaction) => void): Promise<Uint8Array> {
  const tx = new Transaction();
  addCommands(tx);
  tx.setSender(owner);
  tx.setGasOwner(owner);
  tx.setGasPrice(1_000);
  tx.setGasBudget(4_000);
  tx.setGasPayment([{ objectId: `0x${'d'.repeat(64)}`, version: '8', digest: DIGEST }]);
  tx.setExpiration({ Epoch: '11' });
  return await tx.build();
}
