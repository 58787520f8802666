/**
 * @file How fast the line carries bytes away, as uploads show it, kept over restarts.
 */
import type { LocalIndex } from '../local-index/local-index.ts';

export const UPLINK_FACT = 'uplink-bytes-per-second';
/** Less than this is gone into buffers before it is on the line. */
const MEASURED_BYTES_MIN = 2 * 1024 * 1024;
const MEASURED_MS_MIN = 50;
/** Weight of the newest upload. */
const SMOOTHING = 0.3;

export class Uplink {
  readonly #index: Pick<LocalIndex, 'readFact' | 'writeFact'>;

  constructor(index: Pick<LocalIndex, 'readFact' | 'writeFact'>) {
    this.#index = index;
  }

  /** Undefined until something large enough was sent. */
  get bytesPerSecond(): number | undefined {
    const known = Number(this.#index.readFact(UPLINK_FACT) ?? Number.NaN);
    return Number.isFinite(known) && known > 0 ? known : undefined;
  }

  /** So many bytes took so long. */
  observe(bytes: number, elapsedMs: number): void {
    if (bytes < MEASURED_BYTES_MIN || elapsedMs < MEASURED_MS_MIN) return;
    const measured = (bytes / elapsedMs) * 1000;
    const before = this.bytesPerSecond ?? measured;
    const now = Math.max(1, Math.round(before + SMOOTHING * (measured - before)));
    this.#index.writeFact(UPLINK_FACT, String(now));
  }
}
