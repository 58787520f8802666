/**
 * @file Compaction of folders: what it would save, and doing it.
 *
 * Planned by price (compaction/plan.ts). Carried out as one commit a folder that takes what is
 * alive out of the packs chosen; giving them up follows when every device has seen it.
 */
import type { RenewalPlan } from '#contract/storage-api.ts';
import { entriesWithSnapshot, lastCommitOf, neededEntries } from './alive.ts';
import { packLimits } from './archive/limits.ts';
import {
  planCompaction,
  planSentence,
  type CompactionFacts,
  type CompactionPlan,
  type HeldPack,
} from './compaction/plan.ts';
import { committedBytes, habitOf } from './commit-economics.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderSyncing } from './folder-syncing.ts';
import { expectedGas, expectedPackGas } from './gas.ts';
import { markLeaving, SPARE_STORAGE_FACT } from './giving-up.ts';
import { reconcileHoldings } from './holdings.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { EngineError } from './model/engine-error.ts';
import type { BlobId, SnapshotId } from './model/ids.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { wouldForget } from './moves.ts';
import { endEpochFor } from './policy.ts';
import { packsOfCommit } from './protection.ts';
import { defaultHorizon, gridStep } from './renewal/horizon.ts';
import { retentionOf } from './retaining.ts';
import { CONDEMNED_MAX } from './archive/head.ts';

const YEAR_MS = 365 * 86_400_000;
/** What a MIST is taken to be worth, by caution: nobody is asked for a rate. */
const FROST_PER_MIST = 10n;
/** A snapshot, its footers, and what an entry and a pack take in the pack index. */
const SNAPSHOT_BYTES = 8 * 1024;
const ENTRY_BYTES = 44;
const PACK_BYTES = 69;

export interface FolderCompaction {
  readonly folder: FolderRecord;
  readonly plan: CompactionPlan;
}

/** What repacking each folder would save; those that it saves nothing for are left out. */
export async function planFolders(
  parts: EngineParts,
  folders: readonly FolderRecord[],
  system: WalrusSystem,
  signal: AbortSignal,
): Promise<FolderCompaction[]> {
  await reconcileHoldings(parts, system, signal);
  const plans: FolderCompaction[] = [];
  for (const folder of folders) {
    const { policy } = retentionOf(parts, folder);
    const forgets = await wouldForget(parts, folder, policy, signal);
    const plan = await planFolder(parts, folder, forgets, system, signal);
    if (plan) plans.push({ folder, plan });
  }
  return plans;
}

/** The same for one folder, as if the snapshots in `forgets` were gone. */
export async function planFolder(
  parts: EngineParts,
  folder: FolderRecord,
  forgets: ReadonlySet<SnapshotId>,
  system: WalrusSystem,
  signal: AbortSignal,
): Promise<CompactionPlan | undefined> {
  const contents = await packContents(parts, folder, forgets, signal);
  if (!contents) return undefined;
  const spareBytes = await spareStorageBytes(parts, system, signal);
  const facts = factsOf(parts, folder, contents, { system, spareBytes });
  return planCompaction(heldPacks(parts, contents, system), facts);
}

interface PackContents {
  /** Bytes in each pack of the folder that anything needs. */
  readonly liveBytes: ReadonlyMap<BlobId, number>;
  readonly entryCount: number;
}

/** What lies in the packs that the newest commit names; undefined without one. */
export async function packContents(
  parts: EngineParts,
  folder: FolderRecord,
  forgets: ReadonlySet<SnapshotId>,
  signal: AbortSignal,
): Promise<PackContents | undefined> {
  const commit = lastCommitOf(parts, folder);
  if (!commit) return undefined;
  const isNeeded = await neededEntries(parts, folder, commit, forgets, signal);
  const liveBytes = new Map<BlobId, number>(
    packsOfCommit(parts.index, commit).map(({ blobId }) => [blobId, 0]),
  );
  let entryCount = 0;
  for (const entry of entriesWithSnapshot(parts, commit)) {
    entryCount += 1;
    // The newest snapshot is written anew in any case.
    if (!isNeeded(entry) || entry.id === (commit.snapshotId as string)) continue;
    const { blobId } = entry.pack;
    liveBytes.set(blobId, (liveBytes.get(blobId) ?? 0) + entry.sizeBytes);
  }
  return { liveBytes, entryCount };
}

