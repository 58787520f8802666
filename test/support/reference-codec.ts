/**
 * @file A second implementation of sealing, written from docs/format.md alone.
 *
 * Shares no code with the native addon: JavaScript hashes, Node's ChaCha20-Poly1305 and zstd. What
 * it seals the addon must open, and the other way round. Nonces count up from a seed, so that its
 * output can stand in a vector. Slow, and for tests only.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { blake3 } from '@noble/hashes/blake3.js';
import { EngineError } from '#engine/model/engine-error.ts';
import type { ChunkId, FolderId, VaultId } from '#engine/model/ids.ts';
import { chunkAssociatedData, type ArchiveCodec } from '#engine/archive/archive-codec.ts';

export interface ReferenceCodec extends ArchiveCodec {
  sealChunk(chunk: ChunkSeal & { readonly plaintext: Uint8Array }): Uint8Array;
  openChunk(chunk: ChunkSeal & { readonly sealed: Uint8Array }): Uint8Array;
}

interface ChunkSeal {
  readonly key: Uint8Array;
  readonly keyEpoch: number;
  readonly vaultId: VaultId;
  readonly folderId: FolderId;
  readonly chunkId: ChunkId;
}

const HEADER_BYTES = 1 + 4 + 32 + 24;
const RECORD_LABEL = 'floe/v1 record ';

/** `compress` false keeps bodies raw: zstd's output may change between its releases. */
export function referenceCodec(
  options: { readonly compress?: boolean; readonly nonceSeed?: string } = {},
): ReferenceCodec {
  let nonceCount = 0;
  const nextNonce = (): Uint8Array => {
    nonceCount += 1;
    return blake3(Buffer.from(`${options.nonceSeed ?? 'nonce'} ${String(nonceCount)}`), {
      dkLen: 24,
    });
  };
  const compress = options.compress ?? true;
  return {
    blake3: (bytes) => blake3(bytes),
    keyedBlake3: (key, bytes) => blake3(bytes, { key }),
    sealRecord: (record) =>
      seal(deriveKeys(record.key, RECORD_LABEL, record.purpose), record, nextNonce(), compress),
    openRecord: (record) =>
      open(deriveKeys(record.key, RECORD_LABEL, record.purpose), record, record.plainBytesMax),
    recordCommitment: (key, purpose) => deriveKeys(key, RECORD_LABEL, purpose).commitment,
    sealChunk: (chunk) =>
      seal(
        deriveKeys(chunk.key, 'floe/v1 chunk', Buffer.from(chunk.chunkId, 'hex')),
        { ...chunk, associatedData: chunkAssociatedData(chunk) },
        nextNonce(),
        compress,
      ),
    openChunk: (chunk) =>
      open(
        deriveKeys(chunk.key, 'floe/v1 chunk', Buffer.from(chunk.chunkId, 'hex')),
        { ...chunk, associatedData: chunkAssociatedData(chunk) },
        4 * 1024 * 1024,
      ),
  };
}

interface SealKeys {
  readonly cipherKey: Uint8Array;
  readonly commitment: Uint8Array;
}

function deriveKeys(key: Uint8Array, label: string, context: string | Uint8Array): SealKeys {
  const input = Buffer.concat([Buffer.from(label, 'ascii'), Buffer.from(context as Uint8Array)]);
  const material = blake3(input, { key, dkLen: 64 });
  return { cipherKey: material.subarray(0, 32), commitment: material.subarray(32) };
}

