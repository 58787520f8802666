/**
 * @file Renewing and repacking as a person asks for them: by a call that waits for the end, or as a
 * task that goes on when the caller has left. Both do the same.
 */
import type { CompactionReport, Cost, RenewalPlan, RenewalReport } from '#contract/storage-api.ts';
import type { TaskProgress } from '#contract/task-api.ts';
import type { Compacting } from './compacting.ts';
import { spentSoFar, type EngineParts } from './engine-parts.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { addCosts, NOTHING } from './renewal/forecast.ts';
import { planRenewal, refuseRisen, renew } from './renewing.ts';

export interface MoneyWorkOptions {
  readonly signal: AbortSignal;
  readonly onBlobs?: (blobs: NonNullable<TaskProgress['blobs']>) => void;
  /** What a person was shown and has agreed to. */
  readonly walFrostMax?: bigint | undefined;
}

/** Renew what is due, of one folder or of all. What is repacked first need not be extended. */
export async function repackAndRenew(
  parts: EngineParts,
  compacting: Compacting,
  folder: FolderRecord | undefined,
  { signal, onBlobs, walFrostMax }: MoneyWorkOptions,
): Promise<RenewalReport> {
  if (walFrostMax !== undefined) {
    const { cost } = await planRepackedRenewal(parts, compacting, folder, signal);
    refuseRisen(cost.walFrost, walFrostMax);
  }
  const before = spentSoFar(parts.index);
  const compaction = await compacting.runQuietly(folder, signal);
  const spent = compaction ? spentSince(parts.index, before) : NOTHING;
  const report = await renew(parts, folder, signal, {
    onBlobs,
    walFrostMax: restOf(walFrostMax, compaction?.cost, spent),
  });
  return {
    ...report,
    compaction,
    cost: addCosts(report.cost, compaction?.cost ?? NOTHING),
    executed: addCosts(report.executed, spent),
  };
}

/** What that would do now, and cost. */
export async function planRepackedRenewal(
  parts: EngineParts,
  compacting: Compacting,
  folder: FolderRecord | undefined,
  signal: AbortSignal,
): Promise<RenewalPlan> {
  const { compaction, leaving } = await compacting.planned(folder, signal);
  const plan = await planRenewal(parts, folder, signal, leaving);
  return { ...plan, compaction, cost: addCosts(plan.cost, compaction?.cost ?? NOTHING) };
}

/** What is left for the renewal. That repacking cost more than was planned is not its fault. */
function restOf(
  walFrostMax: bigint | undefined,
  planned: Cost | undefined,
  spent: Cost,
): bigint | undefined {
  if (walFrostMax === undefined || !planned) return walFrostMax;
  const least = planned.walFrost < spent.walFrost ? planned.walFrost : spent.walFrost;
  return walFrostMax > least ? walFrostMax - least : 0n;
}

function spentSince(index: LocalIndex, before: Cost): Cost {
  const after = spentSoFar(index);
  return {
    walFrost: after.walFrost - before.walFrost,
    gasMist: after.gasMist - before.gasMist,
  };
}

/** Repack what saves something, of one folder or of all. */
export async function repack(
  { index }: EngineParts,
  compacting: Compacting,
  folder: FolderRecord | undefined,
  { signal, onBlobs, walFrostMax }: MoneyWorkOptions,
): Promise<CompactionReport> {
  if (walFrostMax !== undefined) {
    const planned = await compacting.plan(folder, signal);
    refuseRisen(planned?.cost.walFrost ?? 0n, walFrostMax);
  }
  const before = spentSoFar(index);
  const compaction = await compacting.run(folder, signal, onBlobs);
  return { compaction, spent: spentSince(index, before) };
}
