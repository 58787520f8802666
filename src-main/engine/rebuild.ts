/**
 * @file Fills an empty or doubtful local index again from what the network knows.
 *
 *     own head → newest snapshot of each folder → pack index → packs, places of chunks, parts
 *
 * What cannot come back is what never left this machine: folders that were added and never synced,
 * the list of past transactions, and packs that were not registered yet. Their files are read again
 * at the next sync; nothing that the network holds is uploaded twice, since every chunk is known.
 */
import { ENTRY_KIND } from './archive/pack-layout.ts';
import { SELF, type IndexedPack } from './archive/pack-index.ts';
import type { SnapshotLocation } from './archive/head.ts';
import type { SignedSnapshot } from './archive/snapshot.ts';
import type { SegmentPartRef } from './archive/snapshot-segments.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { historyOf } from './catalog.ts';
import type { EngineParts } from './engine-parts.ts';
import { readHeadOf, type Head, type HeadFolder } from './heads.ts';
import type { ChunkPlace } from './local-index/journal.ts';
import { EngineError } from './model/engine-error.ts';
import type { BlobId, ChunkId, Epoch, PackId } from './model/ids.ts';
import type { BlobObject, WalrusSystem } from './model/walrus.ts';
import { packOfLocation, type OpenedSnapshot } from './restore/snapshot-reader.ts';
import { adoptSpool } from './spool-adoption.ts';

const PACK_ID_BYTES = 16;
/** The end of a pack that the chain no longer shows: before every epoch. */
const NEVER = 0 as Epoch;

export interface RebuildReport {
  readonly folders: number;
  readonly packs: number;
  readonly chunks: number;
}

/**
 * Read the index back. What a sound index still holds beyond that, unfinished work above all,
 * stays; every file is read again at the next sync.
 *
 * @throws EngineError `head-rolled-back` when another device writes this account's head,
 *   `rpc-unreachable`, `slivers-insufficient`, `pack-damaged`
 */
export async function rebuildIndex(
  parts: EngineParts,
  signal: AbortSignal,
): Promise<RebuildReport> {
  const { options, index, chain, catalog } = parts;
  const head = await readHeadOf(parts, options.accountIndex, signal);
  if (head && head.device.deviceId !== options.deviceId) {
    throw new EngineError('head-rolled-back', 'another device writes the head of this account', {
      context: { account: options.accountIndex },
    });
  }
  const system = await chain.readSystem({ signal });
  let packs = 0;
  let chunks = 0;
  for (const folder of head?.folders ?? []) {
    const opened = await catalog.open({ location: folder.part.snapshot }, signal);
    const onChain = await readBlobs(parts, opened.neededPacks, signal);
    const history = await readHistory(parts, opened, signal);
    const written = index.atomically(() =>
      writeFolder(parts, folder, opened, { onChain, history, system }),
    );
    packs += written.packs;
    chunks += written.chunks;
  }
  index.atomically(() => writeFacts(parts, head));
  packs += await adoptSpool(parts, system, signal);
  return { folders: head?.folders.length ?? 0, packs, chunks };
}

type Kept = { readonly location: SnapshotLocation; readonly signed: SignedSnapshot };

/** The older snapshots that are kept. One that cannot be read stays in the history unread. */
async function readHistory(
  { catalog }: EngineParts,
  opened: OpenedSnapshot,
  signal: AbortSignal,
): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const location of historyOf(opened)) {
    const signed = await catalog.recordIfReadable(location, signal);
    if (signed) kept.push({ location, signed });
  }
  return kept;
}

