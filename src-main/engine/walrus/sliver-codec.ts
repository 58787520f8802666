/**
 * @file What this folder needs of the codec, as functions.
 *
 * Abilities do not know one another: `engine.ts` fills this interface with the functions of the
 * same names in `engine/codec` (rs2.ts and bls.ts). All bytes are those of the protocol (BCS as
 * sent over HTTP), so nothing is converted on the way.
 */
import type { BlobId, ShardIndex, SliverPairIndex } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';

/** Metadata that was parsed once. Its blob ID was computed from its bytes, never copied. */
export interface OpenMetadata {
  readonly blobId: BlobId;
  readonly shardCount: number;
  readonly unencodedLength: number;
  readonly symbolBytes: number;
  /**
   * Check a BCS SliverData: embedded index, symbol size, length, Merkle root.
   * Throws `encoding-invalid-input` with `context.reason`.
   */
  verifySliver(axis: SliverAxis, pair: SliverPairIndex, sliver: Uint8Array): Promise<void>;
}

/** A recovery symbol whose Merkle path leads to the metadata. */
export interface ProvedSymbol {
  /** Axis of the sliver that the symbol helps to rebuild; it was taken from one of the other. */
  readonly targetAxis: SliverAxis;
  readonly sourceIndex: number;
  readonly targetIndex: number;
  /** The bytes where both slivers cross. */
  readonly symbol: Uint8Array;
}

export interface SliverCodec {
  /** Parse BCS BlobMetadata and compute its blob ID. Throws `encoding-invalid-input`. */
  readMetadata(bcs: Uint8Array, shardCount: number): OpenMetadata;

  /**
   * Rebuild a blob from p primary or s secondary slivers and compare what was rebuilt with the
   * metadata. Throws `blob-inconsistent` when the writer encoded it wrongly.
   */
  decodeBlob(
    input: {
      readonly metadata: OpenMetadata;
      readonly axis: SliverAxis;
      readonly slivers: readonly Uint8Array[];
    },
    options: { readonly areVerified: boolean; readonly signal: AbortSignal },
  ): Promise<Uint8Array>;

  /** Cut the BCS vector that a node answers, judging none of it. Throws `encoding-invalid-input`. */
  splitRecoverySymbols(bcs: Uint8Array, shardCount: number): readonly Uint8Array[];
  /** Check one BCS recovery symbol against the metadata. Throws `encoding-invalid-input`. */
  verifyRecoverySymbol(metadata: OpenMetadata, bcs: Uint8Array): ProvedSymbol;

  shardOfPair(pair: SliverPairIndex, blobId: BlobId, shardCount: number): ShardIndex;
  pairOfShard(shard: ShardIndex, blobId: BlobId, shardCount: number): SliverPairIndex;

  /** BLS12-381 min-pk. Public keys are 96 bytes uncompressed as on chain, signatures 96 bytes. */
  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): Promise<boolean>;
  verifyAggregate(
    publicKeys: readonly Uint8Array[],
    message: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean>;
  /** The point sum. Throws `encoding-invalid-input` if one of them is not a signature. */
  aggregate(signatures: readonly Uint8Array[]): Uint8Array;
}
