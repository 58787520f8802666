/** @file A budget that refills: how many messages a window may send. */

export interface RateLimit {
  readonly perSecond: number;
  /** What may come at once after a quiet time. */
  readonly burst: number;
}

/** Gives a function that takes one from the budget, and says whether there was one. */
export function openBudget(limit: RateLimit, nowMs: () => number): () => boolean {
  let left = limit.burst;
  let atMs = nowMs();
  return () => {
    const now = nowMs();
    left = Math.min(limit.burst, left + ((now - atMs) / 1_000) * limit.perSecond);
    atMs = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