function seal(
  keys: SealKeys,
  record: {
    readonly keyEpoch: number;
    readonly associatedData: Uint8Array;
    readonly plaintext: Uint8Array;
  },
  nonce: Uint8Array,
  compress: boolean,
): Uint8Array {
  const { plaintext } = record;
  const frame = compress && plaintext.length >= 64 ? zstdCompressSync(plaintext) : undefined;
  const isWorth = frame !== undefined && frame.length < plaintext.length;
  const bodyHeader = Buffer.alloc(5);
  bodyHeader.writeUInt8(isWorth ? 1 : 0, 0);
  bodyHeader.writeUInt32LE(plaintext.length, 1);

  const { key, iv } = xchacha(keys.cipherKey, nonce);
  const cipher = createCipheriv('chacha20-poly1305', key, iv, { authTagLength: 16 });
  cipher.setAAD(record.associatedData, { plaintextLength: 0 });
  const ciphertext = Buffer.concat([
    cipher.update(bodyHeader),
    cipher.update(isWorth ? frame : plaintext),
    cipher.final(),
  ]);
  const header = Buffer.alloc(5);
  header.writeUInt8(1, 0);
  header.writeUInt32LE(record.keyEpoch, 1);
  return new Uint8Array(
    Buffer.concat([header, keys.commitment, nonce, ciphertext, cipher.getAuthTag()]),
  );
}

function open(
  keys: SealKeys,
  record: { readonly associatedData: Uint8Array; readonly sealed: Uint8Array },
  plainBytesMax: number,
): Uint8Array {
  const sealed = Buffer.from(record.sealed);
  if (sealed[0] !== 1) throw new EngineError('format-unknown', 'sealed bytes of another version');
  if (sealed.length < HEADER_BYTES + 5 + 16) throw damage('too short');
  if (!sealed.subarray(5, 37).equals(keys.commitment)) throw damage('another key');
  const { key, iv } = xchacha(keys.cipherKey, sealed.subarray(37, 61));
  const decipher = createDecipheriv('chacha20-poly1305', key, iv, { authTagLength: 16 });
  decipher.setAAD(record.associatedData, { plaintextLength: 0 });
  decipher.setAuthTag(sealed.subarray(sealed.length - 16));
  let plain: Buffer;
  try {
    const ciphertext = sealed.subarray(HEADER_BYTES, sealed.length - 16);
    plain = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (cause) {
    throw new EngineError('pack-damaged', 'sealed bytes are not authentic', { cause });
  }
  const plainBytes = plain.readUInt32LE(1);
  if (plainBytes > plainBytesMax) throw damage('longer than allowed');
  const body = plain.subarray(5);
  if (plain[0] === 0 && body.length === plainBytes) return new Uint8Array(body);
  if (plain[0] !== 1) throw damage('an unknown compression');
  return new Uint8Array(zstdDecompressSync(body, { maxOutputLength: plainBytes }));
}

const damage = (what: string): EngineError =>
  new EngineError('pack-damaged', `sealed bytes are damaged: ${what}`);

/** XChaCha20: a key from HChaCha20 of the first 16 nonce bytes, the other 8 behind four zeros. */
function xchacha(key: Uint8Array, nonce: Uint8Array): { key: Uint8Array; iv: Uint8Array } {
  const iv = Buffer.concat([Buffer.alloc(4), nonce.subarray(16, 24)]);
  return { key: hchacha20(key, nonce.subarray(0, 16)), iv };
}

function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const input = Buffer.concat([Buffer.from('expand 32-byte k', 'ascii'), key, nonce]);
  const state = Uint32Array.from({ length: 16 }, (_, index) => input.readUInt32LE(index * 4));
  const quarter = (a: number, b: number, c: number, d: number): void => {
    const step = (to: number, from: number, mixed: number, bits: number): void => {
      state[to] = state[to]! + state[from]!;
      const word = state[mixed]! ^ state[to];
      state[mixed] = (word << bits) | (word >>> (32 - bits));
    };
    step(a, b, d, 16);
    step(c, d, b, 12);
    step(a, b, d, 8);
    step(c, d, b, 7);
  };
  for (let round = 0; round < 10; round += 1) {
    quarter(0, 4, 8, 12);
    quarter(1, 5, 9, 13);
    quarter(2, 6, 10, 14);
    quarter(3, 7, 11, 15);
    quarter(0, 5, 10, 15);
    quarter(1, 6, 11, 12);
    quarter(2, 7, 8, 13);
    quarter(3, 4, 9, 14);
  }
  const output = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((word, index) =>
    output.writeUInt32LE(state[word]!, index * 4),
  );
  return new Uint8Array(output);
}