/** The packs that this account can extend or give up, with what the chain said of them last. */
function heldPacks(
  { index, account }: EngineParts,
  { liveBytes }: PackContents,
  system: WalrusSystem,
): HeldPack[] {
  const leaving = new Set(index.leaving.all().map(({ blobId }) => blobId));
  const packs = new Map(index.journal.all().map((pack) => [pack.packId, pack]));
  return index.blobs.all().flatMap((blob) => {
    const blobId = packs.get(blob.packId)?.blobId;
    const live = blobId === undefined ? undefined : liveBytes.get(blobId);
    const isOurs = blob.owner === account.address && !blob.isGone && !blob.isShared;
    const isLasting = blob.certifiedEpoch !== undefined && blob.endEpoch > system.epoch;
    if (!isOurs || !isLasting || blobId === undefined || live === undefined) return [];
    if (leaving.has(blobId)) return [];
    const { storageBytes, endEpoch, deletable } = blob;
    return [{ blobId, storageBytes, endEpoch, deletable, liveBytes: live }];
  });
}

/** Storage of this account that no blob uses. */
async function spareStorageBytes(
  { index, chain, account }: EngineParts,
  system: WalrusSystem,
  signal: AbortSignal,
): Promise<bigint> {
  if (index.readFact(SPARE_STORAGE_FACT) === undefined) return 0n;
  const spare = await chain.readSpareStorage(account.address, { signal });
  return spare
    .filter(({ endEpoch }) => endEpoch > system.epoch)
    .reduce((sum, { storageBytes }) => sum + storageBytes, 0n);
}

function factsOf(
  { index, options, uploads }: EngineParts,
  folder: FolderRecord,
  { entryCount, liveBytes }: PackContents,
  { system, spareBytes }: { readonly system: WalrusSystem; readonly spareBytes: bigint },
): CompactionFacts {
  const horizon = folder.horizon ?? defaultHorizon(system, folder.permanent);
  // Chunks do not fill a pack to the last byte.
  const { packBytesTarget, chunk } = packLimits(system.shardCount);
  const year = Math.round(YEAR_MS / system.epochDurationMs);
  const untilEpochs =
    horizon.kind === 'until' && horizon.untilMs !== undefined
      ? Math.ceil((horizon.untilMs - system.epochStartedAtMs) / system.epochDurationMs)
      : Infinity;
  return {
    epoch: system.epoch,
    epochsBought: endEpochFor(system, [folder], folder.permanent) - system.epoch,
    shardCount: system.shardCount,
    storagePriceFrostPerMib: system.storagePriceFrostPerMib,
    writePriceFrostPerMib: system.writePriceFrostPerMib,
    epochsCompared: Math.max(1, Math.min(Math.max(year, horizon.targetEpochs), untilEpochs)),
    nearEpochs: horizon.floorEpochs + gridStep(system),
    packBytes: packBytesTarget - chunk.averageBytes,
    commitBytes: SNAPSHOT_BYTES + ENTRY_BYTES * entryCount + PACK_BYTES * liveBytes.size,
    // One commit, most often of one pack, and what it replaces is deleted in one transaction.
    gasFrost: (expectedPackGas(index) + expectedGas(index, 'delete')) * FROST_PER_MIST,
    tipFrost: (sizeBytes) => uploads.expectedTip(sizeBytes, system) * FROST_PER_MIST,
    packsMax: CONDEMNED_MAX - index.leaving.all().length,
    registeredBytesPerEpoch: committedBytes(habitOf(index, folder, options.clock.nowMs()), system),
    spareBytes,
  };
}

/** Plans and carries out, one call at a time: the engine sees to that. */
export class Compacting {
  readonly #parts: EngineParts;
  readonly #syncing: Pick<FolderSyncing, 'recommit' | 'lookAround'>;

  constructor(parts: EngineParts, syncing: Pick<FolderSyncing, 'recommit' | 'lookAround'>) {
    this.#parts = parts;
    this.#syncing = syncing;
  }

  /** What repacking would save now, in all folders or in one. */
  async plan(
    folder: FolderRecord | undefined,
    signal: AbortSignal,
  ): Promise<RenewalPlan['compaction']> {
    return (await this.planned(folder, signal)).compaction;
  }

  /** The same, with the packs that it would give up. */
  async planned(
    folder: FolderRecord | undefined,
    signal: AbortSignal,
  ): Promise<{
    readonly compaction: RenewalPlan['compaction'];
    readonly leaving: ReadonlySet<BlobId>;
  }> {
    const { plans, compaction } = await this.#plans(folder, signal);
    const leaving = plans.flatMap(({ plan }) => [...plan.rewritten, ...plan.dropped]);
    return { compaction, leaving: new Set(leaving.map(({ blobId }) => blobId)) };
  }

