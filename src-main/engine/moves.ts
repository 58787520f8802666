/**
 * @file What a commit of a folder does beside storing what changed: it takes what is needed out of
 * packs that are leaving, and carries on the folder's history.
 *
 * [Note: Condemned packs] A pack is given up in steps, so that no device is ever left without a
 * chunk. First nothing new relies on it (`leaving`). Then a commit takes out of it what this device
 * needs and names it no more, and the head that publishes this condemns it. Every other device that
 * reads that head does the same for what it needs, and says in its version vector that it has. When
 * all have, and a Walrus epoch has passed, the pack is let go (giving-up.ts).
 */
import type { RetentionPolicy } from '#contract/storage-api.ts';
import { entriesWithSnapshot, lastCommitOf, neededEntries } from './alive.ts';
import { ENTRY_KIND } from './archive/pack-layout.ts';
import type { IndexedPack, IndexEntry } from './archive/pack-index.ts';
import type { CommitMoves, HistoryChange } from './backup/commit.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { indexedPack, indexOfCommit } from './backup/index-writer.ts';
import { carryOver, type IndexedEntry } from './compaction/carry-over.ts';
import { keptSnapshots } from './compaction/retention.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Head } from './heads.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { SnapshotRow } from './local-index/snapshot-table.ts';
import type { BlobId, ChunkId, PackId, SnapshotId } from './model/ids.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { keptForOthers } from './other-histories.ts';
import { packsOfCommit } from './protection.ts';
import { defaultHorizon } from './renewal/horizon.ts';
import { freezeRetention, retentionOf } from './retaining.ts';

/** Another device's pack is not relied on once less than this part of the floor is left of it. */
const FLOOR_SHARE_MIN = 1 / 2;

/** `others` are the heads of the other devices, read for this commit. */
export async function commitMoves(
  parts: EngineParts,
  folder: FolderRecord,
  others: readonly Head[],
  system: WalrusSystem,
  signal: AbortSignal,
): Promise<CommitMoves> {
  const { index, packs } = parts;
  noteCondemned(parts, others);
  const leaving = new Set(index.leaving.all().map(({ blobId }) => blobId));
  const foreign = new Set(
    index.leaving.all().flatMap(({ blobId, deviceId }) => (deviceId === undefined ? [] : blobId)),
  );
  const last = lastCommitOf(parts, folder);
  const named = last && leaving.size > 0 ? packsOfCommit(index, last) : [];
  const standing = await keptForOthers(parts, folder, others, signal);
  const { policy } = retentionOf(parts, folder);
  const forgets = snapshotsToForget(parts, folder, standing, policy);
  const isLeaving = (blobId: BlobId): boolean => leaving.has(blobId);
  return {
    isLeaving,
    unusable: shortForeignPacks(parts, folder, system),
    isDue: named.some(({ blobId }) => foreign.has(blobId)),
    mayReplace: (id) => !standing.has(id) && !forgets.has(id) && !isPinned(parts, folder, id),
    noteBurst: (files) => noteBurst(parts, folder, files),
    keepWhatIsWanted: () => {
      const today = snapshotsToForget(parts, folder, standing, retentionOf(parts, folder).policy);
      for (const id of [...forgets]) if (!today.has(id)) forgets.delete(id);
    },
    history: (commit, replaces) =>
      historyChange(parts, folder, { last: commit, replaces, forgets, isLeaving }),
    carryOver: async (commit, add, isStored, carrySignal) => {
      if (!named.some(({ blobId }) => leaving.has(blobId))) return;
      const isNeeded = await neededEntries(parts, folder, commit, forgets, carrySignal);
      await carryOver({
        entries: entriesWithSnapshot(parts, commit),
        isLeaving,
        isNeeded: (entry) =>
          isNeeded(entry) && !isStored(entry.id) && !isStoredSince(parts, folder, entry),
        readPack: (pack, readSignal) => packs.readWhole(pack, readSignal),
        add,
        signal: carrySignal,
      });
    },
  };
}

/** The rules forget nothing until the person has looked. */
function noteBurst(parts: EngineParts, folder: FolderRecord, files: number): void {
  const { index, emit, options } = parts;
  if (retentionOf(parts, folder).frozen !== undefined) return;
  const atMs = options.clock.nowMs();
  const cause = `encrypted files ${folder.folderId}`;
  freezeRetention(parts, folder, { atMs, files });
  index.notices.put(cause, atMs);
  emit({
    kind: 'notice',
    cause,
    sentence: `${String(files)} files of ${folder.name} were replaced by what looks encrypted. Older snapshots stay until you have looked.`,
    next: `Look at the folder. If all is well, run \`floe retention ${folder.name} --thaw\`; if not, restore an older snapshot.`,
    told: { what: 'looks-encrypted', folder: folder.name, files },
  });
}

/** The heads of the other devices. */
export async function otherHeads(
  { catalog, options }: EngineParts,
  signal?: AbortSignal,
): Promise<Head[]> {
  const heads = await catalog.heads(signal);
  return heads.filter(({ accountIndex }) => accountIndex !== options.accountIndex);
}

/** What other devices have condemned is leaving here, too, if anything here lies in it. */
function noteCondemned({ index }: EngineParts, others: readonly Head[]): void {
  for (const { device } of others) {
    for (const { blobId } of device.condemned) {
      if (index.journal.findByBlob(blobId)) index.leaving.add(blobId, device.deviceId);
    }
  }
}

