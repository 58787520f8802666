/**
 * @file When a node recovers which blob: one at a time, not while its writer still uploads, and
 * again later where others could not help.
 */
import type { BlobId } from '#engine/model/ids.ts';

/** Waiting doubles with each failure, up to this. */
const RETRY_MS_MAX = 5 * 60_000;
/** Uploads remembered; older ones are over. */
const UPLOADS_MAX = 4096;

interface Entry {
  dueAtMs: number;
  failureCount: number;
}

export interface RecoveryQueueOptions {
  /** After the last upload or the certification, whichever is later: the writer's tail. */
  readonly quietMs: number;
  readonly nowMs: () => number;
  /** Recover a blob. False: not complete, try again later. */
  readonly recover: (blobId: BlobId, signal: AbortSignal) => Promise<boolean>;
  readonly onFailure: (error: unknown) => void;
}

export class RecoveryQueue {
  readonly #options: RecoveryQueueOptions;
  readonly #entries = new Map<BlobId, Entry>();
  readonly #lastUploadMs = new Map<BlobId, number>();
  #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: RecoveryQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Something of the blob has just arrived from its writer. */
  noteUpload(blobId: BlobId): void {
    this.#lastUploadMs.delete(blobId);
    this.#lastUploadMs.set(blobId, this.#options.nowMs());
    if (this.#lastUploadMs.size > UPLOADS_MAX) {
      const [oldest] = this.#lastUploadMs.keys();
      if (oldest !== undefined) this.#lastUploadMs.delete(oldest);
    }
  }

  /** Recover a blob after the quiet time, or `now`. */
  add(blobId: BlobId, when: 'after-quiet' | 'now'): void {
    const delayMs = when === 'now' ? 0 : this.#options.quietMs;
    const dueAtMs = this.#options.nowMs() + delayMs;
    const entry = this.#entries.get(blobId);
    if (entry) entry.dueAtMs = Math.min(entry.dueAtMs, dueAtMs);
    else this.#entries.set(blobId, { dueAtMs, failureCount: 0 });
    if (when === 'now') this.#lastUploadMs.delete(blobId);
    this.#schedule();
  }

  remove(blobId: BlobId): void {
    this.#entries.delete(blobId);
    this.#lastUploadMs.delete(blobId);
  }

  /** Give up what is under way and forget the rest. The queue can be used again afterwards. */
  async clear(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#entries.clear();
    this.#lastUploadMs.clear();
    this.#stopping.abort();
    await this.#running;
    this.#stopping = new AbortController();
  }

  #schedule(): void {
    if (this.#running) return;
    clearTimeout(this.#timer);
    const dueAtMs = Math.min(...[...this.#entries.values()].map((entry) => entry.dueAtMs));
    if (dueAtMs === Infinity) return;
    const inMs = Math.max(0, dueAtMs - this.#options.nowMs());
    this.#timer = setTimeout(() => {
      this.#running = this.#work().finally(() => {
        this.#running = undefined;
        if (!this.#stopping.signal.aborted) this.#schedule();
      });
    }, inMs);
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    for (let next = this.#nextDue(); next && !signal.aborted; next = this.#nextDue()) {
      const [blobId, entry] = next;
      const isComplete = await this.#options.recover(blobId, signal).catch((error: unknown) => {
        if (!signal.aborted) this.#options.onFailure(error);
        return false;
      });
      if (signal.aborted) return;
      if (isComplete) this.remove(blobId);
      else this.#postpone(entry);
    }
  }

  /** A blob whose time has come. One whose writer is still busy is put off instead. */
  #nextDue(): readonly [BlobId, Entry] | undefined {
    const nowMs = this.#options.nowMs();
    for (const [blobId, entry] of this.#entries) {
      if (entry.dueAtMs > nowMs) continue;
      const quietAtMs = (this.#lastUploadMs.get(blobId) ?? -Infinity) + this.#options.quietMs;
      if (quietAtMs <= nowMs) return [blobId, entry];
      entry.dueAtMs = quietAtMs;
    }
    return undefined;
  }

  #postpone(entry: Entry): void {
    const base = Math.max(1000, this.#options.quietMs);
    const delayMs = Math.min(RETRY_MS_MAX, base * 2 ** entry.failureCount);
    entry.failureCount += 1;
    entry.dueAtMs = this.#options.nowMs() + delayMs;
  }
}
