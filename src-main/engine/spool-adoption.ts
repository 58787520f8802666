/**
 * @file Takes up sealed packs that were registered, and paid, before the local index was lost.
 *
 * They still lie in the spool, and their blobs belong to this account. Sealed anew they would be
 * other blobs, and paid a second time. What was sealed and never registered has cost nothing: the
 * next sync seals it again.
 */
import { packLimits } from './archive/limits.ts';
import { packInMemory, readPackFooters } from './archive/pack-reader.ts';
import { blake3 } from './codec/hash.ts';
import { computeBlobMetadata } from './codec/rs2.ts';
import type { EngineParts } from './engine-parts.ts';
import { openFolderKeys } from './folders.ts';
import { EngineError } from './model/engine-error.ts';
import type { BlobId, PackId } from './model/ids.ts';
import type { BlobObject, WalrusSystem } from './model/walrus.ts';
import { pathBelow } from './ports/file-system.ts';

/** Gives how many packs were taken up. The river brings them to their end. */
export async function adoptSpool(
  parts: EngineParts,
  system: WalrusSystem,
  signal: AbortSignal,
): Promise<number> {
  const { options, index } = parts;
  const strangers = options.files
    .listNames(options.paths.spool)
    .filter((name) => index.journal.find(name as PackId) === undefined);
  if (strangers.length === 0) return 0;
  const owned = await ownedUnfinished(parts, system, signal);
  let adopted = 0;
  for (const name of strangers) {
    if (await adoptPack(parts, name as PackId, { system, owned, signal })) adopted += 1;
  }
  return adopted;
}

async function ownedUnfinished(
  { chain, account }: EngineParts,
  { epoch }: WalrusSystem,
  signal: AbortSignal,
): Promise<ReadonlyMap<BlobId, BlobObject>> {
  const owned = new Map<BlobId, BlobObject>();
  for await (const blob of chain.ownedBlobObjects(account.address, signal)) {
    if (blob.endEpoch > epoch) owned.set(blob.blobId, blob);
  }
  return owned;
}

async function adoptPack(
  parts: EngineParts,
  packId: PackId,
  network: {
    readonly system: WalrusSystem;
    readonly owned: ReadonlyMap<BlobId, BlobObject>;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  const { options, index } = parts;
  const { shardCount } = network.system;
  const bytes = await options.files.readFile(
    pathBelow(options.paths.spool, packId),
    packLimits(shardCount).paddedBytesMax,
  );
  if (!bytes) return false;
  const { blobId, rootHash } = await computeBlobMetadata(bytes, shardCount, network);
  const blob = network.owned.get(blobId);
  if (!blob || index.journal.findByBlob(blobId)) return false;
  const chunks = await chunksOf(parts, bytes, network.signal);
  if (!chunks) return false;
  index.atomically(() => {
    index.journal.addSealed(
      {
        packId,
        permanent: !blob.deletable,
        sizeBytes: bytes.length,
        sealedHash: blake3(bytes),
        // The commit that it may have carried is made anew: its snapshot was never published.
        commitRecord: undefined,
      },
      chunks,
    );
    index.journal.recordEncoded(packId, blobId, rootHash, shardCount);
    index.journal.recordRegistered(packId, blob.blobObjectId, blob.endEpoch);
  });
  return true;
}

/** What a pack holds for the folders of this index; undefined for one that cannot be read. */
async function chunksOf(parts: EngineParts, bytes: Uint8Array, signal: AbortSignal) {
  const { options, index, codec } = parts;
  const { vaultId, vaultKey } = options.vaultKeys;
  const folders = await Promise.all(
    index.folders.all().map(async (folder) => ({
      folderId: folder.folderId,
      keys: await openFolderKeys(parts, folder),
    })),
  );
  try {
    const { footers } = await readPackFooters(packInMemory(bytes), {
      codec,
      keys: { vaultId, vaultKey, folders },
      signal,
    });
    return footers.flatMap(({ folderId, entries }) =>
      folderId === undefined
        ? []
        : entries.map(({ id, kind, offsetBytes, sizeBytes }) => ({
            ...{ folderId, chunkId: id, kind, offsetBytes, sizeBytes },
          })),
    );
  } catch (error) {
    if (error instanceof EngineError && error.code === 'pack-damaged') return undefined;
    throw error;
  }
}
