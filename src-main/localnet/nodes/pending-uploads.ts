/**
 * @file Uploads for blobs whose registration the node has not heard of yet (`pending=true`).
 *
 * In memory, bounded, short-lived. Production builds of real nodes keep them for 0 ms, that is
 * not at all; the room is there because a deployment may switch it on.
 */
import type { BlobId } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';

const SLIVERS_MAX = 4096;
const SLIVER_BYTES_TOTAL_MAX = 512 * 1024 * 1024;
const SLIVER_BYTES_MAX = 4 * 1024 * 1024;
const METADATA_MAX = 512;

export interface PendingSliver {
  readonly pair: number;
  readonly axis: SliverAxis;
  readonly bytes: Uint8Array;
}

interface PendingBlob {
  readonly metadata: Uint8Array;
  readonly insertedAtMs: number;
  readonly slivers: Map<string, PendingSliver>;
}

/** Whether something was taken in, was there already, or found no room. */
export type PendingOutcome = 'buffered' | 'present' | 'saturated';

export class PendingUploads {
  readonly #ttlMs: number;
  readonly #nowMs: () => number;
  readonly #blobs = new Map<BlobId, PendingBlob>();
  #sliverCount = 0;
  #sliverBytes = 0;

  constructor(options: { readonly ttlMs: number; readonly nowMs: () => number }) {
    this.#ttlMs = options.ttlMs;
    this.#nowMs = options.nowMs;
  }

  metadata(blobId: BlobId): Uint8Array | undefined {
    this.#dropExpired();
    return this.#blobs.get(blobId)?.metadata;
  }

  hasSliver(blobId: BlobId, pair: number, axis: SliverAxis): boolean {
    this.#dropExpired();
    return this.#blobs.get(blobId)?.slivers.has(sliverKey(pair, axis)) ?? false;
  }

  putMetadata(blobId: BlobId, metadata: Uint8Array): PendingOutcome {
    this.#dropExpired();
    if (this.#blobs.has(blobId)) return 'present';
    if (this.#ttlMs === 0 || this.#blobs.size >= METADATA_MAX) return 'saturated';
    this.#blobs.set(blobId, { metadata, insertedAtMs: this.#nowMs(), slivers: new Map() });
    return 'buffered';
  }

  /** Only for a blob whose metadata is buffered. */
  putSliver(blobId: BlobId, sliver: PendingSliver): PendingOutcome {
    const pending = this.#blobs.get(blobId);
    const size = sliver.bytes.length;
    if (
      !pending ||
      size > SLIVER_BYTES_MAX ||
      this.#sliverCount >= SLIVERS_MAX ||
      this.#sliverBytes + size > SLIVER_BYTES_TOTAL_MAX
    ) {
      return 'saturated';
    }
    const key = sliverKey(sliver.pair, sliver.axis);
    if (pending.slivers.has(key)) return 'present';
    pending.slivers.set(key, sliver);
    this.#sliverCount += 1;
    this.#sliverBytes += size;
    return 'buffered';
  }

  /** Take out what is buffered for a blob that was registered. */
  take(
    blobId: BlobId,
  ): { readonly metadata: Uint8Array; readonly slivers: readonly PendingSliver[] } | undefined {
    this.#dropExpired();
    const pending = this.#blobs.get(blobId);
    if (!pending) return undefined;
    this.#drop(blobId, pending);
    return { metadata: pending.metadata, slivers: [...pending.slivers.values()] };
  }

  #dropExpired(): void {
    const oldest = this.#nowMs() - this.#ttlMs;
    for (const [blobId, pending] of this.#blobs) {
      if (pending.insertedAtMs <= oldest) this.#drop(blobId, pending);
    }
  }

  #drop(blobId: BlobId, pending: PendingBlob): void {
    this.#blobs.delete(blobId);
    this.#sliverCount -= pending.slivers.size;
    for (const { bytes } of pending.slivers.values()) this.#sliverBytes -= bytes.length;
  }
}

function sliverKey(pair: number, axis: SliverAxis): string {
  return `${String(pair)}-${axis}`;
}
