/**
 * @file The pack index: from a chunk's ID to its place in a pack.
 *
 * A folder's index is a few segments, each written once and named by the snapshots that use it.
 * A segment knows packs and entries; entries have a fixed width and are sorted by ID, so a lookup
 * is a binary search in the bytes as they are stored. A segment too large for one record is stored
 * in several parts: first all packs, then the entries, so one entry part and the packs answer a
 * lookup.
 *
 *     part  = record: packs (field 1), entries (field 2)
 *     pack  = 32 blob ID | 32 blob object ID | u32 size | u8 class
 *     entry = 32 chunk ID | u32 pack | u32 offset | u24 size | u8 kind
 *
 * A part cannot name the pack it lies in, whose blob ID depends on the part: 32 zero bytes stand
 * for "the pack that holds this part", and the reader puts in what it knows. So parts are never
 * moved to another pack; they are written anew.
 */
import {
  blobIdFromBytes,
  blobIdToBytes,
  type BlobId,
  type ChunkId,
  type FolderId,
  type ObjectId,
  type VaultId,
} from '#engine/model/ids.ts';
import { openBoundRecord, sealBoundRecord, type ArchiveCodec } from './archive-codec.ts';
import {
  ByteWriter,
  bytesEqual,
  damaged,
  encodeRecord,
  hexBytes,
  readRecord,
  toHex,
} from './encoding.ts';
import type { EntryKind, EntryPlace, PackClass, PackedEntry } from './pack-layout.ts';

/** A pack as the index knows it. When it ends is for the chain to say. */
export interface IndexedPack {
  readonly blobId: BlobId;
  /** The Sui object it was registered as, if that was known when the segment was written. */
  readonly blobObjectId: ObjectId | undefined;
  readonly sizeBytes: number;
  readonly packClass: PackClass;
}

/** The pack that a segment part itself will lie in: its blob ID is not known yet. */
export const SELF = 'self';

/** An entry to be indexed, and where it lies. */
export interface IndexEntry extends PackedEntry {
  readonly pack: IndexedPack | typeof SELF;
}

/** Where a chunk was found. */
export interface FoundEntry extends EntryPlace {
  readonly pack: IndexedPack;
  readonly kind: EntryKind;
}

const ID_BYTES = 32;
const PACK_BYTES = 32 + 32 + 4 + 1;
const ENTRY_BYTES = ID_BYTES + 4 + 4 + 4;
const SIZE_MAX = 0xff_ffff;
const ZERO_ID = new Uint8Array(32);
const CLASSES: readonly PackClass[] = ['deletable', 'permanent'];
const TAG = { packs: 1, entries: 2 } as const;

/** One part of a segment. Small networks have smaller packs: see segmentPartBytesMax. */
const PART_BYTES_MAX = 4 * 1024 * 1024;
/** Version, two tags, two lengths. */
const PART_FIXED_BYTES = 16;

/** The greatest part for packs of `packBytesMax`: an eighth of one. */
export const segmentPartBytesMax = (packBytesMax: number): number =>
  Math.min(PART_BYTES_MAX, Math.floor(packBytesMax / 8));

/** A part as it is to be stored, and what a snapshot says of it. */
export interface SegmentPart {
  readonly plaintext: Uint8Array;
  readonly packCount: number;
  readonly entryCount: number;
  /** The ID of its first entry; absent if it has none. */
  readonly firstId: ChunkId | undefined;
}

/** Entries sorted by ID, and the packs they lie in. Immutable. */
export class IndexSegment {
  readonly packs: readonly (IndexedPack | typeof SELF)[];
  readonly #entries: Buffer;

  private constructor(packs: readonly (IndexedPack | typeof SELF)[], entries: Buffer) {
    this.packs = packs;
    this.#entries = entries;
  }

