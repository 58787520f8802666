/**
 * @file Opens a snapshot where a head or the journal says it lies, and reads what it names.
 *
 *     location → snapshot → folder keys, index segments → chunk by ID
 *
 * Everything is checked on the way: seals, IDs, the signature of a device of the vault.
 */
import { readSealedHeader, type ArchiveCodec } from '../archive/archive-codec.ts';
import type { GetChunk } from '../archive/content.ts';
import { unwrapFolderKeys } from '../archive/folder-key-wrap.ts';
import type { SnapshotLocation } from '../archive/head.ts';
import {
  IndexSegment,
  openPart,
  PackIndex,
  SELF,
  type FoundEntry,
  type IndexedPack,
} from '../archive/pack-index.ts';
import { openSnapshot, type SignedSnapshot, type VerifySigner } from '../archive/snapshot.ts';
import type { Snapshot } from '../archive/snapshot-record.ts';
import type { SegmentPartRef } from '../archive/snapshot-segments.ts';
import { openChunk } from '../codec/seal.ts';
import type { VaultKeys } from '../codec/keys.ts';
import { EngineError } from '../model/engine-error.ts';
import type { FolderKeys } from '../model/folder-keys.ts';
import type { ChunkId, FolderId } from '../model/ids.ts';
import type { PackReader } from './pack-reader.ts';

export interface SnapshotReaderParts {
  readonly codec: ArchiveCodec;
  readonly keys: VaultKeys;
  readonly packs: PackReader;
  readonly verify: VerifySigner;
}

/** A snapshot that was opened, with everything needed to read its folder. */
export interface OpenedSnapshot {
  readonly signed: SignedSnapshot;
  readonly folderId: FolderId;
  readonly folderKeys: FolderKeys;
  readonly index: PackIndex;
  /** Plaintexts of the index parts, by ID: for a local index that is built anew. */
  readonly parts: ReadonlyMap<ChunkId, Uint8Array>;
  readonly getChunk: GetChunk;
  /** Every pack that the snapshot needs, index and snapshot included. */
  readonly neededPacks: readonly IndexedPack[];
}

export const packOfLocation = (location: SnapshotLocation): IndexedPack => ({
  blobId: location.blobId,
  blobObjectId: location.blobObjectId,
  sizeBytes: location.packBytes,
  packClass: location.packClass,
});

/** Read the record of a snapshot only. */
export async function readSnapshotRecord(
  location: SnapshotLocation,
  parts: SnapshotReaderParts,
  signal?: AbortSignal,
): Promise<SignedSnapshot> {
  const self = packOfLocation(location);
  const sealed = await parts.packs.readRange(
    self,
    location.offsetBytes,
    location.sizeBytes,
    signal,
  );
  return openSnapshot(sealed, {
    codec: parts.codec,
    vaultId: parts.keys.vaultId,
    vaultKey: parts.keys.vaultKey,
    snapshotId: location.snapshotId,
    self,
    verify: parts.verify,
  });
}

/**
 * Read a snapshot and its pack index.
 *
 * What an older snapshot names may lie elsewhere by now: the index of the newest one that keeps it
 * in its history, `newest`, is then the one that is right, and its own is not read.
 */
