/**
 * @file Reads packs from the network: ranges of them, or whole when much of one is wanted.
 *
 * A range costs at least one sliver; the third read of a pack therefore fetches all of it, and the
 * last few packs stay in memory. Several callers may want one pack at the same time: it is fetched
 * once, and goes on as long as one of them still waits for it.
 */
import type { IndexedPack } from '../archive/pack-index.ts';
import type { BlobId } from '../model/ids.ts';
import type { Memory } from './memory.ts';

/** Whole packs kept in memory. */
const PACKS_KEPT_MAX = 2;
/** Range reads of one pack after which it is fetched whole. */
const RANGE_READS_MAX = 2;
/** Packs whose range reads are counted; the oldest count is forgotten. */
const PACKS_COUNTED_MAX = 256;

export interface BlobReader {
  /** The bytes lie in `memory`, where it is given. */
  readBlob(blobId: BlobId, signal: AbortSignal | undefined, memory?: Memory): Promise<Uint8Array>;
  readRange(
    blobId: BlobId,
    offset: number,
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array>;
}

/** A pack that is being fetched, or is here. */
interface WholePack {
  readonly bytes: Promise<Uint8Array>;
  readonly end: AbortController;
  waiting: number;
}

export class PackReader {
  readonly #blobs: BlobReader;
  readonly #whole = new Map<BlobId, WholePack>();
  readonly #rangeReads = new Map<BlobId, number>();

  constructor(blobs: BlobReader) {
    this.#blobs = blobs;
  }

  /** All bytes of a pack. */
  async readWhole({ blobId }: IndexedPack, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const whole = this.#whole.get(blobId) ?? this.#fetch(blobId);
    whole.waiting += 1;
    try {
      return await unlessAborted(whole.bytes, signal);
    } finally {
      whole.waiting -= 1;
      if (whole.waiting === 0 && signal?.aborted) {
        // Of no effect on one that is here already, but for its being fetched again.
        whole.end.abort(signal.reason);
        this.#drop(blobId, whole);
      }
    }
  }

  /** All bytes of a pack that one caller wants: in the caller's memory, unless they are here. */
  async readWholeInto(
    pack: IndexedPack,
    memory: Memory,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    if (this.#whole.has(pack.blobId)) return this.readWhole(pack, signal);
    return this.#blobs.readBlob(pack.blobId, signal, memory);
  }

  async readRange(
    pack: IndexedPack,
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const { blobId } = pack;
    if (this.#whole.has(blobId) || this.#countRead(blobId) > RANGE_READS_MAX) {
      const whole = await this.readWhole(pack, signal);
      return whole.subarray(offset, offset + length);
    }
    return this.#blobs.readRange(blobId, offset, length, signal);
  }

  /** Let go of a pack that is done with. */
  forget({ blobId }: IndexedPack): void {
    this.#whole.delete(blobId);
    this.#rangeReads.delete(blobId);
  }

  #fetch(blobId: BlobId): WholePack {
    const end = new AbortController();
    const whole = { bytes: this.#blobs.readBlob(blobId, end.signal), end, waiting: 0 };
    whole.bytes.catch(() => this.#drop(blobId, whole));
    this.#whole.set(blobId, whole);
    for (const oldest of this.#whole.keys()) {
      if (this.#whole.size <= PACKS_KEPT_MAX) break;
      this.#whole.delete(oldest);
    }
    return whole;
  }

  #drop(blobId: BlobId, whole: WholePack): void {
    if (this.#whole.get(blobId) === whole) this.#whole.delete(blobId);
  }

  #countRead(blobId: BlobId): number {
    const reads = (this.#rangeReads.get(blobId) ?? 0) + 1;
    this.#rangeReads.delete(blobId);
    this.#rangeReads.set(blobId, reads);
    const [oldest] = this.#rangeReads.keys();
    if (this.#rangeReads.size > PACKS_COUNTED_MAX && oldest !== undefined) {
      this.#rangeReads.delete(oldest);
    }
    return reads;
  }
}

/** The promise's result, or the signal's reason if that comes first. */
async function unlessAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (!signal) return promise;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
