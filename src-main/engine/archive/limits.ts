/**
 * @file How large packs and chunks are, as a function of the network's shard count.
 *
 * Chunk sizes are decided once, when a vault is made, and then stand in its record: other sizes
 * would cut every file anew. Pack sizes follow the network at the time of writing.
 */
import {
  blobBytesMax,
  primarySourceCount,
  secondarySourceCount,
  symbolBytes,
} from '#engine/model/walrus.ts';

const MIB = 1_048_576;

/** 638 bytes a symbol at 1000 shards: the knee where a blob's fixed cost is a tenth of it. */
export const PACK_BYTES_MAX = 135.5 * MIB;
/** Small networks gain nothing from larger packs, and a laptop's memory does. */
const PACK_BYTES_TARGET_SMALL = 32 * MIB;
/** Below this the fixed cost of a blob is small. */
const SMALL_NETWORK_SHARDS = 300;
/** Room for what grows between planning and sealing. */
const BLOB_SHARE_MAX = 0.9;

/** The coder works through 64 bytes of two symbols at a time; 2 less than a multiple is fastest. */
const SYMBOL_MODULUS = 128;
const SYMBOL_REMAINDER = 126;

export const CHUNK_BYTES_MAX = 4 * MIB;
/** Chunk sizes are multiples of this, so that the average and the least are whole numbers. */
const CHUNK_BYTES_STEP = 64;

/** Sizes in plaintext bytes, fixed for the life of a vault. */
export interface ChunkSizes {
  readonly minBytes: number;
  readonly averageBytes: number;
  readonly maxBytes: number;
}

export interface PackLimits {
  /** No pack is larger, footers and trailer included. */
  readonly packBytesMax: number;
  /** Where a pack is closed if there is more to come. */
  readonly packBytesTarget: number;
  /** What a pack can grow to by padding. */
  readonly paddedBytesMax: number;
  readonly chunk: ChunkSizes;
}

/** The limits for a network of `shardCount` shards (design: section 5). */
export function packLimits(shardCount: number): PackLimits {
  const bytesMax = Math.min(PACK_BYTES_MAX, Math.floor(BLOB_SHARE_MAX * blobBytesMax(shardCount)));
  const packBytesMax = Math.min(bytesMax, fastSize(bytesMax, shardCount, 'up'));
  const packBytesTarget =
    shardCount < SMALL_NETWORK_SHARDS
      ? Math.min(packBytesMax, fastSize(PACK_BYTES_TARGET_SMALL, shardCount, 'down'))
      : packBytesMax;
  const chunkQuarter = Math.floor(packBytesMax / 4 / CHUNK_BYTES_STEP) * CHUNK_BYTES_STEP;
  const maxBytes = Math.min(CHUNK_BYTES_MAX, chunkQuarter);
  return {
    packBytesMax,
    packBytesTarget,
    paddedBytesMax: paddedPackBytes(packBytesMax, shardCount),
    chunk: { minBytes: maxBytes / 16, averageBytes: maxBytes / 4, maxBytes },
  };
}

/**
 * What a pack of `sizeBytes` is padded to: a whole number of symbols in every sliver. The network
 * charges for those bytes in any case, and the size then tells only its class.
 */
export function paddedPackBytes(sizeBytes: number, shardCount: number): number {
  return sourceSymbolCount(shardCount) * symbolBytes(sizeBytes, shardCount);
}

/**
 * The largest size with a fast symbol size that is at most `sizeBytes`, or, rounding `up`, whose
 * symbols are at most those of `sizeBytes`. Networks too small for a fast one keep `sizeBytes`.
 */
function fastSize(sizeBytes: number, shardCount: number, rounding: 'up' | 'down'): number {
  const symbols = sourceSymbolCount(shardCount);
  const limit =
    rounding === 'up' ? symbolBytes(sizeBytes, shardCount) : Math.floor(sizeBytes / symbols);
  const fast = limit - ((limit - SYMBOL_REMAINDER) % SYMBOL_MODULUS);
  return limit < SYMBOL_REMAINDER ? sizeBytes : symbols * fast;
}

const sourceSymbolCount = (shardCount: number): number =>
  primarySourceCount(shardCount) * secondarySourceCount(shardCount);
