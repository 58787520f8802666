/**
 * @file What the native addon offers, kept by hand beside native/binding.
 *
 * Callers use src-main/engine/codec (bytes) and src-main/platform (the system) instead, which give
 * errors their type. Every message is `code: sentence`. An axis is 0 (primary) or 1 (secondary).
 * Bytes given to a promise must not change until it settles; bytes given to `encodeBlob` must not
 * change until `release`.
 */

export declare class Cancellation {
  constructor();
  /** Work that was given this stops at its next batch and fails with `cancelled`. */
  cancel(): void;
}

export declare class Metadata {
  private constructor();
  static parse(bcs: Uint8Array, shardCount: number): Metadata;
  readonly blobId: Uint8Array;
  readonly rootHash: Uint8Array;
  readonly unencodedLength: number;
  readonly symbolBytes: number;
  readonly shardCount: number;
  toBcs(): Uint8Array;
  /** For each pair in order 32 bytes primary, 32 bytes secondary. */
  hashPairs(): Uint8Array;
  verifySliver(axis: number, pair: number, sliver: Uint8Array): Promise<void>;
  decode(
    axis: number,
    slivers: Uint8Array[],
    isStrict: boolean,
    isVerified: boolean,
    cancellation?: Cancellation,
  ): Promise<Uint8Array>;
  giveSymbols(
    sourceAxis: number,
    sliver: Uint8Array,
    targets: number[],
    withProof: boolean,
  ): Promise<Uint8Array[]>;
  openRecoverySymbol(bcs: Uint8Array): {
    targetAxis: number;
    sourceIndex: number;
    targetIndex: number;
    symbol: Uint8Array;
  };
  recoverSliver(
    axis: number,
    pair: number,
    symbols: Uint8Array[],
    withProof: boolean,
  ): Promise<{ isConsistent: boolean; bytes: Uint8Array }>;
  verifyInconsistencyProof(targetAxis: number, proof: Uint8Array): Promise<void>;
}

export declare class EncodedBlob {
  private constructor();
  readonly metadata: Metadata;
  sliver(axis: number, pair: number): Uint8Array;
  /** Into memory of the caller; gives the bytes written. */
  sliverInto(axis: number, pair: number, out: Uint8Array): number;
  release(): void;
}

/** Memory of an encoded blob that was released, kept for the next one. */
export declare class EncoderMemory {
  constructor();
  release(): void;
}
export declare function encodeBlob(
  blob: Uint8Array,
  shardCount: number,
  cancellation?: Cancellation,
  memory?: EncoderMemory,
): Promise<EncodedBlob>;
export declare function computeBlobMetadata(
  blob: Uint8Array,
  shardCount: number,
  cancellation?: Cancellation,
): Promise<Metadata>;
export declare function splitRecoverySymbols(bcs: Uint8Array, shardCount: number): Uint8Array[];
export declare function shardOfPair(pair: number, blobId: Uint8Array, shardCount: number): number;
export declare function pairOfShard(shard: number, blobId: Uint8Array, shardCount: number): number;

