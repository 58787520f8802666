/**
 * @file RS2, the erasure code of Walrus: blobs to slivers and back, metadata, blob IDs.
 *
 * The terms are those of the protocol. A blob becomes `shardCount` sliver pairs; pair k holds
 * primary sliver k and secondary sliver shardCount - 1 - k. Any p primary or any s secondary
 * slivers give the blob back (`primarySourceCount`, `secondarySourceCount` in engine/model).
 * Slivers and metadata are the BCS bytes that storage nodes take and give, without copies of their
 * fields: whoever needs one asks for it here.
 *
 * Everything that comes from outside is refused with `encoding-invalid-input` and a
 * `context.reason` in {bcs, index, symbol-size, length, merkle, ...}.
 */
import {
  computeBlobMetadata as nativeComputeBlobMetadata,
  encodeBlob as nativeEncodeBlob,
  EncoderMemory,
  Metadata,
  pairOfShard as nativePairOfShard,
  shardOfPair as nativeShardOfPair,
  splitRecoverySymbols as nativeSplitRecoverySymbols,
} from '#native';
import { EngineError } from '../model/engine-error.ts';
import {
  blobIdFromBytes,
  blobIdToBytes,
  shardIndex,
  sliverPairIndex,
  type BlobId,
  type ShardIndex,
  type SliverPairIndex,
} from '../model/ids.ts';
import type { SliverAxis } from '../model/walrus.ts';
import { callNative, runNative } from './native-call.ts';

const HASH_BYTES = 32;
const AXIS_NUMBERS = { primary: 0, secondary: 1 } as const;

/** What the metadata of a blob says. */
export interface BlobMetadata {
  readonly blobId: BlobId;
  /** 32 bytes. */
  readonly rootHash: Uint8Array;
  /** The blob's length in bytes. */
  readonly unencodedLength: number;
  readonly symbolBytes: number;
  readonly shardCount: number;
}

/** Metadata that was parsed once and is used for many slivers: 66 kB of hashes at 1000 shards. */
export interface ParsedMetadata extends BlobMetadata {
  /** BCS BlobMetadata: what is stored on nodes. */
  readonly bcs: Uint8Array;
  /** The hashes of each pair, in pair order. */
  hashPairs(): readonly SliverHashes[];
  /**
   * Check the BCS SliverData of `pair` on `axis`: index, symbol size, length, Merkle root.
   *
   * Throws `encoding-invalid-input` with `context.reason` in {bcs, index, symbol-size, length,
   * merkle}.
   */
  verifySliver(axis: SliverAxis, pair: SliverPairIndex, sliver: Uint8Array): Promise<void>;
  /** The native handle, for this folder only. */
  readonly native: Metadata;
}

export interface SliverHashes {
  readonly primary: Uint8Array;
  readonly secondary: Uint8Array;
}

/** An encoded blob. Holds about 3.5 times the blob's size until it is released. */
export interface EncodedBlob extends BlobMetadata {
  /** BCS BlobMetadata: what is sent to nodes. */
  readonly metadata: Uint8Array;
  /** The parsed form of the same. */
  readonly parsed: ParsedMetadata;
  /** The BCS SliverData that `pair` holds on `axis`, made on demand. */
  sliver(pair: SliverPairIndex, axis: SliverAxis): Uint8Array;
  /** The same, into memory of the caller that is large enough. Gives the bytes written. */
  sliverInto(pair: SliverPairIndex, axis: SliverAxis, out: Uint8Array): number;
  /** Give the memory back. `sliver` throws afterwards. */
  release(): void;
}

/**
 * The memory of a released blob, for the next one that is encoded with it: about 3.5 times the
 * blob, which the system would have to clear each time. `release` gives it back.
 */
export { EncoderMemory };

/**
 * Encode a blob on all cores.
 *
 * `payload` is not copied: it must not change until `release`. Throws `blob-too-large`.
 */
export async function encodeBlob(
  payload: Uint8Array,
  shardCount: number,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly memory?: EncoderMemory | undefined;
  } = {},
): Promise<EncodedBlob> {
  const encoded = await runNative(
    (cancellation) => nativeEncodeBlob(payload, shardCount, cancellation, options.memory),
    options.signal,
  );
  const parsed = wrapMetadata(encoded.metadata);
  return {
    blobId: parsed.blobId,
    rootHash: parsed.rootHash,
    unencodedLength: parsed.unencodedLength,
    symbolBytes: parsed.symbolBytes,
    shardCount: parsed.shardCount,
    metadata: parsed.bcs,
    parsed,
    sliver: (pair, axis) => callNative(() => encoded.sliver(AXIS_NUMBERS[axis], pair)),
    sliverInto: (pair, axis, out) =>
      callNative(() => encoded.sliverInto(AXIS_NUMBERS[axis], pair, out)),
    release: () => {
      encoded.release();
    },
  };
}

