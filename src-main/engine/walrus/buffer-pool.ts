/**
 * @file Memory for bodies that is used again and again.
 *
 * A blob is uploaded as several times its size in slivers. A buffer for each of them would be
 * garbage that V8 has to look for: it collects after every 64 MiB of such buffers, whatever else
 * is in memory, and that cost a third of the engine's processor time.
 */

/** Buffers below this size come from Node's own slab. */
const STEP_BYTES_MIN = 4 * 1024;
/** Capacities are rounded up by at most an eighth, so that blobs of like size share buffers. */
const STEPS_PER_DOUBLING = 8;

export class BufferPool {
  readonly #bytesMax: number;
  /** Free buffers by capacity; the capacity used last stands last. */
  readonly #free = new Map<number, Uint8Array[]>();
  #freeBytes = 0;

  /** `bytesMax` bounds what is kept, not what is taken. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** A buffer of `sizeBytes` or somewhat more, with anything in it. */
  take(sizeBytes: number): Uint8Array {
    const capacity = capacityFor(sizeBytes);
    const kept = this.#free.get(capacity)?.pop();
    if (kept === undefined) return Buffer.allocUnsafeSlow(capacity);
    this.#freeBytes -= capacity;
    return kept;
  }

  /** Give back what `take` gave, or a part of it. Nobody reads or writes any of it any more. */
  give(part: Uint8Array): void {
    const isWhole = part.length === part.buffer.byteLength;
    const buffer = isWhole ? part : new Uint8Array(part.buffer);
    const capacity = buffer.length;
    // Something else than `take` gave: an empty answer, for instance.
    if (capacity === 0 || capacity !== capacityFor(capacity)) return;
    const list = this.#free.get(capacity) ?? [];
    list.push(buffer);
    this.#free.delete(capacity);
    this.#free.set(capacity, list);
    this.#freeBytes += capacity;
    for (const [size, oldest] of this.#free) {
      while (this.#freeBytes > this.#bytesMax && oldest.pop() !== undefined) {
        this.#freeBytes -= size;
      }
      if (oldest.length === 0) this.#free.delete(size);
      if (this.#freeBytes <= this.#bytesMax) return;
    }
  }
}

function capacityFor(sizeBytes: number): number {
  const doubling = 2 ** Math.floor(Math.log2(Math.max(sizeBytes, 1)));
  const step = Math.max(STEP_BYTES_MIN, doubling / STEPS_PER_DOUBLING);
  return Math.ceil(sizeBytes / step) * step;
}