/** Packs of other devices that may end before long, and that only their owner can extend. */
function shortForeignPacks(
  { index, account }: EngineParts,
  folder: FolderRecord,
  system: WalrusSystem,
): Set<PackId> {
  const { floorEpochs } = folder.horizon ?? defaultHorizon(system, folder.permanent);
  const least = system.epoch + Math.ceil(floorEpochs * FLOOR_SHARE_MIN);
  const known = index.blobs.all().filter(({ owner }) => owner && owner !== account.address);
  return new Set(
    known.flatMap(({ packId, endEpoch, isGone }) => (isGone || endEpoch < least ? packId : [])),
  );
}

/** What rules would let go of a folder if it were committed now. */
export async function wouldForget(
  parts: EngineParts,
  folder: FolderRecord,
  policy: RetentionPolicy | undefined,
  signal: AbortSignal,
): Promise<Set<SnapshotId>> {
  const others = await otherHeads(parts, signal);
  const standing = await keptForOthers(parts, folder, others, signal);
  return snapshotsToForget(parts, folder, standing, policy);
}

/** What the rules let go now, and what the person wants forgotten; never what others stand on. */
function snapshotsToForget(
  parts: EngineParts,
  folder: FolderRecord,
  standing: ReadonlySet<SnapshotId>,
  policy: RetentionPolicy | undefined,
): Set<SnapshotId> {
  const { index, options } = parts;
  const rows = index.snapshots.all(folder.folderId);
  const forgotten = rows
    .filter(({ isForgotten }) => isForgotten)
    .map(({ snapshotId }) => snapshotId);
  const { frozen } = retentionOf(parts, folder);
  const nowMs = options.clock.nowMs();
  const always = new Set([
    ...standing,
    ...rows.filter(({ isPinned: pinned }) => pinned).map(({ snapshotId }) => snapshotId),
  ]);
  const forgets = new Set(forgotten.filter((id) => !standing.has(id)));
  if (!policy || frozen !== undefined) return forgets;
  // The commit that is being made is the newest of all.
  const dated = rows.map(({ snapshotId, atMs }) => ({ id: snapshotId, atMs }));
  const kept = keptSnapshots(
    [{ id: undefined, atMs: nowMs }, ...dated],
    policy,
    nowMs,
    always as ReadonlySet<SnapshotId | undefined>,
  );
  for (const { id } of dated) if (!kept.has(id)) forgets.add(id);
  return forgets;
}

const isPinned = ({ index }: EngineParts, folder: FolderRecord, id: SnapshotId): boolean =>
  index.snapshots.all(folder.folderId).some((row) => row.snapshotId === id && row.isPinned);

interface HistoryFacts {
  readonly last: CommitRecord | undefined;
  readonly replaces: boolean;
  readonly forgets: ReadonlySet<SnapshotId>;
  readonly isLeaving: (blobId: BlobId) => boolean;
}

/** What the next pack index says of older snapshots. */
function historyChange(
  { index }: EngineParts,
  folder: FolderRecord,
  { last, replaces, forgets, isLeaving }: HistoryFacts,
): HistoryChange {
  const rows = index.snapshots.all(folder.folderId);
  const pinned = rows.filter(({ isPinned: is }) => is).map(({ snapshotId }) => snapshotId);
  if (!last) return { entries: [], forgets: [], pinned };
  const entries: IndexEntry[] = [];
  const added = last.namesHistory === true ? rows.slice(0, 1) : rows;
  for (const row of added) {
    const isReplaced = replaces && row.snapshotId === last.snapshotId;
    if (isReplaced || forgets.has(row.snapshotId)) continue;
    const entry = snapshotEntry(index, row);
    // Out of a pack that is leaving it was moved, and is named by that.
    if (entry && !isLeaving(entry.pack.blobId)) entries.push(entry);
  }
  const before = indexOfCommit(index, last);
  for (const id of forgets) {
    const found = before.find(id as unknown as ChunkId);
    if (!found || isLeaving(found.pack.blobId)) continue;
    const { pack } = found;
    const { forgottenSnapshot: kind } = ENTRY_KIND;
    entries.push({ id: id as unknown as ChunkId, kind, pack, offsetBytes: 0, sizeBytes: 0 });
  }
  return { entries, forgets: [...forgets], pinned: pinned.filter((id) => !forgets.has(id)) };
}

/** Where a snapshot of this device lies; undefined when its pack is gone. */
function snapshotEntry(
  index: EngineParts['index'],
  row: SnapshotRow,
): (IndexedEntry & { readonly pack: IndexedPack }) | undefined {
  const { packId, offsetBytes, sizeBytes } = JSON.parse(row.record) as CommitRecord;
  if (index.journal.find(packId)?.blobId === undefined) return undefined;
  return {
    id: row.snapshotId as unknown as ChunkId,
    kind: ENTRY_KIND.snapshot,
    pack: indexedPack(index, packId),
    offsetBytes,
    sizeBytes,
  };
}

/** Whether it was stored again in another pack, which the commit's index does not know yet. */
function isStoredSince({ index }: EngineParts, folder: FolderRecord, entry: IndexedEntry): boolean {
  const place = index.journal.placeOf(folder.folderId, entry.id);
  return place !== undefined && place.pack.blobId !== entry.pack.blobId;
}
