/**
 * @file How fast bytes go to and come from the storage nodes at the moment, all together.
 *
 * Only for patience: with many megabytes under way over a slow line an answer takes minutes and
 * nothing is wrong, over a fast one seconds mean that a node hangs.
 */
import type { Clock } from '#engine/ports/ports.ts';

/** Assumed before anything was measured. */
const INITIAL_BYTES_PER_SECOND = 1024 * 1024;
/** The slowest line that is waited for. */
const MIN_BYTES_PER_SECOND = 32 * 1024;
/** Shorter stretches say little. */
const WINDOW_MS = 500;
/** Weight of the newest stretch. */
const SMOOTHING = 0.3;
/** Others share the line unevenly; one may take this many times its share. */
const PATIENCE_FACTOR = 4;

export class TransferRate {
  #bytesPerSecond = INITIAL_BYTES_PER_SECOND;
  #windowBytes = 0;
  #windowStartedAtMs: number;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#windowStartedAtMs = clock.monotonicMs();
  }

  /** The first request after a pause: the pause says nothing about the line. */
  resumed(): void {
    this.#windowBytes = 0;
    this.#windowStartedAtMs = this.#clock.monotonicMs();
  }

  transferred(bytes: number): void {
    this.#windowBytes += bytes;
    const elapsedMs = this.#clock.monotonicMs() - this.#windowStartedAtMs;
    if (elapsedMs < WINDOW_MS) return;
    const measured = (this.#windowBytes / elapsedMs) * 1000;
    this.#bytesPerSecond += SMOOTHING * (measured - this.#bytesPerSecond);
    this.resumed();
  }

  /** An answer did not come in time: perhaps the line is slower than thought. */
  timedOut(): void {
    this.#bytesPerSecond /= 2;
  }

  /** How long `bytes` under way may reasonably take, in milliseconds. */
  patienceMs(bytes: number): number {
    const bytesPerSecond = Math.max(this.#bytesPerSecond, MIN_BYTES_PER_SECOND);
    return (bytes / bytesPerSecond) * 1000 * PATIENCE_FACTOR;
  }
}
