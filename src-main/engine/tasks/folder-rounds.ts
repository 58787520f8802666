/**
 * @file Syncs one folder whenever it is due, as long as the engine runs.
 *
 * Due times are moments of the wall clock and timers only wake this up to look at it: a timer
 * stands still while the machine sleeps. What was missed meanwhile is due at the first look after
 * waking, and is done once.
 */
import type { FolderStatus } from '#contract/api.ts';
import type { Clock } from '../ports/ports.ts';
import { dueAtMs, type FolderPast, type Timing } from './schedule.ts';

/** How long a wait may be before the wall clock is looked at again. */
const TICK_MS = 60_000;
/** Paths that are told apart; beyond, changes are only known to be many. */
const PATHS_COUNTED_MAX = 10_000;

export interface FolderRoundsOptions {
  readonly clock: Clock;
  /** As they are now: a person may change them. */
  readonly timing: () => Timing;
  /** Resolves when nothing is in the way of what begins by itself. */
  readonly untilAllowed: (signal: AbortSignal) => Promise<void>;
  /** Sync the folder. Never throws; how it went comes by `began` and `ended`. */
  readonly sync: (signal: AbortSignal) => Promise<void>;
  /** What `waiting` tells has changed. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

interface Noticed {
  firstAtMs: number;
  lastAtMs: number;
  /** With the size of each, once it is known. */
  readonly paths: Map<string, number>;
}

export class FolderRounds {
  readonly #options: FolderRoundsOptions;
  #scannedAtMs: number | undefined;
  #retryAtMs: number | undefined;
  #noticed: Noticed | undefined;
  /** What the sync under way sees. */
  #looking: Noticed | undefined;
  /** What syncs that failed should have seen. It waits for the next attempt, which has its time. */
  readonly #carried = new Set<string>();
  #endedCount = 0;
  #wake = new AbortController();

  constructor(options: FolderRoundsOptions) {
    this.#options = options;
  }

  /** Until the signal ends it. */
  async run(): Promise<void> {
    const { clock, untilAllowed, sync, signal } = this.#options;
    while (!signal.aborted) {
      await untilAllowed(signal);
      const nowMs = clock.nowMs();
      const waitMs = this.#dueAtMs(nowMs) - nowMs;
      if (waitMs > 0) {
        await this.#sleep(Math.min(waitMs, TICK_MS));
        continue;
      }
      const count = this.#endedCount;
      await sync(signal);
      // One that was given up before it began is not tried again at once.
      if (this.#endedCount === count) this.ended({ isDone: false, retryAtMs: undefined });
    }
  }

  /**
   * The watcher has seen changes; without paths anything may have changed. Returns when the first
   * of those that wait was seen.
   */
  noticed(paths: readonly string[]): number {
    const nowMs = this.#options.clock.nowMs();
    this.#noticed ??= { firstAtMs: nowMs, lastAtMs: nowMs, paths: new Map() };
    this.#noticed.lastAtMs = nowMs;
    for (const path of paths) {
      if (this.#noticed.paths.size >= PATHS_COUNTED_MAX) break;
      if (!this.#noticed.paths.has(path)) this.#noticed.paths.set(path, 0);
    }
    const { firstAtMs } = this.#noticed;
    this.look();
    this.#options.onChange();
    return firstAtMs;
  }

  /** How large a path is that was noticed, if it still waits. */
  measured(path: string, sizeBytes: number): void {
    if (!this.#noticed?.paths.has(path)) return;
    this.#noticed.paths.set(path, sizeBytes);
    this.look();
  }

  /** A sync of the folder has begun, whoever asked for it: it sees what was noticed so far. */
  began(): void {
    this.#looking = this.#noticed;
    this.#noticed = undefined;
  }

  ended(outcome: { readonly isDone: boolean; readonly retryAtMs: number | undefined }): void {
    this.#endedCount += 1;
    this.#scannedAtMs = this.#options.clock.nowMs();
    this.#retryAtMs = outcome.retryAtMs;
    if (outcome.isDone) this.#carried.clear();
    else for (const path of this.#looking?.paths.keys() ?? []) this.#carried.add(path);
    this.#looking = undefined;
    this.#options.onChange();
  }

  /** Look at the clock now: the machine has woken, or settings have changed. */
  look(): void {
    this.#wake.abort();
  }

  /** What kept the last sync from its end may have passed. */
  retryNow(): void {
    if (this.#retryAtMs === undefined) return;
    this.#retryAtMs = this.#options.clock.nowMs();
    this.look();
  }

  /** Changes that wait, and for how long. */
  waiting(): Pick<NonNullable<FolderStatus['waiting']>, 'changes' | 'nextCommitAtMs'> | undefined {
    const changes = new Set([
      ...(this.#noticed?.paths.keys() ?? []),
      ...(this.#looking?.paths.keys() ?? []),
      ...this.#carried,
    ]).size;
    if (changes === 0) return undefined;
    const nowMs = this.#options.clock.nowMs();
    return { changes, nextCommitAtMs: this.#dueAtMs(nowMs) };
  }

  #dueAtMs(nowMs: number): number {
    const past: FolderPast = {
      scannedAtMs: this.#scannedAtMs,
      retryAtMs: this.#retryAtMs,
      changes: this.#noticed && { ...this.#noticed, bytes: sumOf(this.#noticed.paths.values()) },
    };
    return dueAtMs(past, this.#options.timing(), nowMs);
  }

  async #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    this.#wake = new AbortController();
    try {
      await clock.sleep(ms, AbortSignal.any([signal, this.#wake.signal]));
    } catch (error) {
      if (!this.#wake.signal.aborted) throw error;
    }
  }
}

const sumOf = (sizes: Iterable<number>): number => {
  let sum = 0;
  for (const size of sizes) sum += size;
  return sum;
};
