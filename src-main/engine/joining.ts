/**
 * @file Protects a folder of this machine as one that another device of the vault protects, too.
 *
 * Both then have the folder's keys and name the same chunks: what the other machine has stored is
 * not paid for again. Each writes its own snapshots; nothing is changed in either folder.
 */
import { ENTRY_KIND } from './archive/pack-layout.ts';
import type { IndexedPack } from './archive/pack-index.ts';
import type { EngineParts } from './engine-parts.ts';
import { refuseNested, resolveFolder } from './folders.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { ChunkPlace } from './local-index/journal.ts';
import { EngineError } from './model/engine-error.ts';
import type { BlobId, PackId } from './model/ids.ts';
import type { BlobObject, WalrusSystem } from './model/walrus.ts';
import type { OpenedSnapshot } from './restore/snapshot-reader.ts';

const PACK_ID_BYTES = 16;

/**
 * Nothing is spent before the next sync.
 *
 * @throws EngineError `folder-unknown` for a folder that no device protects, `folder-name-taken`
 *   for one that this device does, and as addFolder
 */
export async function joinFolder(
  parts: EngineParts,
  request: {
    readonly path: string;
    readonly joins: string;
    readonly excludes: readonly string[];
  },
  signal: AbortSignal,
): Promise<FolderRecord> {
  const { index, catalog, chain } = parts;
  const root = await resolveFolder(parts, request.path);
  const all = index.folders.all();
  refuseNested(
    parts,
    root,
    all.filter(({ removed }) => !removed),
  );
  const found = await catalog.newestOf(request.joins, signal);
  const { snapshot } = found.signed;
  if (index.folders.find(snapshot.folderId)) {
    throw new EngineError('folder-name-taken', `this device protects ${request.joins} already`);
  }
  const opened = await catalog.open(found, signal);
  const system = await chain.readSystem({ signal });
  const ids = opened.neededPacks.flatMap(({ blobObjectId }) => blobObjectId ?? []);
  const blobs = await chain.readBlobObjects(ids, { signal });
  index.atomically(() => {
    index.folders.add({
      folderId: snapshot.folderId,
      name: snapshot.folderName,
      root,
      permanent: snapshot.packClass === 'permanent',
      excludes: request.excludes.length > 0 ? request.excludes : snapshot.excludes,
      wrappedKeys: wrappedForVault(opened),
      headSlot: index.folders.nextHeadSlot(),
    });
    for (const pack of opened.neededPacks) {
      const blob = pack.blobObjectId && blobs.get(pack.blobObjectId);
      if (blob && blob.endEpoch > system.epoch) rely(parts, opened, pack, blob, system);
    }
  });
  const joined = index.folders.find(snapshot.folderId);
  if (!joined) throw new EngineError('internal', 'a folder was joined and is not there');
  return joined;
}

function wrappedForVault({ signed }: OpenedSnapshot): Uint8Array {
  const wrapped = signed.snapshot.wrappedKeys.find(({ memberId }) => memberId === undefined);
  if (!wrapped) throw new EngineError('pack-damaged', 'a snapshot without keys for its vault');
  return wrapped.sealed;
}

/** What lies in another device's pack need not be stored again. Its history is not ours. */
function rely(
  { index, options }: EngineParts,
  opened: OpenedSnapshot,
  pack: IndexedPack,
  blob: BlobObject,
  system: WalrusSystem,
): void {
  if (index.journal.findByBlob(pack.blobId)) return;
  const packId = Buffer.from(options.random.bytes(PACK_ID_BYTES)).toString('hex') as PackId;
  const { folderId } = opened;
  index.journal.addStored(
    {
      packId,
      permanent: pack.packClass === 'permanent',
      sizeBytes: pack.sizeBytes,
      blobId: pack.blobId,
      blobObjectId: blob.blobObjectId,
      endEpoch: blob.endEpoch,
      shardCount: system.shardCount,
      commitRecord: undefined,
    },
    placesIn(opened, pack.blobId).map((place) => ({ ...place, folderId })),
  );
  index.blobs.put({ ...blob, packId, storageBytes: blob.storageSizeBytes });
}

function placesIn(opened: OpenedSnapshot, blobId: BlobId): ChunkPlace[] {
  const shared: readonly number[] = [ENTRY_KIND.chunk, ENTRY_KIND.tree, ENTRY_KIND.contentList];
  return [...opened.index.entries()]
    .filter(({ pack, kind }) => pack.blobId === blobId && shared.includes(kind))
    .map(({ id, kind, offsetBytes, sizeBytes }) => ({ chunkId: id, kind, offsetBytes, sizeBytes }));
}