  /** A segment of the given entries. Of two with the same ID the first stays. */
  static of(entries: Iterable<IndexEntry>): IndexSegment {
    const packs: (IndexedPack | typeof SELF)[] = [];
    const numbers = new Map<string, number>();
    const lines: Buffer[] = [];
    for (const entry of entries) {
      const key = entry.pack === SELF ? SELF : packKey(entry.pack);
      let pack = numbers.get(key);
      if (pack === undefined) {
        pack = packs.push(entry.pack) - 1;
        numbers.set(key, pack);
      }
      lines.push(encodeEntry(entry, pack));
    }
    lines.sort((one, other) => one.compare(other, 0, ID_BYTES, 0, ID_BYTES));
    const unique = lines.filter(
      (line, index) =>
        index === 0 || line.compare(lines[index - 1]!, 0, ID_BYTES, 0, ID_BYTES) !== 0,
    );
    return new IndexSegment(packs, Buffer.concat(unique));
  }

  /** The segment stored in the given parts, in order. `self` is the pack of each part. */
  static fromParts(
    parts: readonly { readonly plaintext: Uint8Array; readonly self: IndexedPack }[],
  ): IndexSegment {
    const packs: IndexedPack[] = [];
    const entries: Uint8Array[] = [];
    for (const part of parts) {
      const decoded = decodePart(part.plaintext, part.self);
      packs.push(...decoded.packs);
      entries.push(decoded.entries);
    }
    const segment = new IndexSegment(packs, Buffer.concat(entries));
    segment.#check();
    return segment;
  }

  get entryCount(): number {
    return this.#entries.length / ENTRY_BYTES;
  }

