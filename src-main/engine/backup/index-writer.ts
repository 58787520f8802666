/**
 * @file Adds to a folder's pack index what was sealed since the last commit.
 *
 * The new segment goes into the commit's own pack, and its entries may name that pack. When it
 * does not fit there, the pack is closed as an ordinary one first: then every entry has a blob ID
 * to name, and the segment's parts may lie in any packs that follow.
 */
import type { ArchiveCodec } from '../archive/archive-codec.ts';
import type { PackLimits } from '../archive/limits.ts';
import {
  IndexSegment,
  mergeSegments,
  PackIndex,
  sealPart,
  segmentPartBytesMax,
  SELF,
  type IndexedPack,
  type IndexEntry,
  type SegmentPart,
} from '../archive/pack-index.ts';
import { planSegmentMerge } from '../archive/pack-index-plan.ts';
import { ENTRY_KIND } from '../archive/pack-layout.ts';
import type { PackOwner } from '../archive/pack-writer.ts';
import type { SegmentRef } from '../archive/snapshot-segments.ts';
import type { LocalIndex } from '../local-index/local-index.ts';
import type { PackRecord } from '../local-index/journal.ts';
import { EngineError } from '../model/engine-error.ts';
import type { BlobId, ChunkId, FolderId, PackId, VaultId } from '../model/ids.ts';
import type { CommitRecord, PlacedPart, PlacedSegment } from './commit-record.ts';
import type { PackStream } from './pack-stream.ts';

/** What a sealed snapshot takes beside the places it names. */
const SNAPSHOT_BYTES_ESTIMATE = 8 * 1024;
const PART_REF_BYTES_ESTIMATE = 200;

export interface IndexWriterOptions {
  readonly codec: ArchiveCodec;
  readonly index: LocalIndex;
  readonly folderId: FolderId;
  readonly vaultId: VaultId;
  readonly chunkIdKey: Uint8Array;
  readonly owner: PackOwner;
  readonly stream: PackStream;
  readonly limits: PackLimits;
  /** Packs that end at this Walrus epoch or before hold nothing any more. */
  readonly epoch: number;
  readonly previous: CommitRecord | undefined;
  /** Older snapshots that the index names from now on, or no more. */
  readonly history: readonly IndexEntry[];
  /** Packs that nothing may rely on any more, although they have not ended. */
  readonly isLeaving: (blobId: BlobId) => boolean;
  /** Bytes that the snapshot takes beyond its fixed fields: excludes, keys, paths. */
  readonly snapshotExtraBytes: number;
  readonly untilCertified: () => Promise<void>;
}

export interface WrittenIndex {
  /** As the snapshot names them, oldest first. */
  readonly refs: readonly SegmentRef[];
  /** The same for the commit record. */
  readonly placed: readonly PlacedSegment[];
  /** Keep the new parts for later merges. To be called with the commit's journal row. */
  write(): void;
}

interface SealedPart {
  readonly part: SegmentPart;
  readonly id: ChunkId;
  readonly sealed: Uint8Array;
}

export async function addIndexSegment(options: IndexWriterOptions): Promise<WrittenIndex> {
  const { stream, previous } = options;
  const kept = previous?.segments ?? [];
  let plan = planFor(options, kept);
  let parts = await sealParts(options, plan.segment);
  const snapshotBytes =
    SNAPSHOT_BYTES_ESTIMATE +
    options.snapshotExtraBytes +
    PART_REF_BYTES_ESTIMATE * (parts.length + kept.reduce((sum, one) => sum + one.parts.length, 0));
  const sizes = parts.map(({ sealed }) => sealed.length);
  if (!stream.isEmpty && !stream.fits([...sizes, snapshotBytes])) {
    await stream.flush();
    await options.untilCertified();
    plan = planFor(options, kept);
    parts = await sealParts(options, plan.segment);
  }
  const added: PlacedPart[] = [];
  for (const [position, { part, id, sealed }] of parts.entries()) {
    const rest = parts.slice(position).map((later) => later.sealed.length);
    // The last part and the snapshot must end up in the same, open pack.
    const place = stream.fits([...rest, snapshotBytes])
      ? stream.addLast(options.owner, ENTRY_KIND.index, id, sealed)
      : await stream.add(ENTRY_KIND.index, id, sealed);
    added.push({
      packId: stream.openPackId,
      id,
      offsetBytes: place.offsetBytes,
      sizeBytes: place.sizeBytes,
      packCount: part.packCount,
      entryCount: part.entryCount,
      firstId: part.firstId,
    });
  }
  if (!stream.fits([snapshotBytes])) await stream.flush();
  await options.untilCertified();
  const placed = [...plan.kept, ...(added.length > 0 ? [{ parts: added }] : [])];
  return {
    refs: placed.map((segment) => refOf(options, segment)),
    placed,
    write: () => {
      for (const { part, id } of parts) {
        options.index.parts.put(options.folderId, id, part.plaintext);
      }
    },
  };
}

