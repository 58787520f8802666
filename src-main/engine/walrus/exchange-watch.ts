/**
 * @file Looks after requests under way: silence makes them stalled, a deadline ends them.
 *
 * One loop for all requests of all nodes instead of a timer each: two thousand small requests a
 * blob are usual. The loop runs only while there is something to watch.
 */
import type { Clock } from '#engine/ports/ports.ts';
import { LATENCY_SAMPLES_MAX, WATCH_INTERVAL_MS, type Limits } from './limits.ts';

/** A request under way. Times are of the monotonic clock. */
export interface WatchedExchange {
  lastByteAtMs: number;
  deadlineAtMs: number;
  isStalled: boolean;
  /** Called once, after silence longer than usual. The request itself goes on. */
  onStall(): void;
  onDeadline(): void;
}

/** A request whose first byte comes later than this many usual times is stalled. */
const STALL_FACTOR = 4;
/** A loop this late was not merely busy: the machine slept, and deadlines move along. */
const SLEPT_MS = 2_000;

export interface ExchangeWatch {
  add(exchange: WatchedExchange): void;
  remove(exchange: WatchedExchange): void;
  /** Remember how long a first byte took. */
  observe(firstByteMs: number): void;
  /** Silence that counts as a stall now. */
  stallAfterMs(): number;
}

export function openExchangeWatch(clock: Clock, stallMs: Limits['stallMs']): ExchangeWatch {
  const live = new Set<WatchedExchange>();
  const samples: number[] = [];
  let sampleCount = 0;
  let isRunning = false;
  let stallAfterMs = stallMs.initial;

  const observe = (firstByteMs: number): void => {
    samples[sampleCount % LATENCY_SAMPLES_MAX] = firstByteMs;
    sampleCount += 1;
    // Sorting 128 numbers now and then is cheap; on every answer it would not be.
    if (sampleCount % 16 === 0 || sampleCount === 4) {
      const sorted = samples.toSorted((a, b) => a - b);
      const usual = sorted[Math.floor(sorted.length * 0.9)] ?? stallMs.initial;
      stallAfterMs = Math.min(stallMs.max, Math.max(stallMs.min, usual * STALL_FACTOR));
    }
  };

  const look = (nowMs: number): void => {
    for (const exchange of live) {
      if (nowMs >= exchange.deadlineAtMs) {
        exchange.onDeadline();
      } else if (!exchange.isStalled && nowMs - exchange.lastByteAtMs > stallAfterMs) {
        exchange.isStalled = true;
        exchange.onStall();
      }
    }
  };

  const run = async (): Promise<void> => {
    let lookedAtMs = clock.monotonicMs();
    while (live.size > 0) {
      await clock.sleep(WATCH_INTERVAL_MS);
      const nowMs = clock.monotonicMs();
      const lateMs = nowMs - lookedAtMs - WATCH_INTERVAL_MS;
      // This process was busy or the machine slept: that silence is ours, not the nodes'.
      for (const exchange of lateMs > WATCH_INTERVAL_MS ? live : []) {
        exchange.lastByteAtMs += lateMs;
        if (lateMs > SLEPT_MS) exchange.deadlineAtMs += lateMs;
      }
      look(nowMs);
      lookedAtMs = nowMs;
    }
    isRunning = false;
  };

  return {
    add: (exchange) => {
      live.add(exchange);
      if (isRunning) return;
      isRunning = true;
      void run();
    },
    remove: (exchange) => live.delete(exchange),
    observe,
    stallAfterMs: () => stallAfterMs,
  };
}