  /** Where the chunk lies, or undefined. Only for segments that were read: no SELF among them. */
  find(id: ChunkId): FoundEntry | undefined {
    const wanted = Buffer.from(id, 'hex');
    let low = 0;
    let high = this.entryCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * ENTRY_BYTES;
      const order = this.#entries.compare(wanted, 0, ID_BYTES, at, at + ID_BYTES);
      if (order === 0) return found(this.#entry(middle));
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** Every entry, in the order of their IDs. */
  *entries(): Generator<IndexEntry> {
    for (let index = 0; index < this.entryCount; index += 1) yield this.#entry(index);
  }

  /** The parts to store, each of at most `bytesMax` bytes of plaintext. */
  *parts(bytesMax: number): Generator<SegmentPart> {
    const budget = bytesMax - PART_FIXED_BYTES;
    const packsPerPart = Math.max(1, Math.floor(budget / PACK_BYTES));
    const entriesPerPart = Math.max(1, Math.floor(budget / ENTRY_BYTES));
    const packs = this.packs.map(encodePack);
    if (packs.length * PACK_BYTES + this.#entries.length <= budget) {
      yield this.#part(packs, 0, this.entryCount);
      return;
    }
    for (let start = 0; start < packs.length; start += packsPerPart) {
      yield this.#part(packs.slice(start, start + packsPerPart), 0, 0);
    }
    for (let start = 0; start < this.entryCount; start += entriesPerPart) {
      yield this.#part([], start, Math.min(this.entryCount, start + entriesPerPart));
    }
  }

  #part(packs: readonly Uint8Array[], start: number, end: number): SegmentPart {
    const entries = this.#entries.subarray(start * ENTRY_BYTES, end * ENTRY_BYTES);
    return {
      plaintext: encodeRecord([
        packs.length > 0 ? { tag: TAG.packs, value: Buffer.concat(packs) } : undefined,
        entries.length > 0 ? { tag: TAG.entries, value: entries } : undefined,
      ]),
      packCount: packs.length,
      entryCount: end - start,
      firstId: end > start ? (toHex(entries.subarray(0, ID_BYTES)) as ChunkId) : undefined,
    };
  }

  #entry(index: number): IndexEntry {
    const at = index * ENTRY_BYTES;
    const pack = this.packs[this.#entries.readUInt32LE(at + ID_BYTES)];
    if (pack === undefined) throw damaged('an index entry names a pack that is not there');
    return {
      id: toHex(this.#entries.subarray(at, at + ID_BYTES)) as ChunkId,
      pack,
      offsetBytes: this.#entries.readUInt32LE(at + ID_BYTES + 4),
      sizeBytes: this.#entries.readUIntLE(at + ID_BYTES + 8, 3),
      kind: this.#entries.readUInt8(at + ID_BYTES + 11),
    };
  }

  #check(): void {
    for (let index = 0; index < this.entryCount; index += 1) {
      const at = index * ENTRY_BYTES;
      const before = at - ENTRY_BYTES;
      const isAscending =
        index === 0 ||
        this.#entries.compare(this.#entries, at, at + ID_BYTES, before, before + ID_BYTES) < 0;
      if (!isAscending) throw damaged('the entries of an index segment are out of order');
      const { pack, offsetBytes, sizeBytes } = this.#entry(index);
      if (pack !== SELF && offsetBytes + sizeBytes > pack.sizeBytes) {
        throw damaged('an index entry leaves its pack');
      }
    }
  }
}

function found(entry: IndexEntry): FoundEntry {
  if (entry.pack === SELF) throw new RangeError('a segment is read after it was stored');
  const { offsetBytes, sizeBytes, kind, pack } = entry;
  return { pack, offsetBytes, sizeBytes, kind };
}

const packKey = (pack: IndexedPack): string => `${pack.blobId}${pack.blobObjectId ?? ''}`;

function encodePack(pack: IndexedPack | typeof SELF): Uint8Array {
  const writer = new ByteWriter(PACK_BYTES);
  // Size and class of the own pack are not known either; its reader knows them.
  if (pack === SELF) return writer.bytes(new Uint8Array(PACK_BYTES)).finish();
  return writer
    .bytes(blobIdToBytes(pack.blobId))
    .bytes(pack.blobObjectId === undefined ? ZERO_ID : hexBytes(pack.blobObjectId.slice(2)))
    .u32(pack.sizeBytes)
    .u8(CLASSES.indexOf(pack.packClass))
    .finish();
}

function encodeEntry(entry: IndexEntry, pack: number): Buffer {
  if (entry.sizeBytes > SIZE_MAX) throw new RangeError('an entry is too large for the index');
  const line = Buffer.alloc(ENTRY_BYTES);
  line.write(entry.id, 0, 'hex');
  line.writeUInt32LE(pack, ID_BYTES);
  line.writeUInt32LE(entry.offsetBytes, ID_BYTES + 4);
  line.writeUIntLE(entry.sizeBytes, ID_BYTES + 8, 3);
  line.writeUInt8(entry.kind, ID_BYTES + 11);
  return line;
}

function decodePart(
  plaintext: Uint8Array,
  self: IndexedPack,
): { readonly packs: IndexedPack[]; readonly entries: Uint8Array } {
  const fields = readRecord(plaintext, 'an index part');
  const packBytes = fields.optional(TAG.packs) ?? new Uint8Array(0);
  const entries = fields.optional(TAG.entries) ?? new Uint8Array(0);
  fields.unknown();
  if (packBytes.length % PACK_BYTES !== 0 || entries.length % ENTRY_BYTES !== 0) {
    throw damaged('an index part is cut short');
  }
  const packs: IndexedPack[] = [];
  for (let at = 0; at < packBytes.length; at += PACK_BYTES) {
    packs.push(decodePack(packBytes.subarray(at, at + PACK_BYTES), self));
  }
  return { packs, entries };
}

function decodePack(bytes: Uint8Array, self: IndexedPack): IndexedPack {
  const blobId = bytes.subarray(0, 32);
  if (bytesEqual(blobId, ZERO_ID)) return self;
  const objectId = bytes.subarray(32, 64);
  const packClass = CLASSES[bytes[68]!];
  if (packClass === undefined) throw damaged('an index part names an unknown class of packs');
  return {
    blobId: blobIdFromBytes(blobId),
    blobObjectId: bytesEqual(objectId, ZERO_ID) ? undefined : (`0x${toHex(objectId)}` as ObjectId),
    sizeBytes: Buffer.from(bytes).readUInt32LE(64),
    packClass,
  };
}

/** The packs table that snapshots share with the index: the same 69 bytes each. */
export const packTable = {
  encode: (packs: readonly (IndexedPack | typeof SELF)[]): Uint8Array =>
    Buffer.concat(packs.map(encodePack)),
  decode(bytes: Uint8Array, self: IndexedPack): IndexedPack[] {
    if (bytes.length % PACK_BYTES !== 0) throw damaged('a table of packs is cut short');
    const packs: IndexedPack[] = [];
    for (let at = 0; at < bytes.length; at += PACK_BYTES) {
      packs.push(decodePack(bytes.subarray(at, at + PACK_BYTES), self));
    }
    return packs;
  },
};

/** What a segment part's seal needs. */
export interface PartSeal {
  readonly codec: ArchiveCodec;
  readonly vaultId: VaultId;
  readonly folderId: FolderId;
  /** The folder key of the epoch that seals, or that the sealed header names. */
  readonly key: Uint8Array;
}

/** Seal a part. Its ID is the keyed hash of its plaintext, like a chunk's. */
export async function sealPart(
  part: SegmentPart,
  seal: PartSeal & { readonly keyEpoch: number; readonly chunkIdKey: Uint8Array },
): Promise<{ readonly id: ChunkId; readonly sealed: Uint8Array }> {
  const id = toHex(seal.codec.keyedBlake3(seal.chunkIdKey, part.plaintext)) as ChunkId;
  const place = hexBytes(id);
  return {
    id,
    sealed: await sealBoundRecord(part.plaintext, { ...seal, purpose: 'index', place }),
  };
}

/** Open the part that a snapshot names `id`. */
export async function openPart(
  sealed: Uint8Array,
  seal: PartSeal & { readonly id: ChunkId },
): Promise<Uint8Array> {
  const place = hexBytes(seal.id);
  const plainBytesMax = PART_BYTES_MAX;
  return openBoundRecord(sealed, { ...seal, purpose: 'index', place, plainBytesMax });
}

/** Several segments as one lookup. Newer segments come first: they say where a chunk lies now. */
export class PackIndex {
  readonly #segments: readonly IndexSegment[];

