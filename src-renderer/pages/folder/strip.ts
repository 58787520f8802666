/** @file Snapshots on a line of time: where each stands, and which one is nearest to a point. Pure. */
import type { SnapshotSummary } from '#contract/api.ts';

/** Marks closer together than this share of the line are drawn as one, higher. */
const MARKS_MAX = 160;

export interface Mark {
  /** From 0, the oldest moment, to 1, the newest. */
  readonly at: number;
  readonly count: number;
}

/** Oldest first: along the line. */
export function byTime(snapshots: readonly SnapshotSummary[]): readonly SnapshotSummary[] {
  return [...snapshots].sort((a, b) => a.atMs - b.atMs || a.sequence - b.sequence);
}

/** Where a moment stands on the line; a line of one moment has it at its end. */
export function placeOf(atMs: number, ordered: readonly SnapshotSummary[]): number {
  const first = ordered[0]?.atMs ?? 0;
  const last = ordered.at(-1)?.atMs ?? 0;
  return last === first ? 1 : (atMs - first) / (last - first);
}

export function marksOf(ordered: readonly SnapshotSummary[]): readonly Mark[] {
  const counts = new Map<number, number>();
  for (const { atMs } of ordered) {
    const slot = Math.round(placeOf(atMs, ordered) * MARKS_MAX);
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  return [...counts].map(([slot, count]) => ({ at: slot / MARKS_MAX, count }));
}

/** The snapshot whose moment is nearest to a place on the line; of equals the later one. */
export function nearestTo(place: number, ordered: readonly SnapshotSummary[]): number {
  let best = -1;
  let bestDistance = Infinity;
  ordered.forEach(({ atMs }, index) => {
    const distance = Math.abs(placeOf(atMs, ordered) - place);
    if (distance <= bestDistance) {
      best = index;
      bestDistance = distance;
    }
  });
  return best;
}
