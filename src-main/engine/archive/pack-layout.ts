/**
 * @file The layout of a pack: what pack-writer.ts and pack-reader.ts share.
 *
 *     ┌──────────┬─────┬──────────┬─────────┬──────────┬─────┬──────────┬─────────┐
 *     │ sealed 0 │ ... │ sealed n │ padding │ footer 0 │ ... │ footer m │ trailer │
 *     └──────────┴─────┴──────────┴─────────┴──────────┴─────┴──────────┴─────────┘
 *                                   zeros    sealed, one per folder       in clear
 *
 *     trailer = u32 footer size for each footer | u32 size of all footers
 *             | u32 where the padding begins | u16 footers | u8 class | u8 version | "floepack"
 *
 * Footers come last because only then are all places known; the trailer ends the pack so that a
 * reader finds the footers from the end. Each folder's footer is sealed under that folder's key, so
 * disclosing one folder discloses nothing of another; what belongs to the vault (snapshots) is
 * listed in a footer under the vault key. A footer authenticates the position of each of its
 * entries, the extent of all of them and the pack's class.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { ChunkId } from '#engine/model/ids.ts';
import {
  ByteReader,
  ByteWriter,
  damaged,
  encodeRecord,
  hexBytes,
  readRecord,
  varintBytes,
  toHex,
} from './encoding.ts';

/** What lies at a place in a pack. Numbers as stored. */
export const ENTRY_KIND = {
  /** A piece of a file's content, sealed as a chunk. */
  chunk: 1,
  /** A tree node, sealed as a chunk. */
  tree: 2,
  /** A piece of a content list, sealed as a chunk. */
  contentList: 3,
  /** A part of a pack index segment, sealed as a record. */
  index: 4,
  /** A snapshot, sealed as a record under the vault key. */
  snapshot: 5,
  /** A snapshot that was moved here as it was: what it says of its own pack index is out of date. */
  movedSnapshot: 6,
  /** In a pack index only: a snapshot that was forgotten. Names no place. */
  forgottenSnapshot: 7,
} as const;

/** A stored kind. Newer releases may add some; a reader passes over those it doesn't know. */
export type EntryKind = number;
const ENTRY_KIND_MAX = 15;

/** Whether the pack's blob can be deleted by its owner, or stays until its end epoch. */
export type PackClass = 'deletable' | 'permanent';
const PACK_CLASSES: readonly PackClass[] = ['deletable', 'permanent'];

