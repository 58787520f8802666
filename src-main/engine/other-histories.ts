/**
 * @file What the histories of the other devices stand on: snapshots of this one that theirs follow.
 *
 * Nothing of it is forgotten, and nothing is on a guess: whoever cannot be read now may stand on
 * anything.
 */
import { isUnreadable } from './catalog.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Head } from './heads.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { EngineError } from './model/engine-error.ts';
import type { ObjectId, SnapshotId } from './model/ids.ts';

interface Standing {
  /** Snapshots that another device's newest one follows: where the histories parted. */
  readonly ids: ReadonlySet<SnapshotId>;
  /** Why it cannot be told of a device now; undefined when all have told. */
  readonly problem: EngineError | undefined;
}

async function standingOf(
  parts: EngineParts,
  folder: FolderRecord,
  others: readonly Head[],
  signal: AbortSignal,
): Promise<Standing> {
  const ids = new Set<SnapshotId>();
  let problem: EngineError | undefined;
  for (const { part } of others.flatMap(({ folders }) => folders)) {
    if (part.folderId !== folder.folderId || part.removed) continue;
    try {
      const { snapshot } = await parts.catalog.record(part.snapshot, signal);
      for (const { snapshotId } of snapshot.parents) ids.add(snapshotId);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      // On what has ended nothing stands any more.
      if (await isStored(parts, part.snapshot.blobObjectId, signal)) problem = error;
    }
  }
  return { ids, problem };
}

async function isStored(
  { chain }: EngineParts,
  blobObjectId: ObjectId,
  signal: AbortSignal,
): Promise<boolean> {
  const { epoch } = await chain.readSystem({ signal });
  const blob = (await chain.readBlobObjects([blobObjectId], { signal })).get(blobObjectId);
  return blob !== undefined && blob.endEpoch > epoch;
}

/** What is not to be forgotten for the sake of others; while one cannot tell, that is everything. */
export async function keptForOthers(
  parts: EngineParts,
  folder: FolderRecord,
  others: readonly Head[],
  signal: AbortSignal,
): Promise<ReadonlySet<SnapshotId>> {
  const { ids, problem } = await standingOf(parts, folder, others, signal);
  if (!problem) return ids;
  parts.options.logger.warn('nothing is forgotten: a snapshot of another device is unreadable', {
    code: problem.code,
  });
  return new Set(parts.index.snapshots.all(folder.folderId).map(({ snapshotId }) => snapshotId));
}

/**
 * Snapshots that the history of another device stands on.
 *
 * @throws EngineError that says why a device's newest snapshot cannot be read now
 */
export async function standingSnapshots(
  parts: EngineParts,
  folder: FolderRecord,
  others: readonly Head[],
  signal: AbortSignal,
): Promise<ReadonlySet<SnapshotId>> {
  const { ids, problem } = await standingOf(parts, folder, others, signal);
  if (problem) throw problem;
  return ids;
}