  /** Repack what saves something. What an earlier run has begun is brought to its end as well. */
  async run(
    folder: FolderRecord | undefined,
    signal: AbortSignal,
    onPacks?: (packs: { readonly done: number; readonly total: number }) => void,
  ): Promise<RenewalPlan['compaction']> {
    const { index } = this.#parts;
    const { plans, compaction } = await this.#plans(folder, signal);
    const total = plans.flatMap(({ plan }) => [...plan.rewritten, ...plan.dropped]).length;
    let done = 0;
    onPacks?.({ done, total });
    for (const one of this.#folders(folder)) {
      const plan = plans.find((made) => made.folder.folderId === one.folderId)?.plan;
      const chosen = [...(plan?.rewritten ?? []), ...(plan?.dropped ?? [])];
      markLeaving(
        index,
        chosen.map(({ blobId }) => blobId),
      );
      if (isBegun(this.#parts, one)) await this.#syncing.recommit(one, signal);
      await this.#syncing.lookAround(one, signal);
      done += chosen.length;
      onPacks?.({ done, total });
    }
    return compaction;
  }

  /** The same before a renewal, which whatever keeps this from being done must not keep from it. */
  async runQuietly(
    folder: FolderRecord | undefined,
    signal: AbortSignal,
  ): Promise<RenewalPlan['compaction']> {
    try {
      return await this.run(folder, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineError)) throw error;
      this.#parts.options.logger.warn('packs were not repacked', { code: error.code });
      await this.#parts.flow.settle();
      return undefined;
    }
  }

  #folders(folder: FolderRecord | undefined): readonly FolderRecord[] {
    const all = this.#parts.index.folders.all().filter(({ removed }) => !removed);
    return folder ? [folder] : all;
  }

  /** Nothing may be on its way: what is sealed already counts on where things lie. */
  async #plans(
    folder: FolderRecord | undefined,
    signal: AbortSignal,
  ): Promise<{
    readonly plans: readonly FolderCompaction[];
    readonly compaction: RenewalPlan['compaction'];
  }> {
    const { flow, river, uploads, index } = this.#parts;
    await flow.untilDone(signal);
    const system = await river.refresh(signal);
    await uploads.learnTerms(packLimits(system.shardCount).packBytesTarget, system, signal);
    const plans = await planFolders(this.#parts, this.#folders(folder), system, signal);
    const packGas = expectedPackGas(index);
    const compaction = compactionSummary(plans, {
      packMist: (sizeBytes) => packGas + uploads.expectedTip(sizeBytes, system),
      deleteMist: expectedGas(index, 'delete'),
    });
    return { plans, compaction };
  }
}

/** Whether packs that are leaving are still named by the folder's newest commit. */
function isBegun(parts: EngineParts, folder: FolderRecord): boolean {
  const commit = lastCommitOf(parts, folder);
  const leaving = new Set(parts.index.leaving.all().map(({ blobId }) => blobId));
  if (!commit || leaving.size === 0) return false;
  return packsOfCommit(parts.index, commit).some(({ blobId }) => leaving.has(blobId));
}

/** Several folders' plans as one, for a person. */
function compactionSummary(
  plans: readonly FolderCompaction[],
  gas: { readonly packMist: (sizeBytes: number) => bigint; readonly deleteMist: bigint },
): RenewalPlan['compaction'] {
  const [first] = plans;
  if (!first) return undefined;
  const all = plans
    .map(({ plan }) => plan)
    .reduce((sum, plan) => ({
      rewritten: [...sum.rewritten, ...plan.rewritten],
      dropped: [...sum.dropped, ...plan.dropped],
      liveBytes: sum.liveBytes + plan.liveBytes,
      costFrost: sum.costFrost + plan.costFrost,
      boughtFrost: sum.boughtFrost + plan.boughtFrost,
      boughtPacks: [...sum.boughtPacks, ...plan.boughtPacks],
      savedFrost: sum.savedFrost + plan.savedFrost,
      reusedFrost: sum.reusedFrost + plan.reusedFrost,
      epochsCompared: Math.max(sum.epochsCompared, plan.epochsCompared),
    }));
  return {
    rewrittenPacks: all.rewritten.length,
    deletedPacks: all.dropped.length,
    liveBytes: all.liveBytes,
    cost: {
      walFrost: all.boughtFrost,
      gasMist: all.boughtPacks.reduce(
        (sum, sizeBytes) => sum + gas.packMist(sizeBytes),
        gas.deleteMist * BigInt(plans.length),
      ),
    },
    savedFrost: all.savedFrost,
    sentence: planSentence(all),
  };
}