async function readBlobs(
  { chain }: EngineParts,
  packs: readonly IndexedPack[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, BlobObject | undefined>> {
  const ids = packs.map(({ blobObjectId }) => blobObjectId).filter((id) => id !== undefined);
  return chain.readBlobObjects(ids, { signal });
}

/** One folder: its row, its packs with their chunks, the parts of its pack index, its snapshot. */
function writeFolder(
  parts: EngineParts,
  { slot, part }: HeadFolder,
  opened: OpenedSnapshot,
  network: {
    readonly onChain: ReadonlyMap<string, BlobObject | undefined>;
    readonly history: readonly Kept[];
    readonly system: WalrusSystem;
  },
): { readonly packs: number; readonly chunks: number } {
  const { index, options } = parts;
  const { onChain, history, system } = network;
  const { folderId } = opened;
  const { snapshot } = opened.signed;
  addFolderRow(parts, slot, opened);
  if (part.removed) index.folders.markRemoved(folderId);
  const packIds = new Map<BlobId, PackId>();
  for (const pack of opened.neededPacks) {
    const known = index.journal.findByBlob(pack.blobId);
    packIds.set(pack.blobId, known?.packId ?? newPackId(options.random));
  }
  const idOf = (pack: IndexedPack): PackId => required(packIds.get(pack.blobId));
  const own = packOfLocation(part.snapshot);
  const commit = commitOf(opened.signed, slot, part.snapshot, idOf);
  const places = placesByPack(opened, part.snapshot);
  let chunks = 0;
  // The commit's own pack comes last: what is sealed after it is what the index does not name yet.
  const others = opened.neededPacks.filter(({ blobId }) => blobId !== own.blobId);
  for (const pack of [...others, own]) {
    const inPack = places.get(pack.blobId) ?? [];
    chunks += inPack.length;
    if (index.journal.findByBlob(pack.blobId)) continue;
    const blob = pack.blobObjectId && onChain.get(pack.blobObjectId);
    index.journal.addStored(
      {
        packId: idOf(pack),
        permanent: pack.packClass === 'permanent',
        sizeBytes: pack.sizeBytes,
        blobId: pack.blobId,
        blobObjectId: pack.blobObjectId,
        // A pack that the chain no longer shows has ended: nothing may rely on its chunks.
        endEpoch: blob?.endEpoch ?? NEVER,
        shardCount: system.shardCount,
        commitRecord: pack.blobId === own.blobId ? JSON.stringify(commit) : undefined,
      },
      inPack.map((place) => ({ ...place, folderId })),
    );
  }
  for (const [id, plaintext] of opened.parts) index.parts.put(folderId, id, plaintext);
  const pinned = new Set(snapshot.pinned);
  for (const { signed, location } of [
    ...history,
    { signed: opened.signed, location: part.snapshot },
  ]) {
    // An older one is read with the newest pack index; its own may name what is gone.
    const isNewest = signed === opened.signed;
    const older = { ...signed, snapshot: { ...signed.snapshot, segments: [] } };
    index.snapshots.put({
      snapshotId: signed.snapshotId,
      folderId,
      sequence: signed.snapshot.sequence,
      atMs: signed.snapshot.createdAtMs,
      record: JSON.stringify(isNewest ? commit : commitOf(older, slot, location, idOf)),
      isPinned: pinned.has(signed.snapshotId),
    });
  }
  index.entries.clear(folderId);
  return { packs: opened.neededPacks.length, chunks };
}

function addFolderRow({ index }: EngineParts, headSlot: number, opened: OpenedSnapshot): void {
  const { snapshot } = opened.signed;
  if (index.folders.find(opened.folderId)) return;
  const wrapped = snapshot.wrappedKeys.find(({ memberId }) => memberId === undefined);
  index.folders.add({
    folderId: opened.folderId,
    name: snapshot.folderName,
    root: Buffer.from(snapshot.originPath ?? '', 'latin1').toString('utf8'),
    permanent: snapshot.packClass === 'permanent',
    excludes: snapshot.excludes,
    wrappedKeys: required(wrapped).sealed,
    headSlot,
  });
}

/** The commit record as the journal had it. */
function commitOf(
  { snapshot, snapshotId }: SignedSnapshot,
  headSlot: number,
  location: HeadFolder['part']['snapshot'],
  idOf: (pack: IndexedPack) => PackId,
): CommitRecord {
  const self = packOfLocation(location);
  return {
    folderId: snapshot.folderId,
    headSlot,
    snapshotId,
    sequence: snapshot.sequence,
    rootTree: snapshot.root.treeId,
    rootMode: snapshot.root.mode,
    rootMtimeNs: snapshot.root.mtimeNs.toString(),
    createdAtMs: snapshot.createdAtMs,
    totals: snapshot.totals,
    packClass: snapshot.packClass,
    segments: snapshot.segments.map((segment) => ({
      parts: segment.parts.map(({ pack, ...part }) => ({
        ...part,
        packId: idOf(pack === SELF ? self : pack),
      })),
    })),
    packId: idOf(self),
    offsetBytes: location.offsetBytes,
    sizeBytes: location.sizeBytes,
    namesHistory: snapshot.pinned !== undefined,
  };
}

/** Everything that lies in each pack, as far as the snapshot knows. */
function placesByPack(
  opened: OpenedSnapshot,
  location: HeadFolder['part']['snapshot'],
): ReadonlyMap<BlobId, ChunkPlace[]> {
  const places = new Map<BlobId, ChunkPlace[]>();
  const add = (blobId: BlobId, place: ChunkPlace): void => {
    const list = places.get(blobId);
    if (list) list.push(place);
    else places.set(blobId, [place]);
  };
  for (const { id, pack, kind, offsetBytes, sizeBytes } of opened.index.entries()) {
    if (kind === ENTRY_KIND.forgottenSnapshot) continue;
    add(pack.blobId, { chunkId: id, kind, offsetBytes, sizeBytes });
  }
  const blobOf = ({ pack }: SegmentPartRef): BlobId =>
    pack === SELF ? location.blobId : pack.blobId;
  for (const part of opened.signed.snapshot.segments.flatMap((segment) => segment.parts)) {
    const { id, offsetBytes, sizeBytes } = part;
    add(blobOf(part), { chunkId: id, kind: ENTRY_KIND.index, offsetBytes, sizeBytes });
  }
  const { offsetBytes, sizeBytes } = location;
  const chunkId = location.snapshotId as unknown as ChunkId;
  add(location.blobId, { chunkId, kind: ENTRY_KIND.snapshot, offsetBytes, sizeBytes });
  return places;
}

function writeFacts({ index }: EngineParts, head: Head | undefined): void {
  if (!head) return;
  const seen = Number(index.readFact('head-sequence') ?? 0);
  index.writeFact('head-sequence', String(Math.max(seen, head.device.sequence)));
  index.writeFact('vault-record', JSON.stringify(head.device.vault));
  for (const { blobId, epoch } of head.device.condemned) {
    index.leaving.add(blobId);
    index.leaving.recordCondemned(blobId, epoch, head.device.sequence);
  }
}

function newPackId(random: EngineParts['options']['random']): PackId {
  return Buffer.from(random.bytes(PACK_ID_BYTES)).toString('hex') as PackId;
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new EngineError('pack-damaged', 'a snapshot is incomplete');
  return value;
}
