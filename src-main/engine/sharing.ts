/**
 * @file Shares an archive: its blobs become objects that nobody owns and anyone can extend.
 *
 *     sync → share every pack → sync (the pack index names the new objects) → share that commit,
 *     too → publish where it lies now
 *
 * Each step reads what is so and goes on from there: sharing that was cut off is asked for again.
 */
import type { Cost, ShareReport } from '#contract/storage-api.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { spentSoFar, type EngineParts } from './engine-parts.ts';
import { asProtectedNow, findFolder } from './folders.ts';
import { readHoldings, reconcileHoldings } from './holdings.ts';
import type { KnownBlob } from './local-index/blob-table.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { EngineError } from './model/engine-error.ts';
import { publicationOf } from './publishing.ts';
import { BLOBS_SHARED_MAX } from './sui/wallet/limits.ts';

/** What is there, the commit that names it anew, and room for one that came in between. */
const ROUNDS_MAX = 4;

/** @throws EngineError `usage` for a folder that is no archive, or that was not confirmed */
export async function shareFolder(
  parts: EngineParts,
  request: { readonly folder: string; readonly confirmation: string },
  options: {
    readonly sync: (folder: FolderRecord, signal: AbortSignal) => Promise<unknown>;
    readonly signal: AbortSignal;
  },
): Promise<ShareReport> {
  const { sync, signal } = options;
  const folder = asProtectedNow(parts.index, findFolder(parts, request.folder));
  if (!folder.permanent) {
    const message = `${folder.name} is no archive: only a folder that was added with --permanent is shared`;
    throw new EngineError('usage', message);
  }
  if (request.confirmation !== folder.name) {
    throw new EngineError('usage', "the confirmation must repeat the folder's name");
  }
  const before = spentSoFar(parts.index);
  let sharedNow = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    await sync(folder, signal);
    const own = (await blobsOf(parts, folder, signal)).filter(({ isShared }) => !isShared);
    if (own.length === 0) break;
    for (let start = 0; start < own.length; start += BLOBS_SHARED_MAX) {
      await shareBatch(parts, own.slice(start, start + BLOBS_SHARED_MAX), signal);
    }
    sharedNow += own.length;
  }
  if (sharedNow > 0) await publishPlace(parts, folder, signal);
  const after = spentSoFar(parts.index);
  return {
    folderName: folder.name,
    sharedNow,
    blobObjectIds: (await blobsOf(parts, folder, signal)).map(({ blobObjectId }) => blobObjectId),
    spent: difference(after, before),
  };
}

async function blobsOf(
  parts: EngineParts,
  { folderId }: FolderRecord,
  signal: AbortSignal,
): Promise<readonly KnownBlob[]> {
  const system = await parts.river.refresh(signal);
  await reconcileHoldings(parts, system, signal);
  const holding = readHoldings(parts, system).find(({ folder }) => folder.folderId === folderId);
  return holding?.blobs ?? [];
}

async function shareBatch(
  { wallet, river }: EngineParts,
  blobs: readonly KnownBlob[],
  signal: AbortSignal,
): Promise<void> {
  const ids = blobs.map(({ blobObjectId }) => blobObjectId);
  await river.payments.pay(
    blobs.map(({ packId }) => packId),
    () => wallet.prepareShare(ids, { signal }),
    signal,
  );
}

/** The head names the newest commit's blob object, which is another one now. */
async function publishPlace(
  parts: EngineParts,
  { folderId }: FolderRecord,
  signal: AbortSignal,
): Promise<void> {
  const { index, wallet, river } = parts;
  const newest = index.snapshots.newest(folderId);
  const commit = newest && (JSON.parse(newest.record) as CommitRecord);
  const pack = commit && index.journal.find(commit.packId);
  if (!pack) return;
  const { head } = await publicationOf(parts, pack, signal);
  const request = { certificates: [], head };
  await river.payments.pay(
    [],
    async () => (await wallet.prepareCertifyAndPublish(request, { signal })).transaction,
    signal,
  );
}

const difference = (after: Cost, before: Cost): Cost => ({
  walFrost: after.walFrost - before.walFrost,
  gasMist: after.gasMist - before.gasMist,
});
