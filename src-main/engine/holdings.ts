/**
 * @file Which blobs the folders hold, as the chain shows them.
 *
 * The local index keeps what the chain said last, and this brings it up to date: at the start, at
 * each epoch and when somebody asks. What somebody else extended, deleted, burnt or gave away is
 * noticed here. A pack whose blob is gone counts as ended from then on, so that the next sync
 * stores anew what lay in it.
 */
import type { HorizonPolicy } from '#contract/storage-api.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import type { EngineParts } from './engine-parts.ts';
import type { KnownBlob } from './local-index/blob-table.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { PackRecord } from './local-index/journal.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { EngineError } from './model/engine-error.ts';
import type { FolderId, ObjectId } from './model/ids.ts';
import type { BlobObject, WalrusSystem } from './model/walrus.ts';
import { isOfVault, packsOfCommit } from './protection.ts';
import { defaultHorizon } from './renewal/horizon.ts';
import type { HeldBlob } from './renewal/plan.ts';

/** An object that one read does not show may be on its way to that node: it is read once more. */
const READ_AGAIN_MS = 3_000;

/** What came to light about a blob that nobody of us did. */
export interface HoldingChange {
  readonly kind: 'gone' | 'lapsed' | 'extended';
  readonly packId: PackRecord['packId'];
  readonly blobObjectId: ObjectId;
  readonly folderIds: readonly FolderId[];
}

/** Ask the chain about every pack that has a blob object, and remember what it says. */
export async function reconcileHoldings(
  parts: EngineParts,
  system: WalrusSystem,
  signal?: AbortSignal,
): Promise<HoldingChange[]> {
  const { index } = parts;
  await refuseOlderChain(parts, signal);
  const known = new Map(index.blobs.all().map((blob) => [blob.blobObjectId, blob]));
  const packs = index.journal
    .all()
    .filter(({ blobObjectId }) => blobObjectId && !known.get(blobObjectId)?.isGone);
  const onChain = await readTwice(parts, packs, system, signal);
  return index.atomically(() =>
    packs.flatMap((pack) => {
      const { blobObjectId } = pack;
      if (blobObjectId === undefined) return [];
      const blob = onChain.get(blobObjectId);
      const kind = noteBlob(parts, pack, blob, known.get(blobObjectId), system);
      if (kind === undefined) return [];
      const folderIds = index.journal.foldersOf(pack.packId);
      return [{ kind, packId: pack.packId, blobObjectId, folderIds }];
    }),
  );
}

/** Write what the chain says of one pack; what is new about it, if anything. */
function noteBlob(
  { index, owners }: EngineParts,
  pack: PackRecord,
  blob: BlobObject | undefined,
  known: KnownBlob | undefined,
  system: WalrusSystem,
): HoldingChange['kind'] | undefined {
  if (!blob || !isOfVault(blob, owners)) {
    if (!shouldBeThere(pack, system)) return undefined;
    noteGone(index, pack, blob, system);
    return 'gone';
  }
  if (blob.blobId !== pack.blobId) {
    throw new EngineError('rpc-invalid-answer', 'a blob object holds another blob than it did', {
      context: { blobObjectId: blob.blobObjectId },
    });
  }
  const before = pack.endEpoch;
  index.blobs.put({
    ...blob,
    packId: pack.packId,
    storageBytes: blob.storageSizeBytes,
  });
  index.journal.recordEndEpoch(blob.blobObjectId, blob.endEpoch);
  if (before !== undefined && blob.endEpoch > before) return 'extended';
  const isNews = known === undefined || known.endEpoch > system.epoch;
  return blob.endEpoch <= system.epoch && isNews ? 'lapsed' : undefined;
}

/** A registration that is under way may not be visible yet, and what has ended may be burnt. */
function shouldBeThere({ state, endEpoch }: PackRecord, { epoch }: WalrusSystem): boolean {
  const isStored = state === 'certified' || state === 'published';
  return isStored && (endEpoch === undefined || endEpoch > epoch);
}

/** Deleted, burnt or given away: from now on the pack holds nothing, as if its time were up. */
function noteGone(
  index: LocalIndex,
  pack: PackRecord,
  blob: BlobObject | undefined,
  system: WalrusSystem,
): void {
  if (pack.blobObjectId === undefined) return;
  index.blobs.put({
    blobObjectId: pack.blobObjectId,
    packId: pack.packId,
    owner: blob?.owner,
    registeredEpoch: blob?.registeredEpoch ?? system.epoch,
    certifiedEpoch: blob?.certifiedEpoch,
    endEpoch: system.epoch,
    sizeBytes: pack.sizeBytes,
    storageBytes: blob?.storageSizeBytes ?? 0n,
    deletable: !pack.permanent,
    isShared: false,
  });
  index.blobs.markGone(pack.blobObjectId);
  index.journal.recordEndEpoch(pack.blobObjectId, system.epoch);
}