export async function readSnapshot(
  location: SnapshotLocation,
  parts: SnapshotReaderParts,
  signal?: AbortSignal,
  newest?: OpenedSnapshot,
): Promise<OpenedSnapshot> {
  const { keys, packs } = parts;
  const signed = await readSnapshotRecord(location, parts, signal);
  const { snapshot } = signed;
  const { folderId } = snapshot;
  const { vaultId } = keys;
  // What an older snapshot names may have been stored again, under a key that came after it.
  const folderKeys = newest?.folderKeys ?? (await unwrapKeys(snapshot, parts));
  const plaintexts = new Map<ChunkId, Uint8Array>();
  const segments: IndexSegment[] = [];
  for (const segment of newest ? [] : snapshot.segments) {
    const opened: { plaintext: Uint8Array; self: IndexedPack }[] = [];
    for (const part of segment.parts) {
      const self = resolved(part, location);
      const plaintext = await readPart(part, self, { ...parts, folderKeys, folderId }, signal);
      plaintexts.set(part.id, plaintext);
      opened.push({ plaintext, self });
    }
    segments.push(IndexSegment.fromParts(opened));
  }
  const index = newest?.index ?? new PackIndex(segments.toReversed());
  const needed = new Map(index.packs().map((pack) => [pack.blobId, pack]));
  needed.set(location.blobId, packOfLocation(location));
  for (const pack of newest?.neededPacks ?? []) needed.set(pack.blobId, pack);
  for (const part of newest ? [] : snapshot.segments.flatMap((segment) => segment.parts)) {
    const pack = resolved(part, location);
    if (!needed.has(pack.blobId)) needed.set(pack.blobId, pack);
  }
  return {
    signed,
    folderId,
    folderKeys,
    index,
    parts: plaintexts,
    neededPacks: [...needed.values()],
    getChunk: chunkGetter(index, packs, {
      vaultId,
      folderId,
      folderKeys: keysByEpoch(folderKeys),
      plainBytesMax: snapshot.vault.chunk.maxBytes,
    }),
  };
}

async function unwrapKeys(
  { wrappedKeys, folderId }: Snapshot,
  { codec, keys: { vaultId, vaultKey } }: SnapshotReaderParts,
): Promise<FolderKeys> {
  const wrapped = wrappedKeys.find(({ memberId }) => memberId === undefined);
  if (!wrapped) throw new EngineError('pack-damaged', 'a snapshot without keys for its vault');
  return unwrapFolderKeys(wrapped.sealed, { codec, vaultId, vaultKey, folderId });
}

function resolved(part: SegmentPartRef, location: SnapshotLocation): IndexedPack {
  return part.pack === SELF || part.pack.blobId === location.blobId
    ? packOfLocation(location)
    : part.pack;
}

export const keysByEpoch = (keys: FolderKeys): ReadonlyMap<number, Uint8Array> =>
  new Map(keys.epochs.map(({ keyEpoch, key }) => [keyEpoch, key]));

async function readPart(
  part: SegmentPartRef,
  pack: IndexedPack,
  parts: SnapshotReaderParts & { readonly folderKeys: FolderKeys; readonly folderId: FolderId },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { codec, keys, packs, folderKeys, folderId } = parts;
  const sealed = await packs.readRange(pack, part.offsetBytes, part.sizeBytes, signal);
  const { keyEpoch } = readSealedHeader(sealed);
  const key = keysByEpoch(folderKeys).get(keyEpoch);
  if (!key) throw new EngineError('pack-damaged', 'an index part is sealed under an unknown key');
  return openPart(sealed, { codec, vaultId: keys.vaultId, folderId, key, id: part.id });
}

/** The place of a chunk. Throws `pack-damaged` for one that no segment names. */
export function findChunk(index: PackIndex, id: ChunkId): FoundEntry {
  const found = index.find(id);
  if (!found) {
    throw new EngineError('pack-damaged', 'the pack index does not name a chunk that is needed', {
      context: { chunkId: id },
    });
  }
  return found;
}

function chunkGetter(
  index: PackIndex,
  packs: PackReader,
  seal: {
    readonly vaultId: VaultKeys['vaultId'];
    readonly folderId: FolderId;
    readonly folderKeys: ReadonlyMap<number, Uint8Array>;
    readonly plainBytesMax: number;
  },
): GetChunk {
  return async (id, signal) => {
    const place = findChunk(index, id);
    const bytes = await packs.readRange(place.pack, place.offsetBytes, place.sizeBytes, signal);
    return openChunk({ ...seal, chunk: { id, bytes } });
  };
}
