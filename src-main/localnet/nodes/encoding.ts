/**
 * @file What storage nodes ask of the erasure code, and where it puts things.
 *
 * One `Encoding` per process: parsed metadata is kept for the blobs in use, whichever node asks,
 * since it is checked against the blob ID and therefore the same everywhere. Heavy calls run
 * off-thread, as many at a time as there are processors.
 */
import type { BlobId } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';

/** Parsed metadata that matches its blob ID. */
export interface VerifiedMetadata {
  readonly blobId: BlobId;
  readonly unencodedLength: number;
  readonly symbolBytes: number;
}

/** Sizes that follow from the number of shards. */
export interface EncodingShape {
  readonly shardCount: number;
  /** Rows of the blob's matrix: any that many primary slivers rebuild it. */
  readonly primarySourceCount: number;
  /** Columns of the blob's matrix. */
  readonly secondarySourceCount: number;
}

/** Largest symbol: a u16 rounded down to an even number. */
export const SYMBOL_BYTES_MAX = 65_534;

export function encodingShape(shardCount: number): EncodingShape {
  const faulty = Math.floor((shardCount - 1) / 3);
  return {
    shardCount,
    primarySourceCount: shardCount - 2 * faulty,
    secondarySourceCount: shardCount - faulty,
  };
}

/** Symbols in a sliver of the axis. */
export function symbolsPerSliver(shape: EncodingShape, axis: SliverAxis): number {
  return axis === 'primary' ? shape.secondarySourceCount : shape.primarySourceCount;
}

/** How many symbols rebuild a sliver of the axis: as many as it has. */
export const symbolsToRecover = symbolsPerSliver;

export function blobBytesMax(shape: EncodingShape): number {
  return shape.primarySourceCount * shape.secondarySourceCount * SYMBOL_BYTES_MAX;
}

/** The pair of a sliver, by its own index. Secondary slivers run backwards. */
export function pairOfSliver(shape: EncodingShape, axis: SliverAxis, sliverIndex: number): number {
  return axis === 'primary' ? sliverIndex : shape.shardCount - 1 - sliverIndex;
}

/** The index of a pair's sliver on an axis. The same reflection. */
export const sliverOfPair = pairOfSliver;

/** The shard of a pair of a blob. Pairs beyond the last wrap around, as on real nodes. */
export function shardOfPair(shape: EncodingShape, blobId: BlobId, pair: number): number {
  return (pair + rotation(blobId, shape.shardCount)) % shape.shardCount;
}

/** The pair of a blob that a shard stores. */
export function pairOfShard(shape: EncodingShape, blobId: BlobId, shard: number): number {
  const { shardCount } = shape;
  return (shardCount + shard - rotation(blobId, shardCount)) % shardCount;
}

/** The blob ID as one big-endian number, modulo the number of shards. */
function rotation(blobId: BlobId, shardCount: number): number {
  let remainder = 0;
  for (const byte of Buffer.from(blobId, 'base64url')) {
    remainder = (remainder * 256 + byte) % shardCount;
  }
  return remainder;
}

export function otherAxis(axis: SliverAxis): SliverAxis {
  return axis === 'primary' ? 'secondary' : 'primary';
}

/** A symbol with its proof, as nodes send it: BCS of the general form. */
export type RecoverySymbolBytes = Uint8Array;

export interface Encoding {
  readonly shape: EncodingShape;
  /**
   * Parse metadata. `undefined` when it is not that of the blob. The caller has checked the
   * outline (wire.ts), so nothing else can be wrong.
   */
  openMetadata(blobId: BlobId, bytes: Uint8Array): VerifiedMetadata | undefined;
  /** Metadata that was opened lately, without reading it again. */
  openedMetadata(blobId: BlobId): VerifiedMetadata | undefined;
  /** Whether a sliver of the right length is the one that the metadata names. */
  matchesMerkleRoot(
    metadata: VerifiedMetadata,
    axis: SliverAxis,
    pair: number,
    sliver: Uint8Array,
  ): Promise<boolean>;
  /** Symbols of one sliver for slivers of the other axis, with proofs, in the order asked for. */
  recoverySymbols(
    metadata: VerifiedMetadata,
    sourceAxis: SliverAxis,
    sliver: Uint8Array,
    targetIndices: readonly number[],
  ): Promise<readonly RecoverySymbolBytes[]>;
  /** Whether a symbol's proof holds and it helps to rebuild the sliver of the axis. */
  isSymbolGenuine(
    metadata: VerifiedMetadata,
    targetAxis: SliverAxis,
    targetIndex: number,
    symbol: RecoverySymbolBytes,
  ): Promise<boolean>;
  /** Rebuild a sliver from genuine symbols. */
  recoverSliver(
    metadata: VerifiedMetadata,
    axis: SliverAxis,
    pair: number,
    symbols: readonly RecoverySymbolBytes[],
  ): Promise<RecoveredSliver>;
  /**
   * Rebuild the whole blob from genuine primary slivers, and give any of its slivers. Undefined
   * when what comes out is not the blob: it was encoded wrongly.
   */
  reencode(
    metadata: VerifiedMetadata,
    primarySlivers: readonly Uint8Array[],
  ): Promise<ReencodedBlob | undefined>;
  /** Undefined when the proof holds, else why not. */
  checkInconsistencyProof(
    metadata: VerifiedMetadata,
    axis: SliverAxis,
    proof: Uint8Array,
  ): Promise<string | undefined>;
}

export type RecoveredSliver =
  | { readonly kind: 'recovered'; readonly sliver: Uint8Array }
  | { readonly kind: 'too-few-symbols' }
  /** The symbols are proven, yet the sliver is not the metadata's: BCS of the proof. */
  | { readonly kind: 'inconsistent'; readonly proof: Uint8Array };

export interface ReencodedBlob {
  sliver(pair: number, axis: SliverAxis): Uint8Array;
  release(): void;
}
