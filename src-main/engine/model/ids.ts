/**
 * @file Branded identifiers, parsed once at the edge and trusted inside.
 *
 * Bytes that are IDs travel as text inside the engine, since text can be a Map key: blob IDs in
 * the field's own base64url, everything of ours in lower-case hex.
 */
import { EngineError } from './engine-error.ts';

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A Walrus blob ID: 32 bytes, base64url without padding (43 characters). */
export type BlobId = Branded<string, 'BlobId'>;
/** A Sui object ID: `0x` and 64 lower-case hex digits. */
export type ObjectId = Branded<string, 'ObjectId'>;
/** A Sui address: `0x` and 64 lower-case hex digits. */
export type SuiAddress = Branded<string, 'SuiAddress'>;
/** A Sui transaction digest: base58 of 32 bytes. */
export type TransactionDigest = Branded<string, 'TransactionDigest'>;
/** A protected folder: 16 random bytes, hex. */
export type FolderId = Branded<string, 'FolderId'>;
/** A vault: 16 bytes derived from the seed and the network, hex. */
export type VaultId = Branded<string, 'VaultId'>;
/** A device: 16 random bytes, hex. */
export type DeviceId = Branded<string, 'DeviceId'>;
/** A pack while it is ours alone (in the spool): 16 random bytes, hex. */
export type PackId = Branded<string, 'PackId'>;
/** A chunk or tree node: keyed BLAKE3 of its plaintext, 32 bytes, hex. */
export type ChunkId = Branded<string, 'ChunkId'>;
/** A snapshot: BLAKE3 of its sealed record's plaintext, 32 bytes, hex. */
export type SnapshotId = Branded<string, 'SnapshotId'>;

/** The position of a sliver pair in the encoding of one blob. */
export type SliverPairIndex = Branded<number, 'SliverPairIndex'>;
/** The position of a shard in the committee. */
export type ShardIndex = Branded<number, 'ShardIndex'>;

/** A Walrus epoch. `endEpoch` is exclusive everywhere. */
export type Epoch = Branded<number, 'Epoch'>;

/**
 * A path below a folder's root, or one name: the raw bytes of the file system, one character per
 * byte (latin1), names joined by '/'. The empty path is the root. Never shown as it is: use
 * `displayPath`.
 */
export type RawPath = Branded<string, 'RawPath'>;

const BLOB_ID_PATTERN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const ADDRESS_PATTERN = /^0x[0-9a-f]{64}$/;

/** Parse a blob ID in its canonical text form. */
export function parseBlobId(text: string): BlobId {
  if (!BLOB_ID_PATTERN.test(text)) {
    throw new EngineError('encoding-invalid-input', `not a blob ID: ${JSON.stringify(text)}`);
  }
  return text as BlobId;
}

/** The text form of a blob ID's 32 bytes. */
export function blobIdFromBytes(bytes: Uint8Array): BlobId {
  if (bytes.length !== 32) {
    throw new EngineError('encoding-invalid-input', `a blob ID has 32 bytes, not ${bytes.length}`);
  }
  return Buffer.from(bytes).toString('base64url') as BlobId;
}

/** The 32 bytes of a blob ID. */
export function blobIdToBytes(blobId: BlobId): Uint8Array {
  return new Uint8Array(Buffer.from(blobId, 'base64url'));
}

/** Parse an object ID; short forms such as `0x2` are padded. */
export function parseObjectId(text: string): ObjectId {
  return parseAddressLike(text) as unknown as ObjectId;
}

/** Parse an address; short forms are padded. */
export function parseSuiAddress(text: string): SuiAddress {
  return parseAddressLike(text) as unknown as SuiAddress;
}

function parseAddressLike(text: string): string {
  const hex = /^0x([0-9a-fA-F]{1,64})$/.exec(text)?.[1];
  const padded = hex === undefined ? '' : `0x${hex.toLowerCase().padStart(64, '0')}`;
  if (!ADDRESS_PATTERN.test(padded)) {
    throw new EngineError('encoding-invalid-input', `not an object ID: ${JSON.stringify(text)}`);
  }
  return padded;
}

export const epoch = (value: number): Epoch => value as Epoch;
export const shardIndex = (value: number): ShardIndex => value as ShardIndex;
export const sliverPairIndex = (value: number): SliverPairIndex => value as SliverPairIndex;

// eslint-disable-next-line no-control-regex -- control characters are what this removes
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/g;

/** A path as a person reads it: bytes that are not UTF-8 become U+FFFD, control characters dots. */
export function displayPath(path: RawPath): string {
  return Buffer.from(path, 'latin1').toString('utf8').replace(CONTROL_CHARACTERS, '·');
}

/** The raw path of text, as UTF-8 bytes. */
export function rawPath(text: string): RawPath {
  return Buffer.from(text, 'utf8').toString('latin1') as RawPath;
}

/** The bytes of a raw path, for the file system. */
export function rawPathBytes(path: RawPath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** The raw path of bytes that came from the file system. */
export function rawPathFromBytes(bytes: Uint8Array): RawPath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    'latin1',
  ) as RawPath;
}

/** `name` below `parent`. */
export function joinRawPath(parent: RawPath, name: RawPath): RawPath {
  return (parent === '' ? name : `${parent}/${name}`) as RawPath;
}
