/** @file Buys more epochs for everything that a folder's newest snapshot needs. */
import type { ExtendReport } from '#contract/api.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { spentSoFar, type EngineParts } from './engine-parts.ts';
import { ensureFunds } from './funds.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { EngineError } from './model/engine-error.ts';
import { storageCostFrost, type BlobObject } from './model/walrus.ts';
import { packsOfCommit, readProtection } from './protection.ts';
import { BLOBS_EXTENDED_MAX } from './sui/wallet/plans.ts';

/**
 * Move the earliest end `epochs` further, and bring every blob at least there.
 *
 * Idempotent by construction: each extension begins where the blob ends, so doing it twice aborts.
 *
 * @throws EngineError `blob-not-certified` before the first sync, `storage-exhausted`, `balance-low`
 */
export async function extendFolder(
  parts: EngineParts,
  folder: FolderRecord,
  epochs: number,
  signal: AbortSignal,
): Promise<ExtendReport> {
  const { index, chain, owners, wallet, river, options } = parts;
  const system = await river.refresh(signal);
  await river.payments.settlePending(signal);
  const newest = index.snapshots.newest(folder.folderId);
  if (!newest) throw new EngineError('blob-not-certified', `${folder.name} has no snapshot yet`);
  const packs = packsOfCommit(index, JSON.parse(newest.record) as CommitRecord);
  const before = await readProtection(packs, { chain, system, owners, signal });
  if (before.problem) throw before.problem;
  const target = Math.min(
    (before.until?.epoch ?? system.epoch) + epochs,
    system.epoch + system.epochsAheadMax,
  );
  const due = before.blobs.filter((blob) => blob.endEpoch < target);
  const spentBefore = spentSoFar(index);
  let transactions = 0;
  for (let start = 0; start < due.length; start += BLOBS_EXTENDED_MAX) {
    const batch = due.slice(start, start + BLOBS_EXTENDED_MAX);
    const cost = batch.reduce((sum, blob) => sum + extensionCost(blob, target, system), 0n);
    const { network } = options;
    await ensureFunds({ chain, wallet, network, payments: () => river.payments }, cost, signal);
    const outcome = await river.payments.pay(
      [],
      async () => {
        const extensions = batch.map(({ blobObjectId }) => ({
          blobObjectId,
          targetEndEpoch: target,
        }));
        return (await wallet.prepareExtend(extensions, { signal })).transaction;
      },
      signal,
    );
    if (outcome) transactions += 1;
  }
  const after = await readProtection(packs, { chain, system, owners, signal });
  for (const blob of after.blobs) index.journal.recordEndEpoch(blob.blobObjectId, blob.endEpoch);
  const spent = spentSoFar(index);
  return {
    blobs: due.length,
    transactions,
    spent: {
      walFrost: spent.walFrost - spentBefore.walFrost,
      gasMist: spent.gasMist - spentBefore.gasMist,
    },
    protectedUntil: after.until,
  };
}

const extensionCost = (
  blob: BlobObject,
  target: number,
  system: { readonly storagePriceFrostPerMib: bigint },
): bigint =>
  storageCostFrost(blob.storageSizeBytes, target - blob.endEpoch, system.storagePriceFrostPerMib);
