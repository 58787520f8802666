/**
 * @file Decides which segments of a pack index are merged when one is added.
 *
 * Pure. A snapshot names at most twelve segments, so that a blank machine reads few records. As
 * long as there is room a commit adds its own small segment and rewrites nothing. When there is
 * none, the newest segments are merged, and on through the older ones as long as the next is no
 * larger than what is gathered: so sizes fall off steeply from old to new, and over 20,000 commits
 * an entry is written seven times (fixed levels of ratio eight, which have to be merged before they
 * are full to keep to twelve, wrote it nineteen times).
 *
 * Only the newest segments are merged, never an older one across a newer one: of two entries for
 * the same chunk the newer one is right, since a chunk may have moved to another pack.
 */

/** Segments a snapshot names. */
export const SEGMENTS_MAX = 12;

/** The oldest `keepCount` segments stay; the others become one with the new entries. */
export interface SegmentMergePlan {
  readonly keepCount: number;
  readonly mergeCount: number;
}

/**
 * Plan what happens to the existing segments when `newEntryCount` entries are added.
 *
 * `entryCounts` are those of the existing segments, oldest first, as a snapshot names them. With
 * the segment that is added there are then at most SEGMENTS_MAX.
 */
export function planSegmentMerge(
  entryCounts: readonly number[],
  newEntryCount: number,
): SegmentMergePlan {
  let keepCount = entryCounts.length;
  let size = newEntryCount;
  while (keepCount + 1 > SEGMENTS_MAX) {
    do {
      keepCount -= 1;
      size += entryCounts[keepCount] ?? 0;
    } while (keepCount > 0 && (entryCounts[keepCount - 1] ?? 0) <= size);
  }
  return { keepCount, mergeCount: entryCounts.length - keepCount };
}
