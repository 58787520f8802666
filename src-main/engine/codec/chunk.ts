/**
 * @file Cuts files into content-defined chunks and names them, many at a time on all cores.
 *
 * The cuts come from FastCDC with a table of the folder's own, the names from a keyed hash, so that
 * nobody can test whether a known file is stored. Where a chunk ends depends on the bytes from its
 * start on and on nothing else: not on how they were buffered.
 */
import { Chunker as NativeChunker, type CutChunks } from '#native';
import type { ChunkId } from '../model/ids.ts';
import { callNative, runNative } from './native-call.ts';

const ID_BYTES = 32;

/** Sizes for the life of a vault, and one folder's keys (32 bytes each). */
export interface ChunkerOptions {
  readonly minBytes: number;
  /** From 256 bytes to 4 MiB. */
  readonly averageBytes: number;
  readonly maxBytes: number;
  readonly gearKey: Uint8Array;
  readonly chunkIdKey: Uint8Array;
}

export interface CutChunk {
  readonly id: ChunkId;
  /** Where it begins in the bytes that were given. */
  readonly offsetBytes: number;
  /** At least 1. */
  readonly sizeBytes: number;
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface Chunker {
  /**
   * Cut whole files that lie one behind the other in `bytes`: the chunks of each. An empty file
   * has none. Throws `encoding-invalid-input` when the lengths do not add up.
   */
  cutFiles(
    bytes: Uint8Array,
    fileLengths: readonly number[],
    options?: CallOptions,
  ): Promise<CutChunk[][]>;
  /**
   * Cut the next bytes of one file. The caller gives what is behind `consumedBytes` again, in
   * front of what follows. With `isLast` everything is consumed. A buffer of several times
   * `maxBytes` keeps the repeated work small.
   */
  cutStream(
    bytes: Uint8Array,
    isLast: boolean,
    options?: CallOptions,
  ): Promise<{ readonly chunks: CutChunk[]; readonly consumedBytes: number }>;
}

/** A chunker for one folder. Throws `encoding-invalid-input` for impossible sizes. */
export function openChunker(options: ChunkerOptions): Chunker {
  const { minBytes, averageBytes, maxBytes, gearKey, chunkIdKey } = options;
  const native = callNative(
    () => new NativeChunker(minBytes, averageBytes, maxBytes, gearKey, chunkIdKey),
  );
  return {
    async cutFiles(bytes, fileLengths, { signal } = {}) {
      const lengths = Uint32Array.from(fileLengths);
      return splitByFile(
        await runNative((cancellation) => native.cutFiles(bytes, lengths, cancellation), signal),
      );
    },
    async cutStream(bytes, isLast, { signal } = {}) {
      const cut = await runNative(
        (cancellation) => native.cutStream(bytes, isLast, cancellation),
        signal,
      );
      const chunks = splitByFile(cut)[0] ?? [];
      const last = chunks.at(-1);
      return { chunks, consumedBytes: last === undefined ? 0 : last.offsetBytes + last.sizeBytes };
    },
  };
}

function splitByFile({ counts, ranges, ids }: CutChunks): CutChunk[][] {
  const idText = Buffer.from(ids.buffer, ids.byteOffset, ids.length).toString('hex');
  const files: CutChunk[][] = [];
  let index = 0;
  for (const count of counts) {
    const chunks: CutChunk[] = [];
    for (const end = index + count; index < end; index += 1) {
      chunks.push({
        id: idText.slice(index * 2 * ID_BYTES, (index + 1) * 2 * ID_BYTES) as ChunkId,
        offsetBytes: ranges[2 * index] ?? 0,
        sizeBytes: ranges[2 * index + 1] ?? 0,
      });
    }
    files.push(chunks);
  }
  return files;
}
