/**
 * @file Renewing and repacking as a person asks for them: by a call that waits for the end, or as a
 * task that goes on when the caller has left. Both do the same.
 */
import type { CompactionReport, RenewalReport } from '#contract/storage-api.ts';
import type { TaskProgress } from '#contract/task-api.ts';
import type { Compacting } from './compacting.ts';
import { spentSoFar, type EngineParts } from './engine-parts.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { renew } from './renewing.ts';

export interface MoneyWorkOptions {
  readonly signal: AbortSignal;
  readonly onBlobs?: (blobs: NonNullable<TaskProgress['blobs']>) => void;
}

/** Renew what is due, of one folder or of all. What is repacked first need not be extended. */
export async function repackAndRenew(
  parts: EngineParts,
  compacting: Compacting,
  folder: FolderRecord | undefined,
  { signal, onBlobs }: MoneyWorkOptions,
): Promise<RenewalReport> {
  const compaction = await compacting.runQuietly(folder, signal);
  return { ...(await renew(parts, folder, signal, onBlobs)), compaction };
}

/** Repack what saves something, of one folder or of all. */
export async function repack(
  { index }: EngineParts,
  compacting: Compacting,
  folder: FolderRecord | undefined,
  { signal, onBlobs }: MoneyWorkOptions,
): Promise<CompactionReport> {
  const before = spentSoFar(index);
  const compaction = await compacting.run(folder, signal, onBlobs);
  const after = spentSoFar(index);
  return {
    compaction,
    spent: {
      walFrost: after.walFrost - before.walFrost,
      gasMist: after.gasMist - before.gasMist,
    },
  };
}
