/**
 * @file Seals and opens: compression, authenticated encryption, key commitment.
 *
 *     sealed    = 01 version | u32 key epoch | 32 commitment | 24 nonce | ciphertext | 16 tag
 *     plaintext = u8 compression (0 raw, 1 zstd) | u32 plain length | body
 *
 * A chunk's key and associated data come from the folder key, vault, folder, key epoch and chunk
 * ID, so sealed chunks move between packs as they are. A record (footer, snapshot, segment, head,
 * wrapped key) is bound to its purpose and to associated data that the caller gives.
 * docs/format.md is the specification.
 */
import {
  openChunk as nativeOpenChunk,
  openChunksInto as nativeOpenChunksInto,
  openRecord as nativeOpenRecord,
  recordCommitment as nativeRecordCommitment,
  sealChunksInto as nativeSealChunksInto,
  sealedKeyEpoch as nativeSealedKeyEpoch,
  sealRecord as nativeSealRecord,
} from '#native';
import { EngineError } from '../model/engine-error.ts';
import type { ChunkId, FolderId, VaultId } from '../model/ids.ts';
import type { CutChunk } from './chunk.ts';
import { callNative, engineErrorFromNative, runNative } from './native-call.ts';

/** What sealing adds to a body that does not compress. */
export const SEAL_OVERHEAD_BYTES = 82;
/** Bytes of a nonce, which must be random and never used twice with one key. */
export const NONCE_BYTES = 24;

interface ChunkOwner {
  readonly vaultId: VaultId;
  readonly folderId: FolderId;
}

const nativeOwner = (owner: ChunkOwner) => ({
  vaultId: Buffer.from(owner.vaultId, 'hex'),
  folderId: Buffer.from(owner.folderId, 'hex'),
});

/** The room that `sealChunks` takes for these pieces. */
export const sealedBytesMax = (pieces: readonly Pick<CutChunk, 'sizeBytes'>[]): number =>
  pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes + SEAL_OVERHEAD_BYTES, 0);

/**
 * Seal many chunks in one call, on all cores. Gives the sealed bytes of each piece, which lie in
 * `into`: memory of the caller with room for `sealedBytesMax` of the pieces, and his again once
 * this has settled.
 *
 * `nonces` holds NONCE_BYTES for each piece.
 */
