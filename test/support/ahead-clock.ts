/** @file Time that a test lets pass at once. */
import type { Clock } from '#engine/ports/ports.ts';
import { systemClock } from '#platform/system-clock.ts';

/**
 * A machine clock that runs ahead of the real one, by as much as the test says. As after a sleep of
 * the machine, only the wall clock shows it.
 */
export class AheadClock implements Clock {
  aheadMs = 0;
  nowMs(): number {
    return systemClock.nowMs() + this.aheadMs;
  }
  monotonicMs(): number {
    return systemClock.monotonicMs();
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}