  constructor(segmentsNewestFirst: readonly IndexSegment[]) {
    this.#segments = segmentsNewestFirst;
  }

  find(id: ChunkId): FoundEntry | undefined {
    for (const segment of this.#segments) {
      const entry = segment.find(id);
      if (entry) return entry;
    }
    return undefined;
  }

  /** Every entry, each once, as the newest segment that names it says. */
  *entries(): Generator<FoundEntry & { readonly id: ChunkId }> {
    const seen = new Set<ChunkId>();
    for (const segment of this.#segments) {
      for (const entry of segment.entries()) {
        if (seen.has(entry.id)) continue;
        seen.add(entry.id);
        yield { id: entry.id, ...found(entry) };
      }
    }
  }

  /** Every pack that any segment names, each once. */
  packs(): IndexedPack[] {
    const packs = new Map<string, IndexedPack>();
    for (const pack of this.#segments.flatMap((segment) => segment.packs)) {
      if (pack !== SELF && !packs.has(packKey(pack))) packs.set(packKey(pack), pack);
    }
    return [...packs.values()];
  }
}

/**
 * One segment of several, the newest first: of two entries with the same ID the newer one stays.
 * `keep` leaves out what nothing names any more.
 */
export function mergeSegments(
  segmentsNewestFirst: readonly IndexSegment[],
  keep: (id: ChunkId) => boolean = () => true,
): IndexSegment {
  const merged = function* (): Generator<IndexEntry> {
    const seen = new Set<ChunkId>();
    for (const segment of segmentsNewestFirst) {
      for (const entry of segment.entries()) {
        if (seen.has(entry.id) || !keep(entry.id)) continue;
        seen.add(entry.id);
        yield entry;
      }
    }
  };
  return IndexSegment.of(merged());
}
