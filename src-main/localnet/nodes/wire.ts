/**
 * @file The BCS structures of the storage nodes' API, decoded as strictly as real nodes do.
 *
 * Structure only: whether hashes and symbols are right is the codec's business. Every decoder
 * throws `Undecodable` on bytes that a BCS decoder would refuse, trailing ones included.
 */
import type { SliverAxis } from '#engine/model/walrus.ts';

export class Undecodable extends Error {
  override readonly name = 'Undecodable';
}

/** Reads BCS front to back. */
export class BcsReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  #take(count: number): number {
    const start = this.#offset;
    if (start + count > this.#bytes.length) throw new Undecodable('ends too early');
    this.#offset += count;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** ULEB128 of at most 32 bits, in its shortest form. */
  length(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw new Undecodable('a length not in its shortest form');
        if (value > 0xffff_ffff) throw new Undecodable('a length above 32 bits');
        return value;
      }
    }
    throw new Undecodable('a length above 32 bits');
  }

  /** `count` bytes, not copied. */
  bytes(count: number): Uint8Array {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count);
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) throw new Undecodable('trailing bytes');
  }
}

/** BCS of an unsigned length. */
export function lengthBytes(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
  return Uint8Array.from(out);
}

const u16Bytes = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);

function u32Bytes(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

function u64Bytes(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}

/** What the first bytes of a BlobMetadata say. */
export interface MetadataOutline {
  readonly encodingType: 'RedStuff/RaptorQ' | 'RS2';
  readonly unencodedLength: bigint;
  readonly hashPairCount: number;
}

/** BlobMetadata: V1 tag, encoding type, unencoded length, hash pairs. */
export function decodeMetadataOutline(bytes: Uint8Array): MetadataOutline {
  const reader = new BcsReader(bytes);
  if (reader.length() !== 0) throw new Undecodable('an unknown metadata version');
  const encoding = reader.length();
  if (encoding > 1) throw new Undecodable('an unknown encoding type');
  const unencodedLength = reader.u64();
  const hashPairCount = reader.length();
  for (let index = 0; index < 2 * hashPairCount; index += 1) {
    const variant = reader.length();
    if (variant > 1) throw new Undecodable('an unknown kind of Merkle node');
    if (variant === 1) reader.bytes(32);
  }
  reader.end();
  return {
    encodingType: encoding === 1 ? 'RS2' : 'RedStuff/RaptorQ',
    unencodedLength,
    hashPairCount,
  };
}

/** SliverData without its symbols. */
export interface SliverOutline {
  readonly dataBytes: number;
  readonly symbolBytes: number;
  /** Index on its own axis, not the pair. */
  readonly sliverIndex: number;
}

/** SliverData: symbols, symbol size (not 0), sliver index. */
export function decodeSliverOutline(bytes: Uint8Array): SliverOutline {
  const reader = new BcsReader(bytes);
  const dataBytes = reader.length();
  reader.bytes(dataBytes);
  const symbolBytes = reader.u16();
  if (symbolBytes === 0) throw new Undecodable('a symbol size of 0');
  const sliverIndex = reader.u16();
  reader.end();
  return { dataBytes, symbolBytes, sliverIndex };
}

/** What a message is about. Part of the signed bytes, so that no signature serves twice. */
const INTENT = { blobCertificate: 1, invalidBlobId: 2, syncShard: 3 } as const;
const INTENT_VERSION = 0;
const APP_STORAGE = 3;

function message(intent: number, epoch: number, contents: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(intent, INTENT_VERSION, APP_STORAGE),
    u32Bytes(epoch),
    ...contents,
  ]);
}

/** The bytes that a storage confirmation signs: 40 permanent, 72 deletable. */
export function confirmationMessage(
  epoch: number,
  blobId: Uint8Array,
  blobObjectId: Uint8Array | undefined,
): Uint8Array {
  const persistence =
    blobObjectId === undefined ? [Uint8Array.of(0)] : [Uint8Array.of(1), blobObjectId];
  return message(INTENT.blobCertificate, epoch, [blobId, ...persistence]);
}