/** What is new, together with the older segments that it swallows. */
function planFor(
  options: IndexWriterOptions,
  kept: readonly PlacedSegment[],
): { readonly segment: IndexSegment | undefined; readonly kept: readonly PlacedSegment[] } {
  // Of the history, too: a snapshot that lies in an ended pack is none any more.
  const fresh = lastingPart(options, IndexSegment.of(newEntries(options)));
  const lastingCount = countLasting(options, kept);
  if (fresh.entryCount === 0 && lastingCount === kept.length) return { segment: undefined, kept };
  const merge = planSegmentMerge(
    kept.map(({ parts }) => parts.reduce((sum, part) => sum + part.entryCount, 0)),
    fresh.entryCount,
  );
  // A segment that lies in a pack that is gone, or names one, is written anew without it.
  const keepCount = Math.min(merge.keepCount, lastingCount);
  const swallowed = kept
    .slice(keepCount)
    .map((segment) => lastingPart(options, loadSegment(options, segment)));
  // What no older segment names needs no note that it was forgotten.
  const merged = swallowed.length === 0 ? fresh : mergeSegments([fresh, ...swallowed.reverse()]);
  const segment = keepCount === 0 ? withoutForgotten(merged) : merged;
  return {
    segment: segment.entryCount === 0 ? undefined : segment,
    kept: kept.slice(0, keepCount),
  };
}

function withoutForgotten(segment: IndexSegment): IndexSegment {
  const { forgottenSnapshot } = ENTRY_KIND;
  const entries = [...segment.entries()];
  const kept = entries.filter(({ kind }) => kind !== forgottenSnapshot);
  return kept.length === entries.length ? segment : IndexSegment.of(kept);
}

/**
 * Whether a commit needs a pack that has ended: for its snapshot, for its pack index, or for what
 * the index names. Then it is no longer enough for a restore, whatever else is stored.
 */
export function needsEndedPack(
  options: Pick<IndexWriterOptions, 'index' | 'epoch'>,
  commit: CommitRecord,
): boolean {
  const { segments, packId } = commit;
  const ending = { ...options, isLeaving: () => false };
  return (
    isGone(ending, options.index.journal.find(packId)) ||
    countLasting(ending, segments) < segments.length
  );
}

type Lasting = Pick<IndexWriterOptions, 'index' | 'epoch' | 'isLeaving'>;

const isGone = ({ epoch, isLeaving }: Lasting, pack: PackRecord | undefined): boolean =>
  pack !== undefined &&
  ((pack.endEpoch !== undefined && pack.endEpoch <= epoch) ||
    (pack.blobId !== undefined && isLeaving(pack.blobId)));

/**
 * How many segments, from the oldest on, neither lie in a pack that is gone nor name one, nor name
 * one by an object that its blob has left.
 */
function countLasting(options: Lasting, segments: readonly PlacedSegment[]): number {
  const gone = options.index.journal.all().filter((pack) => isGone(options, pack));
  const ids = new Set(gone.map(({ packId }) => packId));
  const blobs = new Set(gone.map(({ blobId }) => blobId));
  const first = segments.findIndex(
    (segment) =>
      segment.parts.some(({ packId }) => ids.has(packId)) ||
      loadSegment(options, segment).packs.some(
        (pack) =>
          pack !== SELF && (blobs.has(pack.blobId) || currentPack(options.index, pack) !== pack),
      ),
  );
  return first === -1 ? segments.length : first;
}

/** A segment without the entries that lie in packs that are gone; the others by their objects now. */
function lastingPart(options: Lasting, segment: IndexSegment): IndexSegment {
  const { journal } = options.index;
  const gone = new Set(
    segment.packs.filter(
      (pack) => pack !== SELF && isGone(options, journal.findByBlob(pack.blobId)),
    ),
  );
  const renamed = new Map(
    segment.packs.flatMap((pack) => {
      if (pack === SELF) return [];
      const current = currentPack(options.index, pack);
      return current === pack ? [] : [[pack, current] as const];
    }),
  );
  if (gone.size === 0 && renamed.size === 0) return segment;
  return IndexSegment.of(
    [...segment.entries()]
      .filter(({ pack }) => !gone.has(pack))
      .map((entry) => {
        const current = entry.pack === SELF ? undefined : renamed.get(entry.pack);
        return current ? { ...entry, pack: current } : entry;
      }),
  );
}

