/**
 * @file What a head says of packs that are given up: which of ours are condemned, and which heads of
 * the others this device has done justice to. See [Note: Condemned packs] in moves.ts.
 */
import { CONDEMNED_MAX, type CondemnedPack, type SeenHead } from './archive/head.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Head } from './heads.ts';
import type { PackRecord } from './local-index/journal.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import type { BlobId, DeviceId } from './model/ids.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { packsOfCommit } from './protection.ts';

/** Blobs that the newest commits of this device need, with `publishing` as its folder's newest. */
export function namedByCommits(
  { index }: EngineParts,
  publishing: CommitRecord | undefined,
): ReadonlySet<BlobId> {
  const named = new Set<BlobId>();
  for (const { folderId } of index.folders.all()) {
    const newest = index.snapshots.newest(folderId);
    const commit =
      publishing?.folderId === folderId
        ? publishing
        : newest && (JSON.parse(newest.record) as CommitRecord);
    for (const { blobId } of commit ? packsOfCommit(index, commit) : []) named.add(blobId);
  }
  return named;
}

/**
 * What this device has read of the others' heads. It says so only of a head whose condemned packs
 * nothing of this device needs any more.
 */
export function versionVector(
  { index }: EngineParts,
  own: Head | undefined,
  others: readonly Head[],
  named: ReadonlySet<BlobId>,
): SeenHead[] {
  return others.flatMap(({ device: { deviceId, sequence, condemned } }) => {
    const before = own?.device.versionVector.find((seen) => seen.deviceId === deviceId);
    if (condemned.some(({ blobId }) => named.has(blobId))) return before ?? [];
    const blobIds = condemned.map(({ blobId }) => blobId);
    index.writeFact(seenFact(deviceId), JSON.stringify({ sequence, blobIds } satisfies SeenFact));
    return { deviceId, sequence };
  });
}

/** What was condemned in another device's head when it was last read for a head of ours. */
interface SeenFact {
  readonly sequence: number;
  readonly blobIds: readonly BlobId[];
}

const seenFact = (deviceId: DeviceId): string => `seen-${deviceId}`;

/** Whether our head says that nothing here needs what the other one condemns now. */
export function isAcknowledged({ index }: EngineParts, own: Head, { device }: Head): boolean {
  const seen = index.readFact(seenFact(device.deviceId));
  const told = own.device.versionVector.find(({ deviceId }) => deviceId === device.deviceId);
  if (seen === undefined || !told) return false;
  const { sequence, blobIds } = JSON.parse(seen) as SeenFact;
  return (
    told.sequence >= sequence && device.condemned.every(({ blobId }) => blobIds.includes(blobId))
  );
}

/** Packs of ours that nothing of this device needs any more. */
export function condemnedPacks(
  { index }: EngineParts,
  own: Head | undefined,
  named: ReadonlySet<BlobId>,
  system: WalrusSystem,
): CondemnedPack[] {
  const sequence = (own?.device.sequence ?? 0) + 1;
  const published = new Map(own?.device.condemned.map(({ blobId, epoch }) => [blobId, epoch]));
  return index.leaving
    .all()
    .filter(({ deviceId, blobId }) => deviceId === undefined && !named.has(blobId))
    .slice(0, CONDEMNED_MAX)
    .map(({ blobId, condemned }) => {
      const since = published.get(blobId);
      if (since !== undefined && condemned) return { blobId, epoch: since };
      // A head that never landed has condemned nothing.
      index.leaving.recordCondemned(blobId, since ?? system.epoch, sequence);
      return { blobId, epoch: since ?? system.epoch };
    });
}

/** What is leaving and the commit needs no more: nothing here relies on it from now on. */
export function leaveBehind(index: LocalIndex, commit: CommitRecord): void {
  const leaving = index.leaving.all();
  if (leaving.length === 0) return;
  const named = new Set(packsOfCommit(index, commit).map(({ blobId }) => blobId));
  for (const { blobId, deviceId } of leaving) {
    const pack = index.journal.findByBlob(blobId);
    if (named.has(blobId) || !pack) continue;
    if (!index.journal.foldersOf(pack.packId).every((one) => one === commit.folderId)) continue;
    index.journal.dropChunksOf(pack.packId);
    // Another device's pack is that device's business; ours is let go in its time.
    if (deviceId !== undefined) dropPack(index, pack);
  }
}

/** Forget a pack that this device neither needs nor pays for any more. */
export function dropPack(index: LocalIndex, pack: PackRecord): void {
  index.journal.dropPack(pack.packId);
  if (pack.blobObjectId !== undefined) index.blobs.drop(pack.blobObjectId);
  if (pack.blobId !== undefined) index.leaving.drop(pack.blobId);
}