/** The bytes that an attestation of an inconsistent blob signs. */
export function invalidBlobMessage(epoch: number, blobId: Uint8Array): Uint8Array {
  return message(INTENT.invalidBlobId, epoch, [blobId]);
}

/** A new owner of a shard asks the previous one for its slivers. */
export interface SyncShardRequest {
  readonly shard: number;
  readonly axis: SliverAxis;
  /** The first blob ID to send, in the order of the IDs' bytes. */
  readonly startingBlobId: Uint8Array;
  readonly sliverCount: number;
  readonly epoch: number;
}

/** The signed bytes of a request, and the request's body around them. */
export function syncShardMessage(request: SyncShardRequest): Uint8Array {
  return message(INTENT.syncShard, request.epoch, [
    Uint8Array.of(0),
    u16Bytes(request.shard),
    Uint8Array.of(request.axis === 'primary' ? 0 : 1),
    request.startingBlobId,
    u64Bytes(BigInt(request.sliverCount)),
    u32Bytes(request.epoch),
  ]);
}

const SIGNATURE_BYTES = 96;

export function encodeSignedMessage(signed: Uint8Array, signature: Uint8Array): Uint8Array {
  return Buffer.concat([
    lengthBytes(signed.length),
    signed,
    lengthBytes(SIGNATURE_BYTES),
    signature,
  ]);
}

export function decodeSignedMessage(bytes: Uint8Array): {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
} {
  const reader = new BcsReader(bytes);
  const signed = reader.bytes(reader.length());
  const signature = reader.bytes(reader.length());
  reader.end();
  if (signature.length !== SIGNATURE_BYTES) throw new Undecodable('not a signature');
  return { message: signed, signature };
}

export function decodeSyncShardMessage(bytes: Uint8Array): SyncShardRequest {
  const reader = new BcsReader(bytes);
  const intent = [reader.u8(), reader.u8(), reader.u8()].join();
  if (intent !== [INTENT.syncShard, INTENT_VERSION, APP_STORAGE].join()) {
    throw new Undecodable('not a message to start a shard sync');
  }
  reader.u32();
  if (reader.length() !== 0) throw new Undecodable('an unknown version of the request');
  const shard = reader.u16();
  const axis = reader.length();
  if (axis > 1) throw new Undecodable('an unknown kind of sliver');
  const startingBlobId = reader.bytes(32);
  const sliverCount = reader.u64();
  const epoch = reader.u32();
  reader.end();
  return {
    shard,
    axis: axis === 0 ? 'primary' : 'secondary',
    startingBlobId,
    sliverCount: Number(sliverCount),
    epoch,
  };
}

export interface SyncedSliver {
  readonly blobId: Uint8Array;
  /** BCS SliverData. */
  readonly sliver: Uint8Array;
}

export function encodeSyncShardResponse(
  axis: SliverAxis,
  slivers: readonly SyncedSliver[],
): Uint8Array {
  const tag = Uint8Array.of(axis === 'primary' ? 0 : 1);
  return Buffer.concat([
    Uint8Array.of(0),
    lengthBytes(slivers.length),
    ...slivers.flatMap(({ blobId, sliver }) => [blobId, tag, sliver]),
  ]);
}

export function decodeSyncShardResponse(bytes: Uint8Array): readonly SyncedSliver[] {
  const reader = new BcsReader(bytes);
  if (reader.length() !== 0) throw new Undecodable('an unknown version of the answer');
  const count = reader.length();
  const slivers: SyncedSliver[] = [];
  for (let index = 0; index < count; index += 1) {
    const blobId = reader.bytes(32);
    reader.length();
    const dataBytes = reader.length();
    const data = reader.bytes(dataBytes);
    slivers.push({
      blobId,
      sliver: Buffer.concat([lengthBytes(dataBytes), data, reader.bytes(4)]),
    });
  }
  reader.end();
  return slivers;
}