export async function sealChunks(
  input: ChunkOwner & {
    readonly bytes: Uint8Array;
    readonly pieces: readonly CutChunk[];
    readonly folderKey: Uint8Array;
    readonly keyEpoch: number;
    readonly nonces: Uint8Array;
    /** A level of zstd; a chunk that does not get smaller stays as it is. */
    readonly compressionLevel: number;
    readonly into: Uint8Array;
  },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array[]> {
  const ranges = new Uint32Array(2 * input.pieces.length);
  for (const [index, piece] of input.pieces.entries()) {
    ranges[2 * index] = piece.offsetBytes;
    ranges[2 * index + 1] = piece.sizeBytes;
  }
  const sizes = await runNative(
    (cancellation) =>
      nativeSealChunksInto(
        input.bytes,
        ranges,
        idBytes(input.pieces.map((piece) => piece.id)),
        input.nonces,
        nativeOwner(input),
        input.keyEpoch,
        input.folderKey,
        input.compressionLevel,
        input.into,
        cancellation,
      ),
    options.signal,
  );
  let start = 0;
  return input.pieces.map(({ sizeBytes }, index) => {
    const sealed = input.into.subarray(start, start + (sizes[index] ?? 0));
    start += sizeBytes + SEAL_OVERHEAD_BYTES;
    return sealed;
  });
}

const idBytes = (ids: readonly ChunkId[]): Uint8Array => Buffer.from(ids.join(''), 'hex');

export interface SealedChunk {
  readonly id: ChunkId;
  readonly bytes: Uint8Array;
}

/** A sealed chunk among the bytes of a pack. */
export interface PackedChunk {
  readonly id: ChunkId;
  readonly offsetBytes: number;
  /** Sealed. */
  readonly sizeBytes: number;
  /** Of its content. */
  readonly plainBytes: number;
}

/**
 * Open many chunks that lie in `bytes` in one call, on all cores. Damage is an expected answer:
 * each result is the chunk's content, or the EngineError (`pack-damaged`, `format-unknown`) that
 * says why not.
 *
 * The contents lie in `into`: memory of the caller with room for all of them, and his again once
 * this has settled. `folderKeys` maps key epochs to keys.
 */
export async function openChunks(
  input: ChunkOwner & {
    readonly bytes: Uint8Array;
    readonly chunks: readonly PackedChunk[];
    readonly folderKeys: ReadonlyMap<number, Uint8Array>;
    readonly into: Uint8Array;
  },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<(Uint8Array | EngineError)[]> {
  const { bytes, into } = input;
  const results: (Uint8Array | EngineError)[] = [];
  const openable: { readonly index: number; readonly chunk: PackedChunk }[] = [];
  const keys: Uint8Array[] = [];
  const places: number[] = [];
  for (const [index, chunk] of input.chunks.entries()) {
    const { offsetBytes, sizeBytes, plainBytes } = chunk;
    const key = keyOf(bytes.subarray(offsetBytes, offsetBytes + sizeBytes), input.folderKeys);
    if (key instanceof EngineError) {
      results[index] = key;
      continue;
    }
    if (!keys.includes(key)) keys.push(key);
    openable.push({ index, chunk });
    places.push(offsetBytes, sizeBytes, plainBytes, keys.indexOf(key));
  }
  const problems = await runNative(
    (cancellation) =>
      nativeOpenChunksInto(
        bytes,
        Uint32Array.from(places),
        idBytes(openable.map(({ chunk }) => chunk.id)),
        nativeOwner(input),
        keys,
        into,
        cancellation,
      ),
    options.signal,
  );
  let start = 0;
  for (const [position, { index, chunk }] of openable.entries()) {
    const content = into.subarray(start, start + chunk.plainBytes);
    start += chunk.plainBytes;
    const problem = problems[position] ?? 'internal: a chunk has no result';
    results[index] = problem === '' ? content : engineErrorFromNative(problem);
  }
  return results;
}

function keyOf(
  sealed: Uint8Array,
  folderKeys: ReadonlyMap<number, Uint8Array>,
): Uint8Array | EngineError {
  try {
    const epoch = sealedKeyEpoch(sealed);
    return (
      folderKeys.get(epoch) ??
      new EngineError('pack-damaged', `there is no folder key of epoch ${String(epoch)}`, {
        context: { reason: 'seal-key-epoch', keyEpoch: epoch },
      })
    );
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
}

/** Open one chunk. Throws `pack-damaged` or `format-unknown`. */
export async function openChunk(
  input: ChunkOwner & {
    readonly chunk: SealedChunk;
    readonly folderKeys: ReadonlyMap<number, Uint8Array>;
    readonly plainBytesMax: number;
  },
): Promise<Uint8Array> {
  const { chunk, folderKeys, plainBytesMax } = input;
  const key = keyOf(chunk.bytes, folderKeys);
  if (key instanceof EngineError) throw key;
  return runNative(() =>
    nativeOpenChunk(chunk.bytes, idBytes([chunk.id]), nativeOwner(input), key, plainBytesMax),
  );
}

/** The key epoch that sealed bytes name. Throws `pack-damaged` or `format-unknown`. */
export function sealedKeyEpoch(sealed: Uint8Array): number {
  return callNative(() => nativeSealedKeyEpoch(sealed));
}

/** Seal one record for its purpose (ASCII). */
export async function sealRecord(input: {
  readonly body: Uint8Array;
  readonly purpose: string;
  readonly associated: Uint8Array;
  readonly keyEpoch: number;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly compressionLevel: number;
}): Promise<Uint8Array> {
  return await runNative(() =>
    nativeSealRecord(
      input.body,
      input.purpose,
      input.associated,
      input.keyEpoch,
      input.key,
      input.nonce,
      input.compressionLevel,
    ),
  );
}

/** Open one record to at most `plainBytesMax`. Throws `pack-damaged` or `format-unknown`. */
export async function openRecord(input: {
  readonly sealed: Uint8Array;
  readonly purpose: string;
  readonly associated: Uint8Array;
  readonly key: Uint8Array;
  readonly plainBytesMax: number;
}): Promise<Uint8Array> {
  return await runNative(() =>
    nativeOpenRecord(input.sealed, input.purpose, input.associated, input.key, input.plainBytesMax),
  );
}

/** The commitment that a record sealed under `key` for `purpose` shows: tells keys apart. */
export function recordCommitment(key: Uint8Array, purpose: string): Uint8Array {
  return callNative(() => nativeRecordCommitment(key, purpose));
}
