/**
 * @file The storage network's vocabulary as the engine uses it. Plain data, no I/O.
 *
 * Numbers and rules are those of the Walrus contracts; see docs/design.md for the terms.
 */
import type { BlobId, Epoch, ObjectId, ShardIndex, SuiAddress } from './ids.ts';

export type SliverAxis = 'primary' | 'secondary';

/** One storage node of a committee. */
export interface StorageNode {
  readonly nodeId: ObjectId;
  /** Position in the on-chain member vector: the bit of the signers bitmap. */
  readonly memberIndex: number;
  readonly name: string;
  /** `host:port` as registered on chain. */
  readonly networkAddress: string;
  /** BLS12-381 public key in G1, 96 bytes uncompressed, as on chain. */
  readonly publicKey: Uint8Array;
  /** P-256 key of the node's TLS certificate, SEC1 compressed, 33 bytes. */
  readonly networkPublicKey: Uint8Array;
  readonly shards: readonly ShardIndex[];
}

/** Who stores which shards in one epoch. Members in on-chain order (ascending node ID). */
export interface Committee {
  readonly epoch: Epoch;
  readonly shardCount: number;
  readonly members: readonly StorageNode[];
}

/** What the chain says about the network now. All of it from one read. */
export interface WalrusSystem {
  readonly epoch: Epoch;
  /** Whether an epoch change is under way (EpochChangeSync). */
  readonly isChangingEpoch: boolean;
  /** Start of the current epoch (EpochChangeDone), else the latest known start. Unix ms. */
  readonly epochStartedAtMs: number;
  readonly epochDurationMs: number;
  readonly epochsAheadMax: number;
  readonly shardCount: number;
  readonly committee: Committee;
  /** The committee of the epoch before; undefined in the first epoch. */
  readonly previousCommittee: Committee | undefined;
  readonly storagePriceFrostPerMib: bigint;
  readonly writePriceFrostPerMib: bigint;
  readonly totalCapacityBytes: bigint;
  readonly usedCapacityBytes: bigint;
  /** Package that defines the object types. */
  readonly typePackageId: ObjectId;
  /** Latest package, for calls. */
  readonly callPackageId: ObjectId;
  /** Full Move type of WAL. */
  readonly walType: string;
}

/** How a blob is stored: for good until its end epoch, or deletable by its owner. */
export type Persistence =
  { readonly kind: 'permanent' } | { readonly kind: 'deletable'; readonly blobObjectId: ObjectId };

/** A Blob object on chain, owned by an account or wrapped in a SharedBlob. */
export interface BlobObject {
  /** Of a shared blob the SharedBlob's, since the Blob inside cannot be named any more. */
  readonly blobObjectId: ObjectId;
  readonly blobId: BlobId;
  readonly owner: SuiAddress | undefined;
  /** Nobody owns it and nobody can delete it; anyone may pay for it. */
  readonly isShared: boolean;
  readonly registeredEpoch: Epoch;
  readonly certifiedEpoch: Epoch | undefined;
  readonly startEpoch: Epoch;
  /** Exclusive. */
  readonly endEpoch: Epoch;
  readonly sizeBytes: number;
  readonly storageSizeBytes: bigint;
  readonly deletable: boolean;
  readonly version: bigint;
}

/** A quorum of confirmations, aggregated. */
export interface Certificate {
  /** Bit i set: committee member i signed. ceil(members / 8) bytes, least significant bit first. */
  readonly signersBitmap: Uint8Array;
  /** The signed bytes, 40 (permanent) or 72 (deletable). */
  readonly message: Uint8Array;
  /** BLS12-381 signature in G2, 96 bytes compressed. */
  readonly signature: Uint8Array;
  readonly epoch: Epoch;
  /** Shards held by the signers. */
  readonly shardWeight: number;
}

/** The number of faulty shards the network tolerates. */
export const faultyShardsMax = (shardCount: number): number => Math.floor((shardCount - 1) / 3);
/** Source symbols of a column: the primary slivers that rebuild a blob. */
export const primarySourceCount = (shardCount: number): number =>
  shardCount - 2 * faultyShardsMax(shardCount);
/** Source symbols of a row: the secondary slivers that rebuild a blob. */
export const secondarySourceCount = (shardCount: number): number =>
  shardCount - faultyShardsMax(shardCount);
/** Whether signers holding `weight` shards make a certificate: the contract's 3w >= 2n + 1. */
export const isQuorum = (weight: number, shardCount: number): boolean =>
  3 * weight >= 2 * shardCount + 1;

/** The largest symbol: u16 rounded down to even. */
export const SYMBOL_BYTES_MAX = 65_534;
/** Storage is priced per started MiB of encoded bytes. */
export const STORAGE_UNIT_BYTES = 1_048_576n;

/** The largest blob that `shardCount` shards can hold. */
export const blobBytesMax = (shardCount: number): number =>
  primarySourceCount(shardCount) * secondarySourceCount(shardCount) * SYMBOL_BYTES_MAX;

/** The symbol size of a blob of `lengthBytes`. */
export function symbolBytes(lengthBytes: number, shardCount: number): number {
  const symbols = primarySourceCount(shardCount) * secondarySourceCount(shardCount);
  const size = Math.ceil(Math.max(lengthBytes, 1) / symbols);
  return size + (size % 2);
}

/** Encoded size used for storage purchase: n((p+s) sym + 64 n + 32). */
export function encodedBytes(lengthBytes: number, shardCount: number): bigint {
  const perShard =
    (primarySourceCount(shardCount) + secondarySourceCount(shardCount)) *
      symbolBytes(lengthBytes, shardCount) +
    64 * shardCount +
    32;
  return BigInt(shardCount) * BigInt(perShard);
}

/** What `bytes` of encoded storage cost for `epochs` epochs. */
export function storageCostFrost(bytes: bigint, epochs: number, priceFrostPerMib: bigint): bigint {
  return storageUnits(bytes) * priceFrostPerMib * BigInt(epochs);
}

/** What registering `bytes` of encoded storage costs once. */
export function writeCostFrost(bytes: bigint, priceFrostPerMib: bigint): bigint {
  return storageUnits(bytes) * priceFrostPerMib;
}

function storageUnits(bytes: bigint): bigint {
  return (bytes + STORAGE_UNIT_BYTES - 1n) / STORAGE_UNIT_BYTES;
}