/** A pack as a stored index names it, with the object that its blob lies in now. */
export function currentPack(index: LocalIndex, pack: IndexedPack): IndexedPack {
  const blobObjectId = index.journal.findByBlob(pack.blobId)?.blobObjectId;
  if (blobObjectId === undefined || blobObjectId === pack.blobObjectId) return pack;
  return { ...pack, blobObjectId };
}

/** Everything of the folder that no segment names yet. */
function newEntries({
  index,
  folderId,
  stream,
  previous,
  history,
}: IndexWriterOptions): IndexEntry[] {
  const through = previous === undefined ? 0 : (index.journal.find(previous.packId)?.ordinal ?? 0);
  const packs = new Map<PackId, IndexedPack>();
  const sealed = index.journal
    .placesAfter(folderId, through)
    .filter(({ kind }) => isIndexed(kind))
    .map((place): IndexEntry => {
      let pack = packs.get(place.packId);
      if (pack === undefined) {
        pack = indexedPack(index, place.packId);
        packs.set(place.packId, pack);
      }
      const { chunkId, kind, offsetBytes, sizeBytes } = place;
      return { id: chunkId, kind, offsetBytes, sizeBytes, pack };
    });
  const open = stream
    .openEntries()
    .filter(({ kind }) => isIndexed(kind))
    .map(({ id, kind, offsetBytes, sizeBytes }): IndexEntry => ({
      id,
      kind,
      offsetBytes,
      sizeBytes,
      pack: SELF,
    }));
  return [...open, ...sealed, ...history];
}

const isIndexed = (kind: number): boolean =>
  kind === ENTRY_KIND.chunk ||
  kind === ENTRY_KIND.tree ||
  kind === ENTRY_KIND.contentList ||
  kind === ENTRY_KIND.movedSnapshot;

/** A pack of the journal as the pack index names it. Its blob ID must be known. */
export function indexedPack(index: LocalIndex, packId: PackId): IndexedPack {
  const pack = index.journal.find(packId);
  if (pack?.blobId === undefined) {
    throw new EngineError('index-damaged', 'a pack has no blob ID where one is needed', {
      context: { packId },
    });
  }
  return { ...packFacts(pack), blobId: pack.blobId };
}

const packFacts = (pack: PackRecord): Omit<IndexedPack, 'blobId'> => ({
  blobObjectId: pack.blobObjectId,
  sizeBytes: pack.sizeBytes,
  packClass: pack.permanent ? 'permanent' : 'deletable',
});

/** The pack index of a commit of this device. */
export function indexOfCommit(index: LocalIndex, commit: CommitRecord): PackIndex {
  return new PackIndex(commit.segments.map((segment) => loadSegment({ index }, segment)).reverse());
}

function loadSegment(
  { index }: Pick<IndexWriterOptions, 'index'>,
  segment: PlacedSegment,
): IndexSegment {
  return IndexSegment.fromParts(
    segment.parts.map((part) => {
      const plaintext = index.parts.find(part.id);
      if (!plaintext) {
        throw new EngineError('index-damaged', 'a part of the pack index is missing here');
      }
      return { plaintext, self: indexedPack(index, part.packId) };
    }),
  );
}

async function sealParts(
  options: IndexWriterOptions,
  segment: IndexSegment | undefined,
): Promise<SealedPart[]> {
  const { codec, vaultId, folderId, chunkIdKey, owner, limits } = options;
  const parts: SealedPart[] = [];
  for (const part of segment?.parts(segmentPartBytesMax(limits.packBytesMax)) ?? []) {
    const { id, sealed } = await sealPart(part, {
      codec,
      vaultId,
      folderId,
      keyEpoch: owner.keyEpoch,
      key: owner.key,
      chunkIdKey,
    });
    parts.push({ part, id, sealed });
  }
  return parts;
}

function refOf({ index, stream }: IndexWriterOptions, segment: PlacedSegment): SegmentRef {
  return {
    parts: segment.parts.map(({ packId, ...part }) => ({
      ...part,
      pack: packId === stream.openPackId ? SELF : indexedPack(index, packId),
    })),
  };
}
