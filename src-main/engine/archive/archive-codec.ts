/**
 * @file What archive/ needs of the codec, and what is authenticated beside sealed bytes.
 *
 * The codec arrives as this interface: abilities do not import one another. Nonces are the
 * implementation's business. The sealed form (docs/format.md, "Sealed bytes"):
 *
 *     u8 version = 1 | u32 key epoch | 32 commitment | 24 nonce | ciphertext | 16 tag
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { ChunkId, FolderId, VaultId } from '#engine/model/ids.ts';
import { ByteWriter, damaged, hexBytes } from './encoding.ts';

/** Purposes of sealed records. Each derives a key of its own. */
export type RecordPurpose =
  'footer' | 'index' | 'snapshot' | 'head device' | 'head folder' | 'folder keys';

type MaybePromise<T> = T | Promise<T>;

export interface ArchiveCodec {
  blake3(bytes: Uint8Array): Uint8Array;
  keyedBlake3(key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** Seal under the key derived for `purpose`, compressed where that pays, with a fresh nonce. */
  sealRecord(record: {
    readonly key: Uint8Array;
    readonly keyEpoch: number;
    readonly purpose: RecordPurpose;
    readonly associatedData: Uint8Array;
    readonly plaintext: Uint8Array;
  }): MaybePromise<Uint8Array>;
  /**
   * Open what sealRecord made. Throws EngineError for another key, purpose, associated data or
   * changed bytes, and for a body of more than `plainBytesMax`.
   */
  openRecord(record: {
    readonly key: Uint8Array;
    readonly purpose: RecordPurpose;
    readonly associatedData: Uint8Array;
    readonly sealed: Uint8Array;
    readonly plainBytesMax: number;
  }): MaybePromise<Uint8Array>;
  /** The commitment that a record sealed under `key` for `purpose` shows: tells keys apart. */
  recordCommitment(key: Uint8Array, purpose: RecordPurpose): Uint8Array;
}

export const SEALED_VERSION = 1;
const COMMITMENT_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const SEALED_HEADER_BYTES = 1 + 4 + COMMITMENT_BYTES + NONCE_BYTES;
/** Compression byte and plain length, before the body and encrypted with it. */
const BODY_HEADER_BYTES = 1 + 4;
/** What sealing adds to a body that doesn't compress. */
export const SEAL_OVERHEAD_BYTES = SEALED_HEADER_BYTES + TAG_BYTES + BODY_HEADER_BYTES;

/** The byte that says in the associated data what was sealed. */
const SEALED_TYPE = {
  chunk: 1,
  footer: 2,
  index: 3,
  snapshot: 4,
  'head device': 5,
  'head folder': 6,
  'folder keys': 7,
} as const satisfies Record<RecordPurpose | 'chunk', number>;

const DOMAIN = Buffer.from('floe/v1', 'ascii');
const NO_FOLDER = new Uint8Array(16);

/** What can be read of sealed bytes without a key. Throws `format-unknown` for newer ones. */
export function readSealedHeader(sealed: Uint8Array): {
  readonly keyEpoch: number;
  readonly commitment: Uint8Array;
} {
  if (sealed.length > 0 && sealed[0] !== SEALED_VERSION) {
    throw new EngineError('format-unknown', `sealed bytes of version ${String(sealed[0])}`);
  }
  if (sealed.length < SEAL_OVERHEAD_BYTES) throw damaged('sealed bytes are cut short');
  const view = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  return { keyEpoch: view.readUInt32LE(1), commitment: view.subarray(5, 5 + COMMITMENT_BYTES) };
}

interface SealedContext {
  readonly vaultId: VaultId;
  /** Absent for what belongs to the vault as a whole. */
  readonly folderId?: FolderId | undefined;
  readonly keyEpoch: number;
}

/** Associated data of a sealed chunk. Neither pack nor position: repacking moves sealed bytes. */
export function chunkAssociatedData(
  context: SealedContext & { readonly folderId: FolderId; readonly chunkId: ChunkId },
): Uint8Array {
  return associatedData('chunk', context, hexBytes(context.chunkId));
}

/** A record's seal apart from its bytes: key, and what is authenticated beside them. */
export interface RecordSeal {
  readonly codec: ArchiveCodec;
  readonly purpose: RecordPurpose;
  readonly key: Uint8Array;
  readonly vaultId: VaultId;
  readonly folderId?: FolderId | undefined;
  /** What binds the record to its place, as format.md says for each purpose. */
  readonly place?: Uint8Array;
}

/** Seal a record. `keyEpoch` is 0 for the keys of the vault. */
export async function sealBoundRecord(
  plaintext: Uint8Array,
  seal: RecordSeal & { readonly keyEpoch: number },
): Promise<Uint8Array> {
  const { codec, key, keyEpoch, purpose } = seal;
  const associated = associatedData(purpose, seal, seal.place ?? new Uint8Array(0));
  return codec.sealRecord({ key, keyEpoch, purpose, associatedData: associated, plaintext });
}

/**
 * Open a record of at most `plainBytesMax`. The key epoch is taken from the sealed header, and is
 * authenticated. Throws `pack-damaged` for whatever sealBoundRecord didn't seal with the same key
 * and place, `format-unknown` for newer sealed bytes.
 */
export async function openBoundRecord(
  sealed: Uint8Array,
  seal: RecordSeal & { readonly plainBytesMax: number },
): Promise<Uint8Array> {
  const { codec, key, purpose, plainBytesMax } = seal;
  const { keyEpoch } = readSealedHeader(sealed);
  const context = { ...seal, keyEpoch };
  const associated = associatedData(purpose, context, seal.place ?? new Uint8Array(0));
  return codec.openRecord({ key, purpose, associatedData: associated, sealed, plainBytesMax });
}

function associatedData(
  type: keyof typeof SEALED_TYPE,
  context: SealedContext,
  extra: Uint8Array,
): Uint8Array {
  return new ByteWriter(48 + extra.length)
    .bytes(DOMAIN)
    .u8(SEALED_TYPE[type])
    .bytes(hexBytes(context.vaultId))
    .bytes(context.folderId === undefined ? NO_FOLDER : hexBytes(context.folderId))
    .u32(context.keyEpoch)
    .bytes(extra)
    .finish();
}
