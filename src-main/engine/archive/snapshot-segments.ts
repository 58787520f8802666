/**
 * @file How a snapshot names the segments of the pack index: their parts, and the packs they lie in.
 */
import type { ChunkId } from '#engine/model/ids.ts';
import { damaged, hexBytes, toHex, type ByteReader, type ByteWriter } from './encoding.ts';
import { SELF, type IndexedPack } from './pack-index.ts';
import { SEGMENTS_MAX } from './pack-index-plan.ts';
import type { EntryPlace } from './pack-layout.ts';

/** A stored part of an index segment. */
export interface SegmentPartRef extends EntryPlace {
  readonly id: ChunkId;
  readonly pack: IndexedPack | typeof SELF;
  readonly packCount: number;
  readonly entryCount: number;
  /** The ID of its first entry; absent for a part of packs only. */
  readonly firstId: ChunkId | undefined;
}

/** A segment as a snapshot names it: its parts in order. */
export interface SegmentRef {
  readonly parts: readonly SegmentPartRef[];
}

const PARTS_MAX = 8192;

/** The packs that hold index parts, in the order in which they are first named. */
export function packsOf(segments: readonly SegmentRef[]): (IndexedPack | typeof SELF)[] {
  const packs = new Map<string, IndexedPack | typeof SELF>();
  for (const { pack } of segments.flatMap(({ parts }) => parts)) {
    packs.set(packKeyOf(pack), packs.get(packKeyOf(pack)) ?? pack);
  }
  return [...packs.values()];
}

const packKeyOf = (pack: IndexedPack | typeof SELF): string => (pack === SELF ? SELF : pack.blobId);

export function writeSegments(
  writer: ByteWriter,
  segments: readonly SegmentRef[],
  packs: readonly (IndexedPack | typeof SELF)[],
): void {
  if (segments.length > SEGMENTS_MAX) throw new RangeError('a snapshot names too many segments');
  const numbers = new Map(packs.map((pack, number) => [packKeyOf(pack), number]));
  for (const { parts } of segments) {
    writer.varint(parts.length);
    for (const part of parts) {
      writer.varint(numbers.get(packKeyOf(part.pack)) ?? 0);
      writer.varint(part.offsetBytes).varint(part.sizeBytes).bytes(hexBytes(part.id));
      writer.varint(part.packCount).varint(part.entryCount);
      if (part.entryCount > 0) writer.bytes(hexBytes(part.firstId ?? ''));
    }
  }
}

/** Pack, offset, size, ID, two counts. */
const PART_REF_BYTES_MIN = 1 + 1 + 1 + 32 + 1 + 1;

export function readSegments(
  reader: ByteReader,
  packs: readonly IndexedPack[],
  self: IndexedPack,
): SegmentRef[] {
  const segments: SegmentRef[] = [];
  while (reader.remaining > 0) {
    if (segments.length === SEGMENTS_MAX) throw damaged('a snapshot names too many segments');
    const count = reader.count(PART_REF_BYTES_MIN);
    if (count === 0 || count > PARTS_MAX) throw damaged('an index segment has no possible size');
    segments.push({ parts: Array.from({ length: count }, () => readPart(reader, packs, self)) });
  }
  return segments;
}

/**
 * A snapshot that was moved to another pack still names its first one as its own: its places are
 * not those of the pack that it lies in now, and the newest index is read instead of them.
 */
function readPart(
  reader: ByteReader,
  packs: readonly IndexedPack[],
  self: IndexedPack,
): SegmentPartRef {
  const pack = packs[reader.varint()];
  const offsetBytes = reader.varint();
  const sizeBytes = reader.varint();
  const isOutside =
    pack !== undefined && pack.blobId !== self.blobId && offsetBytes + sizeBytes > pack.sizeBytes;
  if (pack === undefined || isOutside) {
    throw damaged('a snapshot names a place outside its packs');
  }
  const id = toHex(reader.bytes(32)) as ChunkId;
  const packCount = reader.varint();
  const entryCount = reader.varint();
  const firstId = entryCount > 0 ? (toHex(reader.bytes(32)) as ChunkId) : undefined;
  return { pack, offsetBytes, sizeBytes, id, packCount, entryCount, firstId };
}