/** Where sealed bytes lie in a pack. */
export interface EntryPlace {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** One line of a footer. */
export interface PackedEntry extends EntryPlace {
  readonly kind: EntryKind;
  /** Keyed BLAKE3 of the plaintext, as hex; for a snapshot its snapshot ID. */
  readonly id: ChunkId;
}

const MAGIC = Buffer.from('floepack', 'ascii');
const TRAILER_VERSION = 1;
const ID_BYTES = 32;
export const TRAILER_FIXED_BYTES = 4 + 4 + 2 + 1 + 1 + MAGIC.length;
export const TRAILER_SEGMENT_BYTES = 4;
/**
 * Entries a pack has at most, so that its footers are read in bounded memory. Data stops somewhat
 * earlier: what ends a commit must still fit.
 */
export const PACK_ENTRIES_MAX = 262_144;
export const PACK_ENTRIES_TARGET = 250_000;
/** A pack gathers the changes of several folders, not of a crowd. */
export const PACK_FOOTERS_MAX = 1024;
/** Record version and the field that holds the lines: tag, and at most four bytes of length. */
export const FOOTER_FIXED_BYTES = 1 + 1 + 4;
const FOOTER_ENTRIES_TAG = 1;
/** A line of a footer at least: two varints and the ID. */
const FOOTER_LINE_BYTES_MIN = 2 + ID_BYTES;
/** A line with the longest gap and size that a pack can have. */
export const FOOTER_LINE_BYTES_MAX = 6 + 5 + ID_BYTES;
/** A footer's plaintext. */
export const FOOTER_BYTES_MAX = FOOTER_FIXED_BYTES + PACK_ENTRIES_MAX * FOOTER_LINE_BYTES_MAX;

/** The bytes a footer line takes. `gapBytes` lies between this entry and the folder's last one. */
export function footerLineBytes(gapBytes: number, kind: EntryKind, sizeBytes: number): number {
  return varintBytes(gapBytes * (ENTRY_KIND_MAX + 1) + kind) + varintBytes(sizeBytes) + ID_BYTES;
}

/** A footer's plaintext. Entries in the order of their offsets, without overlap. */
export function encodeFooter(entries: readonly PackedEntry[]): Uint8Array {
  const lines = new ByteWriter(entries.length * 42 + 1);
  let end = 0;
  for (const entry of entries) {
    lines.varint((entry.offsetBytes - end) * (ENTRY_KIND_MAX + 1) + entry.kind);
    lines.varint(entry.sizeBytes).bytes(hexBytes(entry.id));
    end = entry.offsetBytes + entry.sizeBytes;
  }
  return encodeRecord([{ tag: FOOTER_ENTRIES_TAG, value: lines.finish() }]);
}

/** The entries of a footer. `contentBytes` is where the padding begins: no entry ends after it. */
export function decodeFooter(plaintext: Uint8Array, contentBytes: number): PackedEntry[] {
  const fields = readRecord(plaintext, 'a footer');
  const reader = fields.reader(FOOTER_ENTRIES_TAG);
  fields.unknown();
  const entries: PackedEntry[] = [];
  let end = 0;
  while (reader.remaining > 0) {
    if (reader.remaining < FOOTER_LINE_BYTES_MIN) throw damaged('a footer is cut short');
    if (entries.length === PACK_ENTRIES_MAX) throw damaged('a footer has too many lines');
    const gapAndKind = reader.varint();
    const kind = gapAndKind % (ENTRY_KIND_MAX + 1);
    const offsetBytes = end + Math.floor(gapAndKind / (ENTRY_KIND_MAX + 1));
    const sizeBytes = reader.varint();
    end = offsetBytes + sizeBytes;
    if (kind === 0 || sizeBytes === 0 || end > contentBytes) {
      throw damaged('a footer names a place outside its pack');
    }
    entries.push({ kind, id: toHex(reader.bytes(ID_BYTES)) as ChunkId, offsetBytes, sizeBytes });
  }
  return entries;
}

/** What binds a footer to its pack: the pack's class and the extent of its entries. */
export function footerPlace(pack: {
  readonly packClass: PackClass;
  readonly contentBytes: number;
}): Uint8Array {
  return new ByteWriter(5).u8(PACK_CLASSES.indexOf(pack.packClass)).u32(pack.contentBytes).finish();
}

/** What the trailer says. */
export interface Trailer {
  readonly packClass: PackClass;
  /** Where the padding begins. */
  readonly contentBytes: number;
  readonly footerSizesBytes: readonly number[];
}

export function encodeTrailer(trailer: Trailer): Uint8Array {
  const { footerSizesBytes } = trailer;
  const writer = new ByteWriter(trailerBytes(footerSizesBytes.length));
  for (const size of footerSizesBytes) writer.u32(size);
  return writer
    .u32(footerSizesBytes.reduce((sum, size) => sum + size, 0))
    .u32(trailer.contentBytes)
    .u16(footerSizesBytes.length)
    .u8(PACK_CLASSES.indexOf(trailer.packClass))
    .u8(TRAILER_VERSION)
    .bytes(MAGIC)
    .finish();
}

/** The size of a trailer that tells of `footerCount` footers. */
export const trailerBytes = (footerCount: number): number =>
  TRAILER_FIXED_BYTES + footerCount * TRAILER_SEGMENT_BYTES;

interface TrailerEnd {
  readonly footersBytes: number;
  readonly contentBytes: number;
  readonly footerCount: number;
  readonly packClass: PackClass;
}

/**
 * The fixed end of a trailer, which says how long all of it is. `packBytes` is the pack's size.
 * Throws `pack-damaged` for what is no pack, `format-unknown` for a newer one.
 */
export function decodeTrailerEnd(fixed: Uint8Array, packBytes: number): TrailerEnd {
  const reader = new ByteReader(fixed, "a pack's trailer");
  const footersBytes = reader.u32();
  const contentBytes = reader.u32();
  const footerCount = reader.u16();
  const packClass = PACK_CLASSES[reader.u8()];
  const version = reader.u8();
  if (!MAGIC.equals(reader.bytes(MAGIC.length))) throw damaged('this is no pack');
  reader.end();
  if (version !== TRAILER_VERSION) {
    throw new EngineError('format-unknown', `a pack of version ${String(version)}`);
  }
  const isPossible =
    packClass !== undefined &&
    footerCount <= PACK_FOOTERS_MAX &&
    contentBytes + footersBytes + trailerBytes(footerCount) <= packBytes;
  if (!isPossible) throw damaged("a pack's trailer contradicts its size");
  return { footersBytes, contentBytes, footerCount, packClass };
}

/** The sizes of the footers from the variable part of a trailer. */
export function decodeFooterSizes(bytes: Uint8Array, footersBytes: number): number[] {
  const reader = new ByteReader(bytes, "a pack's trailer");
  const sizes: number[] = [];
  while (reader.remaining > 0) sizes.push(reader.u32());
  if (sizes.reduce((sum, size) => sum + size, 0) !== footersBytes) {
    throw damaged("a pack's trailer contradicts itself");
  }
  return sizes;
}
