/**
 * @file What a folder's commit names, and what of it anything still needs: the trees of all snapshots
 * that are kept, and whatever the next commit will name.
 */
import { ENTRY_KIND } from './archive/pack-layout.ts';
import type { IndexedPack, PackIndex } from './archive/pack-index.ts';
import { entryReferences, type Reference } from './archive/references.ts';
import { decodeEntry } from './archive/tree-entry.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { indexedPack, indexOfCommit } from './backup/index-writer.ts';
import { openChunk } from './codec/seal.ts';
import type { IndexedEntry } from './compaction/carry-over.ts';
import { findLive } from './compaction/live-set.ts';
import type { EngineParts } from './engine-parts.ts';
import { openFolderKeys } from './folders.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { SnapshotRow } from './local-index/snapshot-table.ts';
import { EngineError } from './model/engine-error.ts';
import type { ChunkId, SnapshotId } from './model/ids.ts';
import { keysByEpoch } from './restore/snapshot-reader.ts';

export function lastCommitOf(
  { index }: EngineParts,
  folder: FolderRecord,
): CommitRecord | undefined {
  const newest = index.snapshots.newest(folder.folderId);
  return newest && (JSON.parse(newest.record) as CommitRecord);
}

/** Everything that the commit's pack index names, and the commit's own snapshot. */
export function* entriesWithSnapshot(
  { index }: EngineParts,
  commit: CommitRecord,
): Generator<IndexedEntry> {
  const { snapshotId, packId, offsetBytes, sizeBytes } = commit;
  yield* indexOfCommit(index, commit).entries();
  yield {
    id: snapshotId as unknown as ChunkId,
    kind: ENTRY_KIND.snapshot,
    pack: indexedPack(index, packId),
    offsetBytes,
    sizeBytes,
  };
}

/**
 * Tells what of a commit's index anything still needs: chunks by the trees of all snapshots that
 * are kept, snapshots by the history.
 */
export async function neededEntries(
  parts: EngineParts,
  folder: FolderRecord,
  commit: CommitRecord,
  forgets: ReadonlySet<SnapshotId>,
  signal: AbortSignal,
): Promise<(entry: Pick<IndexedEntry, 'id' | 'kind'>) => boolean> {
  const { index } = parts;
  const rows = index.snapshots
    .all(folder.folderId)
    .filter(({ snapshotId }) => !forgets.has(snapshotId) || snapshotId === commit.snapshotId);
  const live = await findLive({
    roots: [...treesOf(rows), ...knownReferences(parts, folder)],
    references: index.references,
    readNode: await nodeReader(parts, folder, indexOfCommit(index, commit)),
    signal,
  });
  const kept = new Set(
    rows
      .filter(({ snapshotId }) => !forgets.has(snapshotId))
      .map(({ snapshotId }) => snapshotId as unknown as ChunkId),
  );
  const { snapshot, movedSnapshot, forgottenSnapshot } = ENTRY_KIND;
  return ({ id, kind }) => {
    if (kind === forgottenSnapshot) return false;
    return kind === snapshot || kind === movedSnapshot ? kept.has(id) : live.has(id);
  };
}

const treesOf = (rows: readonly SnapshotRow[]): Reference[] =>
  rows.map(({ record }) => ({
    id: (JSON.parse(record) as CommitRecord).rootTree,
    what: 'tree',
  }));

/**
 * What the local index knows of the folder's files: the next commit names it, also where no
 * snapshot does yet.
 */
function* knownReferences({ index }: EngineParts, folder: FolderRecord): Generator<Reference> {
  for (const entries of index.entries.load(folder.folderId).directories.values()) {
    for (const known of entries.values()) {
      if (known.kind !== 'directory') yield* entryReferences(decodeEntry(known.entry));
    }
  }
}

async function nodeReader(
  parts: EngineParts,
  folder: FolderRecord,
  before: PackIndex,
): Promise<(id: ChunkId, signal: AbortSignal) => Promise<Uint8Array>> {
  const { index, packs, options } = parts;
  const { folderId } = folder;
  const folderKeys = keysByEpoch(await openFolderKeys(parts, folder));
  const place = (id: ChunkId): { pack: IndexedPack; offsetBytes: number; sizeBytes: number } => {
    const found = before.find(id);
    if (found) return found;
    const known = index.journal.placeOf(folderId, id);
    if (known) return { ...known, pack: indexedPack(index, known.pack.packId) };
    throw new EngineError('pack-damaged', 'the pack index does not name a chunk that is needed', {
      context: { chunkId: id },
    });
  };
  return async (id, signal) => {
    const { pack, offsetBytes, sizeBytes } = place(id);
    const bytes = await packs.readRange(pack, offsetBytes, sizeBytes, signal);
    const { vaultId } = options.vaultKeys;
    const plainBytesMax = NODE_BYTES_MAX;
    return openChunk({ vaultId, folderId, folderKeys, plainBytesMax, chunk: { id, bytes } });
  };
}

/** No node is larger than a chunk in any network. */
const NODE_BYTES_MAX = 4 * 1024 * 1024;
