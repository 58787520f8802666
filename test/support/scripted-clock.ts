/**
 * @file A clock for tests of code that waits between tries: short waits pass at once and move
 * time, long ones (time limits) wait until the test says that time has passed.
 */
import type { Clock } from '#engine/ports/ports.ts';

export interface ScriptedClock extends Clock {
  /** Every short wait so far, in milliseconds. */
  readonly waitsMs: readonly number[];
  /** Let all long waits end. */
  expireLimits(): void;
}

/** `limitMs`: waits of at least this long are time limits. */
export function scriptedClock(limitMs = 20_000): ScriptedClock {
  const waitsMs: number[] = [];
  const pending = new Set<() => void>();
  let nowMs = 1_800_000_000_000;
  return {
    waitsMs,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep(ms, signal) {
      signal?.throwIfAborted();
      if (ms < limitMs) {
        waitsMs.push(ms);
        nowMs += ms;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const end = (): void => {
          pending.delete(end);
          nowMs += ms;
          resolve();
        };
        pending.add(end);
        signal?.addEventListener(
          'abort',
          () => {
            pending.delete(end);
            reject(signal.reason as Error);
          },
          { once: true },
        );
      });
    },
    expireLimits() {
      for (const end of [...pending]) end();
    },
  };
}
