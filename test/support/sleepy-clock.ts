/**
 * @file A machine that sleeps: its timers stand still then, and its wall clock goes on.
 */
import type { Clock } from '#engine/ports/ports.ts';

export interface SleepyClock extends Clock {
  /** Time passes while the machine is awake: what waits is woken when it is due. */
  pass(ms: number): Promise<void>;
  /** The machine sleeps: only the wall clock goes on. */
  suspend(ms: number): void;
}

/** Let everything that was begun come to its next wait. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function sleepyClock(startMs: number): SleepyClock {
  let wallMs = startMs;
  let runningMs = 0;
  const sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>();
  return {
    nowMs: () => wallMs,
    monotonicMs: () => runningMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sleeper = {
          dueMs: runningMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    pass: async (ms) => {
      await settle();
      const endMs = runningMs + ms;
      for (;;) {
        const next = Math.min(...[...sleepers].map(({ dueMs }) => dueMs), endMs);
        wallMs += Math.max(0, next - runningMs);
        runningMs = Math.max(runningMs, next);
        for (const sleeper of [...sleepers]) if (sleeper.dueMs <= runningMs) sleeper.wake();
        await settle();
        if (runningMs >= endMs) return;
      }
    },
    suspend: (ms) => {
      wallMs += ms;
    },
  };
}