export interface BlsPublicKey {
  /** 48 bytes. */
  compressed: Uint8Array;
  /** 96 bytes, as on chain. */
  uncompressed: Uint8Array;
}
export declare function blsSecretKey(seed: Uint8Array): Uint8Array;
export declare function blsPublicKey(secretKey: Uint8Array): BlsPublicKey;
export declare function blsPublicKeyForms(publicKey: Uint8Array): BlsPublicKey;
export declare function blsSign(secretKey: Uint8Array, message: Uint8Array): Uint8Array;
export declare function blsVerify(
  publicKeys: Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean>;
export declare function blsAggregate(signatures: Uint8Array[]): Uint8Array;
export declare function blsAggregatePublicKeys(publicKeys: Uint8Array[]): BlsPublicKey;

export interface CutChunks {
  /** Chunks per file. */
  counts: Uint32Array;
  /** Offset and length of each chunk. */
  ranges: Uint32Array;
  /** 32 bytes for each chunk. */
  ids: Uint8Array;
}
export declare class Chunker {
  constructor(
    minBytes: number,
    averageBytes: number,
    maxBytes: number,
    gearKey: Uint8Array,
    idKey: Uint8Array,
  );
  cutFiles(
    bytes: Uint8Array,
    lengths: Uint32Array,
    cancellation?: Cancellation,
  ): Promise<CutChunks>;
  cutStream(bytes: Uint8Array, isLast: boolean, cancellation?: Cancellation): Promise<CutChunks>;
}

export interface ChunkOwner {
  vaultId: Uint8Array;
  folderId: Uint8Array;
}
/** Seals into `out`, each piece in a place of its length and 82 bytes. Gives the sealed lengths. */
export declare function sealChunksInto(
  bytes: Uint8Array,
  ranges: Uint32Array,
  ids: Uint8Array,
  nonces: Uint8Array,
  owner: ChunkOwner,
  keyEpoch: number,
  folderKey: Uint8Array,
  level: number,
  out: Uint8Array,
  cancellation?: Cancellation,
): Promise<Uint32Array>;
/**
 * Opens chunks that lie in `bytes`, their contents one behind the other into `out`. Of each piece:
 * offset, sealed length, plain length, which of the keys. Gives an empty text for each that opened.
 */
export declare function openChunksInto(
  bytes: Uint8Array,
  pieces: Uint32Array,
  ids: Uint8Array,
  owner: ChunkOwner,
  folderKeys: Uint8Array[],
  out: Uint8Array,
  cancellation?: Cancellation,
): Promise<string[]>;
export declare function openChunk(
  sealed: Uint8Array,
  id: Uint8Array,
  owner: ChunkOwner,
  folderKey: Uint8Array,
  plainBytesMax: number,
): Promise<Uint8Array>;
export declare function sealedKeyEpoch(sealed: Uint8Array): number;
export declare function sealRecord(
  body: Uint8Array,
  purpose: string,
  associated: Uint8Array,
  keyEpoch: number,
  key: Uint8Array,
  nonce: Uint8Array,
  level: number,
): Promise<Uint8Array>;
export declare function openRecord(
  sealed: Uint8Array,
  purpose: string,
  associated: Uint8Array,
  key: Uint8Array,
  plainBytesMax: number,
): Promise<Uint8Array>;
export declare function recordCommitment(key: Uint8Array, purpose: string): Uint8Array;

export declare function blake3(bytes: Uint8Array): Uint8Array;
export declare function keyedBlake3(key: Uint8Array, bytes: Uint8Array): Uint8Array;
export declare function blake2b256(bytes: Uint8Array): Uint8Array;
export declare function argon2id(
  passphrase: Uint8Array,
  salt: Uint8Array,
  memoryKib: number,
  iterations: number,
  lanes: number,
  outputBytes: number,
): Promise<Uint8Array>;

// System calls. They throw errors whose `code` is the system's name, such as ENOENT, as Node's own
// do; `ENOTSUP` where the system or the file system has no such thing. Paths and names are raw bytes.

/** Set the modification time, ns since 1970, of an open file or directory. */
export declare function setTimes(fd: number, mtimeNs: bigint): void;
/**
 * Give a file another name, unless something has that name (`EEXIST`). `ENOTSUP` where that cannot
 * be done at once.
 */
export declare function renameNoReplace(from: Uint8Array, to: Uint8Array): void;
/** Set the modification time of a path; of the link itself where it is one. */
export declare function setLinkTimes(path: Uint8Array, mtimeNs: bigint): void;
/**
 * Where the first `sizeBytes` of a file hold data: offset and length of each stretch, one behind
 * the other. `null` where the file system cannot tell, and beyond 65,536 stretches. Moves the
 * descriptor's own position, so read with explicit positions.
 */
export declare function dataExtents(fd: number, sizeBytes: number): Float64Array | null;
/** The extended attributes that this process may read, sorted by name; none where there are none. */
export declare function listXattrs(fd: number): { name: Uint8Array; value: Uint8Array }[];
export declare function setXattr(fd: number, name: Uint8Array, value: Uint8Array): void;

/**
 * A lock that is held until `release`, until nothing refers to it any more, or until the process
 * ends, however it ends.
 */
export declare class LockedFile {
  private constructor();
  release(): void;
}
/** Lock a file, which is created for its owner alone; `null` when somebody has the lock. */
export declare function tryLock(path: Uint8Array): LockedFile | null;

/** Keep this process out of core files and, on Linux, its memory from others of its user. */
export declare function forbidDumps(): void;

/**
 * Give the system the memory back that was freed and that the C library keeps for later.
 *
 * @throws with `code` `ENOTSUP` where the C library cannot be told to
 */
export declare function giveMemoryBack(): void;
