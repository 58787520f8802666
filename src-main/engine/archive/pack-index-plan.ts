/**
 * @file Decides which segments of a pack index are merged when one is added.
 *
 * Pure. Levels grow by a ratio of eight: eight segments of a level become one of the next, so an
 * entry is written anew about once each time the index grows eightfold. A snapshot names at most
 * twelve segments, so that a blank machine reads few records; when levels alone would allow more,
 * the cheapest merge that keeps to it is made.
 *
 * Only the newest segments are merged, never an older one across a newer one: of two entries for
 * the same chunk the newer one is right, since a chunk may have moved to another pack.
 */

/** Segments a snapshot names. */
export const SEGMENTS_MAX = 12;
const LEVEL_RATIO = 8;
/** Level 0 ends here: merging anything smaller costs next to nothing. */
const LEVEL_0_ENTRIES = 512;

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
  for (;;) {
    const run = runLength(entryCounts, keepCount, levelOf(size));
    const isCrowded = run + 1 >= LEVEL_RATIO;
    if (!isCrowded && keepCount + 1 <= SEGMENTS_MAX) break;
    // Too many segments and none beside us of our level: take the next one with its own level.
    const through = Math.max(levelOf(size), levelOf(entryCounts[keepCount - 1] ?? 0));
    const count = isCrowded ? run : runLength(entryCounts, keepCount, through);
    for (let index = 0; index < count; index += 1) {
      keepCount -= 1;
      size += entryCounts[keepCount] ?? 0;
    }
  }
  return { keepCount, mergeCount: entryCounts.length - keepCount };
}

/** How many of the newest kept segments, in a row, are of at most `level`. */
function runLength(entryCounts: readonly number[], keepCount: number, level: number): number {
  let length = 0;
  while (length < keepCount && levelOf(entryCounts[keepCount - 1 - length] ?? 0) <= level) {
    length += 1;
  }
  return length;
}

function levelOf(entryCount: number): number {
  let level = 0;
  for (let size = LEVEL_0_ENTRIES; entryCount > size; size *= LEVEL_RATIO) level += 1;
  return level;
}
