/**
 * @file Reads packs from the network: ranges of them, or whole when much of one is wanted.
 *
 * A range costs at least one sliver; the third read of a pack therefore fetches all of it, and the
 * last few packs stay in memory.
 */
import type { IndexedPack } from '../archive/pack-index.ts';
import type { BlobId } from '../model/ids.ts';

/** Whole packs kept in memory. */
const PACKS_KEPT_MAX = 2;
/** Range reads of one pack after which it is fetched whole. */
const RANGE_READS_MAX = 2;

export interface BlobReader {
  readBlob(blobId: BlobId, signal: AbortSignal | undefined): Promise<Uint8Array>;
  readRange(
    blobId: BlobId,
    offset: number,
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array>;
}

export class PackReader {
  readonly #blobs: BlobReader;
  readonly #whole = new Map<BlobId, Promise<Uint8Array>>();
  readonly #rangeReads = new Map<BlobId, number>();

  constructor(blobs: BlobReader) {
    this.#blobs = blobs;
  }

  /** All bytes of a pack. */
  async readWhole(pack: IndexedPack, signal?: AbortSignal): Promise<Uint8Array> {
    const { blobId } = pack;
    let whole = this.#whole.get(blobId);
    if (whole === undefined) {
      whole = this.#blobs.readBlob(blobId, signal);
      this.#keep(blobId, whole);
    }
    try {
      return await whole;
    } catch (error) {
      this.#whole.delete(blobId);
      throw error;
    }
  }

  async readRange(
    pack: IndexedPack,
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const { blobId } = pack;
    const reads = (this.#rangeReads.get(blobId) ?? 0) + 1;
    this.#rangeReads.set(blobId, reads);
    if (reads > RANGE_READS_MAX || this.#whole.has(blobId)) {
      const whole = await this.readWhole(pack, signal);
      return whole.subarray(offset, offset + length);
    }
    return this.#blobs.readRange(blobId, offset, length, signal);
  }

  /** Let go of a pack that is done with. */
  forget(pack: IndexedPack): void {
    this.#whole.delete(pack.blobId);
  }

  #keep(blobId: BlobId, whole: Promise<Uint8Array>): void {
    this.#whole.set(blobId, whole);
    for (const oldest of this.#whole.keys()) {
      if (this.#whole.size <= PACKS_KEPT_MAX) break;
      this.#whole.delete(oldest);
    }
  }
}
