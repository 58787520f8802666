/**
 * @file What this folder needs of the codec, as functions.
 *
 * Abilities do not know one another: `engine.ts` fills this interface from `engine/codec`. All
 * bytes are those of the protocol (BCS as sent over HTTP), so nothing is converted on the way.
 */
import type { BlobId, ShardIndex, SliverPairIndex } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';

/** Metadata that was parsed once. Its blob ID was computed from its bytes, never copied. */
export interface OpenMetadata {
  readonly blobId: BlobId;
  readonly shardCount: number;
  readonly unencodedLength: number;
  readonly symbolBytes: number;
}

/** One symbol of a sliver with the proof that it belongs to the blob. */
export interface RecoverySymbolClaim {
  /** One element of the BCS vector that a node answers. */
  readonly symbol: Uint8Array;
  /** Row and column that were asked for. */
  readonly primaryIndex: number;
  readonly secondaryIndex: number;
}

export interface SliverCodec {
  /**
   * Parse BCS BlobMetadata and compute its blob ID.
   * Throws `encoding-invalid-input` for bytes that the protocol does not allow.
   */
  openMetadata(metadata: Uint8Array, shardCount: number): OpenMetadata | Promise<OpenMetadata>;

  /**
   * Check a BCS SliverData against the metadata: embedded index, symbol size, length, Merkle root.
   * Throws `encoding-invalid-input` with `context.reason`.
   */
  verifySliver(claim: {
    readonly metadata: OpenMetadata;
    readonly axis: SliverAxis;
    readonly pair: SliverPairIndex;
    readonly sliver: Uint8Array;
  }): Promise<void>;

  /**
   * Rebuild a blob from p verified primary or s verified secondary slivers, and compare what was
   * rebuilt with the metadata. Throws `blob-inconsistent` when the writer encoded it wrongly.
   */
  decodeBlob(
    parts: {
      readonly metadata: OpenMetadata;
      readonly axis: SliverAxis;
      readonly slivers: readonly Uint8Array[];
    },
    options: { readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;

  /** Split the BCS vector of recovery symbols, without judging any of them. */
  splitRecoverySymbols(bcs: Uint8Array): readonly Uint8Array[];

  /**
   * The bytes of a symbol whose Merkle path leads to the metadata, whichever sliver it was taken
   * from. Throws `encoding-invalid-input` for a false proof or another place in the matrix.
   */
  openRecoverySymbol(
    claim: RecoverySymbolClaim & { readonly metadata: OpenMetadata },
  ): Uint8Array | Promise<Uint8Array>;

  shardOfPair(pair: SliverPairIndex, blobId: BlobId, shardCount: number): ShardIndex;
  pairOfShard(shard: ShardIndex, blobId: BlobId, shardCount: number): SliverPairIndex;

  /** BLS12-381 min-pk. Public keys are 96 bytes uncompressed as on chain, signatures 96 bytes. */
  verifySignature(claim: {
    readonly message: Uint8Array;
    readonly signature: Uint8Array;
    readonly publicKey: Uint8Array;
  }): Promise<boolean>;
  verifyAggregateSignature(claim: {
    readonly message: Uint8Array;
    readonly signature: Uint8Array;
    readonly publicKeys: readonly Uint8Array[];
  }): Promise<boolean>;
  /** The point sum. Throws `encoding-invalid-input` if one of them is not a signature. */
  aggregateSignatures(signatures: readonly Uint8Array[]): Promise<Uint8Array>;
}