async function readTwice(
  { chain, options }: EngineParts,
  packs: readonly PackRecord[],
  system: WalrusSystem,
  signal: AbortSignal | undefined,
): Promise<Map<ObjectId, BlobObject | undefined>> {
  const ids = packs.flatMap(({ blobObjectId }) => blobObjectId ?? []);
  const reading = signal ? { signal } : {};
  const first = await chain.readBlobObjects(ids, reading);
  const absent = packs
    .filter((pack) => shouldBeThere(pack, system))
    .flatMap(({ blobObjectId }) => blobObjectId ?? [])
    .filter((id) => first.get(id) === undefined);
  if (absent.length === 0) return first;
  await options.clock.sleep(READ_AGAIN_MS, signal);
  const second = await chain.readBlobObjects(absent, reading);
  return new Map([...first, ...second]);
}

const CHECKPOINT_FACT = 'checkpoint-seen';
/** How far an honest node may be behind what another one showed: about half a minute. */
const CHECKPOINTS_BEHIND_MAX = 120n;

/** An endpoint that shows a past state would make us store anew what is there, and pay for it. */
async function refuseOlderChain(
  { chain, index }: EngineParts,
  signal: AbortSignal | undefined,
): Promise<void> {
  const checkpoint = await chain.latestCheckpoint(signal ? { signal } : {});
  const seen = BigInt(index.readFact(CHECKPOINT_FACT) ?? 0);
  if (checkpoint + CHECKPOINTS_BEHIND_MAX < seen) {
    throw new EngineError('head-rolled-back', 'the chain shows less than it did before', {
      context: { checkpoint: String(checkpoint), seen: String(seen) },
    });
  }
  if (checkpoint > seen) index.writeFact(CHECKPOINT_FACT, String(checkpoint));
}

/** What one folder holds. */
export interface FolderHolding {
  readonly folder: FolderRecord;
  readonly horizon: HorizonPolicy;
  /** Blobs that its newest snapshot needs, living or not. */
  readonly blobs: readonly KnownBlob[];
}

/** The folders of this device that are protected, with their blobs as the local index knows them. */
export function readHoldings(parts: EngineParts, system: WalrusSystem): FolderHolding[] {
  const { index } = parts;
  const known = new Map(index.blobs.all().map((blob) => [blob.blobObjectId, blob]));
  return index.folders
    .all()
    .filter(({ removed }) => !removed)
    .map((folder) => {
      const newest = index.snapshots.newest(folder.folderId);
      const packs = newest ? packsOfCommit(index, JSON.parse(newest.record) as CommitRecord) : [];
      return {
        folder,
        horizon: folder.horizon ?? defaultHorizon(system, folder.permanent),
        blobs: packs.flatMap(({ blobId }) => {
          // The journal knows the object that the blob has now; a stored index may name an older one.
          const objectId = index.journal.findByBlob(blobId)?.blobObjectId;
          return (objectId && known.get(objectId)) ?? [];
        }),
      };
    });
}

/** What the folder needs and nobody has any more: the next sync stores it anew. */
export const lostBlobs = ({ blobs }: FolderHolding, system: WalrusSystem): readonly KnownBlob[] =>
  blobs.filter(({ endEpoch }) => endEpoch <= system.epoch);

/** The blobs that can be extended by this account, each with all the folders that need it. */
export function extendableBlobs(
  { account }: EngineParts,
  holdings: readonly FolderHolding[],
  system: WalrusSystem,
): HeldBlob[] {
  const held = new Map<ObjectId, HeldBlob>();
  for (const { folder, blobs } of holdings) {
    for (const blob of blobs) {
      const isLiving = blob.certifiedEpoch !== undefined && blob.endEpoch > system.epoch;
      const isOurs = blob.isShared || blob.owner === account.address;
      if (!isLiving || !isOurs || blob.isGone) continue;
      const { blobObjectId, packId, endEpoch, storageBytes } = blob;
      const folderIds = [...(held.get(blobObjectId)?.folderIds ?? []), folder.folderId];
      held.set(blobObjectId, { blobObjectId, packId, folderIds, endEpoch, storageBytes });
    }
  }
  return [...held.values()];
}
