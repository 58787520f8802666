/**
 * @file How fast a task goes and how long it will still take, from what was done of late.
 *
 * Pure: times are given. A window that slides keeps a slow start or a long pause from being
 * believed for the rest of the way.
 */

/** What lies further back says nothing about now. */
const WINDOW_MS = 15_000;
/** Shorter than this, a rate is a guess. */
const SPAN_MS_MIN = 1_000;
/** Samples closer together are one: the window then holds at most this many of them. */
const SAMPLE_EVERY_MS = 100;

export interface Done {
  readonly bytes: number;
  readonly files: number;
}

interface Sample extends Done {
  readonly atMs: number;
}

export class ProgressRate {
  #samples: Sample[] = [];

  /** So much is done now. Less than before means that something new has begun. */
  add(atMs: number, done: Done): void {
    const last = this.#samples.at(-1);
    if (last && (done.bytes < last.bytes || done.files < last.files)) this.#samples = [];
    const before = this.#samples.at(-2);
    // The newest sample moves along until it is far enough from the one before it.
    if (before && atMs - before.atMs < SAMPLE_EVERY_MS) this.#samples.pop();
    this.#samples.push({ atMs, ...done });
    while ((this.#samples[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Undefined while it is not known. */
  bytesPerSecond(nowMs: number): number | undefined {
    return this.#perSecond(nowMs, 'bytes');
  }

  /** Time for what is left: by bytes, or by files where no bytes are left to move. */
  remainingMs(nowMs: number, left: Partial<Done>): number | undefined {
    const unit = left.bytes !== undefined && left.bytes > 0 ? 'bytes' : 'files';
    const amount = left[unit];
    if (amount === undefined) return undefined;
    if (amount <= 0) return 0;
    const perSecond = this.#perSecond(nowMs, unit);
    return perSecond === undefined || perSecond <= 0 ? undefined : (amount / perSecond) * 1000;
  }

  /** Up to now, not up to the last sample: while nothing moves, the rate falls. */
  #perSecond(nowMs: number, unit: keyof Done): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last) return undefined;
    const spanMs = nowMs - first.atMs;
    return spanMs < SPAN_MS_MIN ? undefined : ((last[unit] - first[unit]) / spanMs) * 1000;
  }
}
