/** @file Time, from the machine. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '#engine/ports/ports.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      // The timer rejects with an error of its own; callers expect the reason that was given.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
