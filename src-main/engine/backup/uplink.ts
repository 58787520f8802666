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
export const RELAYED_FACT = 'packs-relayed-in-a-row';
/** Packs that go by a relay one after the other before one goes directly and measures the line. */
export const RELAYED_IN_A_ROW_MAX = 9;

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

  /** So many bytes took so long on their way to the storage nodes. */
  observe(bytes: number, elapsedMs: number): void {
    const measured = measuredRate(bytes, elapsedMs);
    if (measured !== undefined) this.#note(measured);
  }

  /**
   * A relay took so many bytes in that time. It may be what was slow, and must not look needed for
   * that: the line carries so much at least.
   */
  observeAtLeast(bytes: number, elapsedMs: number): void {
    const measured = measuredRate(bytes, elapsedMs);
    const before = this.bytesPerSecond;
    if (measured === undefined || before === undefined || measured <= before) return;
    this.#note(measured);
  }

  /** A pack was registered that goes this way. */
  countPack(way: 'direct' | 'relay'): void {
    const count = way === 'direct' ? 0 : this.#relayedInARow + 1;
    this.#index.writeFact(RELAYED_FACT, String(count));
  }

  /** Whether the next pack is to go directly, to see what the line carries now. */
  get isMeasuringDue(): boolean {
    return this.#relayedInARow >= RELAYED_IN_A_ROW_MAX;
  }

  get #relayedInARow(): number {
    return Number(this.#index.readFact(RELAYED_FACT) ?? 0);
  }

  #note(measured: number): void {
    const before = this.bytesPerSecond ?? measured;
    const now = Math.max(1, Math.round(before + SMOOTHING * (measured - before)));
    this.#index.writeFact(UPLINK_FACT, String(now));
  }
}

function measuredRate(bytes: number, elapsedMs: number): number | undefined {
  if (bytes < MEASURED_BYTES_MIN || elapsedMs < MEASURED_MS_MIN) return undefined;
  return (bytes / elapsedMs) * 1000;
}