/**
 * Compute what encoding would commit to, in less time and memory. Throws `blob-too-large`.
 */
export async function computeBlobMetadata(
  payload: Uint8Array,
  shardCount: number,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ParsedMetadata> {
  return wrapMetadata(
    await runNative(
      (cancellation) => nativeComputeBlobMetadata(payload, shardCount, cancellation),
      options.signal,
    ),
  );
}

/** Parse BCS BlobMetadata and compute the blob ID it gives. Throws `encoding-invalid-input`. */
export function readMetadata(bcs: Uint8Array, shardCount: number): ParsedMetadata {
  return wrapMetadata(callNative(() => Metadata.parse(bcs, shardCount)));
}

/**
 * Parse BCS BlobMetadata that must be that of `blobId`. Throws `encoding-invalid-input`, with
 * `context.reason` `blob-id` when it is the metadata of another blob.
 */
export function openVerifiedMetadata(
  bcs: Uint8Array,
  shardCount: number,
  blobId: BlobId,
): ParsedMetadata {
  const metadata = readMetadata(bcs, shardCount);
  if (metadata.blobId !== blobId) {
    throw new EngineError('encoding-invalid-input', 'the metadata is that of another blob', {
      context: { reason: 'blob-id', expected: blobId, found: metadata.blobId },
    });
  }
  return metadata;
}

function wrapMetadata(native: Metadata): ParsedMetadata {
  return {
    blobId: blobIdFromBytes(native.blobId),
    rootHash: native.rootHash,
    unencodedLength: native.unencodedLength,
    symbolBytes: native.symbolBytes,
    shardCount: native.shardCount,
    bcs: native.toBcs(),
    hashPairs: () => splitHashPairs(native.hashPairs()),
    verifySliver: (axis, pair, sliver) =>
      runNative(() => native.verifySliver(AXIS_NUMBERS[axis], pair, sliver)),
    native,
  };
}

function splitHashPairs(bytes: Uint8Array): SliverHashes[] {
  return Array.from({ length: bytes.length / (2 * HASH_BYTES) }, (_, pair) => {
    const start = pair * 2 * HASH_BYTES;
    return {
      primary: bytes.subarray(start, start + HASH_BYTES),
      secondary: bytes.subarray(start + HASH_BYTES, start + 2 * HASH_BYTES),
    };
  });
}

/** Check one sliver against metadata in BCS. For many slivers of one blob use `readMetadata`. */
export async function verifySliver(input: {
  readonly metadata: Uint8Array;
  readonly shardCount: number;
  readonly axis: SliverAxis;
  readonly pair: SliverPairIndex;
  readonly sliver: Uint8Array;
}): Promise<void> {
  const metadata = readMetadata(input.metadata, input.shardCount);
  await metadata.verifySliver(input.axis, input.pair, input.sliver);
}

export interface DecodeOptions {
  /**
   * What is compared after decoding. `default`: the hashes of the systematic primary slivers, so
   * that all who read read the same or nothing. `strict`: the blob is encoded again and must give
   * its blob ID.
   */
  readonly consistency?: 'default' | 'strict' | undefined;
  /** Every sliver has passed `verifySliver`, so the default check need not hash it again. */
  readonly areVerified?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Rebuild a blob from BCS slivers of one axis: any p primary or any s secondary ones. More of
 * them, and repeated ones, do no harm.
 *
 * Throws `slivers-insufficient`, `encoding-invalid-input` for a sliver of the wrong shape, and
 * `blob-inconsistent` when the result is not what the metadata commits to; with unverified slivers
 * that may be a bad sliver's fault.
 */
export async function decodeBlob(
  input: {
    readonly metadata: ParsedMetadata;
    readonly axis: SliverAxis;
    readonly slivers: readonly Uint8Array[];
  },
  options: DecodeOptions = {},
): Promise<Uint8Array> {
  return await runNative(
    (cancellation) =>
      input.metadata.native.decode(
        AXIS_NUMBERS[input.axis],
        [...input.slivers],
        options.consistency === 'strict',
        options.areVerified === true,
        cancellation,
      ),
    options.signal,
  );
}

/**
 * The BCS recovery symbols that the holder of one sliver gives for slivers `targets` (sliver
 * indices) of the other axis, each with its Merkle path.
 *
 * Throws `encoding-invalid-input` when the sliver is not that of the metadata.
 */
export async function recoverySymbols(input: {
  readonly metadata: ParsedMetadata;
  /** The axis of `sliver`. */
  readonly axis: SliverAxis;
  readonly sliver: Uint8Array;
  readonly targets: readonly number[];
}): Promise<Uint8Array[]> {
  return await runNative(() =>
    input.metadata.native.giveSymbols(
      AXIS_NUMBERS[input.axis],
      input.sliver,
      [...input.targets],
      true,
    ),
  );
}

/** As `recoverySymbols`, without target and path: BCS decoding symbols. */
export async function decodingSymbols(
  input: Parameters<typeof recoverySymbols>[0],
): Promise<Uint8Array[]> {
  return await runNative(() =>
    input.metadata.native.giveSymbols(
      AXIS_NUMBERS[input.axis],
      input.sliver,
      [...input.targets],
      false,
    ),
  );
}

/** A recovery symbol whose Merkle path leads to the metadata. */
export interface VerifiedRecoverySymbol {
  /** Axis of the sliver that it helps to rebuild. */
  readonly targetAxis: SliverAxis;
  /** Index of the sliver of the other axis that it was taken from. */
  readonly sourceIndex: number;
  /** Index of the sliver that it helps to rebuild. */
  readonly targetIndex: number;
  /** The bytes where both slivers cross. */
  readonly symbol: Uint8Array;
}

/**
 * Check a BCS recovery symbol against the metadata, and read it. Throws `encoding-invalid-input`.
 */
export function verifyRecoverySymbol(
  metadata: ParsedMetadata,
  bcs: Uint8Array,
): VerifiedRecoverySymbol {
  const opened = callNative(() => metadata.native.openRecoverySymbol(bcs));
  return {
    ...opened,
    targetAxis: opened.targetAxis === AXIS_NUMBERS.primary ? 'primary' : 'secondary',
  };
}

/**
 * Cut the BCS vector of recovery symbols that a node answers into its elements, without judging
 * any. Throws `encoding-invalid-input`.
 */
export function splitRecoverySymbols(bcs: Uint8Array, shardCount: number): Uint8Array[] {
  return callNative(() => nativeSplitRecoverySymbols(bcs, shardCount));
}

export type RecoveredSliver =
  /** BCS SliverData with the hash of the metadata. */
  | { readonly kind: 'recovered'; readonly sliver: Uint8Array }
  /** The symbols are right and rebuild another sliver. The BCS proof convinces anybody. */
  | { readonly kind: 'inconsistent'; readonly proof: Uint8Array };

/**
 * Rebuild the sliver of `pair` on `axis` from BCS symbols of slivers of the other axis: s symbols
 * for a primary sliver, p for a secondary one.
 *
 * With `kind` `decoding` the symbols carry no path and an inconsistent result throws
 * `encoding-invalid-input` (reason merkle). Throws `slivers-insufficient`.
 */
export async function recoverSliver(input: {
  readonly metadata: ParsedMetadata;
  readonly axis: SliverAxis;
  readonly pair: SliverPairIndex;
  readonly symbols: readonly Uint8Array[];
  readonly kind?: 'recovery' | 'decoding' | undefined;
}): Promise<RecoveredSliver> {
  const { isConsistent, bytes } = await runNative(() =>
    input.metadata.native.recoverSliver(
      AXIS_NUMBERS[input.axis],
      input.pair,
      [...input.symbols],
      input.kind !== 'decoding',
    ),
  );
  return isConsistent
    ? { kind: 'recovered', sliver: bytes }
    : { kind: 'inconsistent', proof: bytes };
}

/**
 * Check a BCS proof that a sliver of `axis` cannot be rebuilt consistently.
 *
 * Throws `encoding-invalid-input`, with `context.reason` `proof-shows-nothing` when it can.
 */
export async function verifyInconsistencyProof(
  metadata: ParsedMetadata,
  axis: SliverAxis,
  proof: Uint8Array,
): Promise<void> {
  await runNative(() => metadata.native.verifyInconsistencyProof(AXIS_NUMBERS[axis], proof));
}

/** The shard that stores `pair` of the blob. */
export function shardOfPair(pair: SliverPairIndex, blobId: BlobId, shardCount: number): ShardIndex {
  return shardIndex(callNative(() => nativeShardOfPair(pair, blobIdToBytes(blobId), shardCount)));
}

/** The pair of the blob that `shard` stores. */
export function pairOfShard(
  shard: ShardIndex,
  blobId: BlobId,
  shardCount: number,
): SliverPairIndex {
  return sliverPairIndex(
    callNative(() => nativePairOfShard(shard, blobIdToBytes(blobId), shardCount)),
  );
}

/** The sliver index that `pair` holds on `axis`: secondary slivers run backwards. */
export function sliverIndexOf(pair: SliverPairIndex, axis: SliverAxis, shardCount: number): number {
  return axis === 'primary' ? pair : shardCount - 1 - pair;
}

/** The pair that holds sliver `index` of `axis`. */
export function pairOfSliver(index: number, axis: SliverAxis, shardCount: number): SliverPairIndex {
  return sliverPairIndex(axis === 'primary' ? index : shardCount - 1 - index);
}
