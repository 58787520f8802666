/** @file The part of EngineApi about what is kept and how densely: each method, joined to what does it. */
import type { CallOptions } from '#contract/api.ts';
import type { RetentionApi } from '#contract/storage-api.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { packContents, planFolder, type Compacting } from './compacting.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderSyncing } from './folder-syncing.ts';
import { asProtectedNow, findFolder } from './folders.ts';
import { reconcileHoldings } from './holdings.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { SnapshotRow } from './local-index/snapshot-table.ts';
import { EngineError } from './model/engine-error.ts';
import type { SnapshotId } from './model/ids.ts';
import { repack } from './money-work.ts';
import { otherHeads, wouldForget } from './moves.ts';
import { standingSnapshots } from './other-histories.ts';
import { freezeRetention, retentionOf, writeRetention } from './retaining.ts';

const MONTH_MS = 30 * 86_400_000;

export interface CompactionMethodsOptions {
  readonly compacting: Compacting;
  readonly syncing: Pick<FolderSyncing, 'recommit'>;
  /** The caller's signal, and the engine's own end. */
  readonly signalOf: (options: CallOptions | undefined) => AbortSignal;
  /** After whatever is paid for now. */
  readonly inTurn: <Result>(
    work: () => Promise<Result>,
    caller: AbortSignal | undefined,
  ) => Promise<Result>;
}

export function compactionMethods(
  parts: EngineParts,
  { compacting, syncing, signalOf, inTurn }: CompactionMethodsOptions,
): RetentionApi {
  const { index, emit } = parts;
  const folderOf = (name: string | undefined): FolderRecord | undefined =>
    name === undefined ? undefined : findFolder(parts, name);
  const nowOf = (named: FolderRecord | undefined): FolderRecord | undefined =>
    named && asProtectedNow(index, named);
  const snapshotOf = (folder: FolderRecord, prefix: string): SnapshotRow =>
    findRow(parts, folder, prefix);
  return {
    retention: async ({ folder: name }) => {
      const folder = findFolder(parts, name);
      const { policy, frozen } = retentionOf(parts, folder);
      const rows = index.snapshots.all(folder.folderId);
      return {
        retention: policy,
        frozen,
        pinned: rows.filter(({ isPinned }) => isPinned).map(({ snapshotId }) => snapshotId),
        forgotten: rows.filter((row) => row.isForgotten).map(({ snapshotId }) => snapshotId),
      };
    },
    previewRetention: async ({ folder: name, retention }, options) => {
      const signal = signalOf(options);
      const folder = findFolder(parts, name);
      return inTurn(() => preview(parts, folder, retention, signal), options?.signal);
    },
    setRetention: async ({ folder, retention }) => {
      writeRetention(parts, findFolder(parts, folder), retention);
      emit({ kind: 'folders-changed' });
    },
    thawRetention: async ({ folder }) => {
      freezeRetention(parts, findFolder(parts, folder), undefined);
      emit({ kind: 'status-changed' });
    },
    pinSnapshot: async ({ folder, snapshot, isPinned }) => {
      const row = snapshotOf(findFolder(parts, folder), snapshot);
      if (isPinned) refuseLeaving(parts, row);
      index.snapshots.recordPinned(row.snapshotId, isPinned);
      emit({ kind: 'folders-changed' });
    },
    forgetSnapshot: async ({ folder: name, snapshot, now }, options) => {
      const signal = signalOf(options);
      const named = findFolder(parts, name);
      return inTurn(async () => {
        const folder = asProtectedNow(index, named);
        const { snapshotId } = snapshotOf(folder, snapshot);
        const others = await otherHeads(parts, signal);
        const standing = await standingSnapshots(parts, folder, others, signal);
        if (index.snapshots.newest(folder.folderId)?.snapshotId === snapshotId) {
          throw new EngineError('snapshot-kept', 'the newest snapshot of a folder is always kept');
        }
        if (standing.has(snapshotId)) {
          throw new EngineError(
            'snapshot-kept',
            "another device's history stands on this snapshot",
          );
        }
        index.snapshots.recordPinned(snapshotId, false);
        index.snapshots.markForgotten(snapshotId);
        if (now) await syncing.recommit(folder, signal);
        emit({ kind: 'folders-changed' });
        return { snapshotId, isPublished: now };
      }, options?.signal);
    },
    planCompaction: async ({ folder }, options) => {
      const signal = signalOf(options);
      const named = folderOf(folder);
      const plan = async () => ({ compaction: await compacting.plan(nowOf(named), signal) });
      return inTurn(plan, options?.signal);
    },
    compact: async ({ folder }, options) => {
      const signal = signalOf(options);
      const named = folderOf(folder);
      return inTurn(() => repack(parts, compacting, nowOf(named), { signal }), options?.signal);
    },
  };
}

/** The snapshot of this device whose ID begins with `prefix`. */
function findRow({ index }: EngineParts, folder: FolderRecord, prefix: string): SnapshotRow {
  const rows = index.snapshots
    .all(folder.folderId)
    .filter(({ snapshotId }) => snapshotId.startsWith(prefix));
  const [only] = rows;
  if (only && rows.length === 1) return only;
  throw new EngineError(
    'snapshot-unknown',
    only
      ? `${String(rows.length)} snapshots of ${folder.name} begin with ${prefix}`
      : `no snapshot of ${folder.name} on this device begins with ${prefix}`,
  );
}

/** What is sealed is not changed any more, and may wait for days until it can be published. */
function refuseLeaving({ index }: EngineParts, { snapshotId }: SnapshotRow): void {
  const isLeaving = index.journal.unfinished().some(({ commitRecord }) => {
    const commit = commitRecord && (JSON.parse(commitRecord) as CommitRecord);
    return commit && commit.forgets?.includes(snapshotId);
  });
  if (!isLeaving) return;
  const message = 'the commit that is on its way leaves this snapshot out of the history';
  throw new EngineError('snapshot-unknown', message);
}

async function preview(
  parts: EngineParts,
  folder: FolderRecord,
  retention: Parameters<RetentionApi['previewRetention']>[0]['retention'],
  signal: AbortSignal,
): ReturnType<RetentionApi['previewRetention']> {
  const { index, river } = parts;
  const system = await river.refresh(signal);
  await reconcileHoldings(parts, system, signal);
  const forget = await wouldForget(parts, folder, retention, signal);
  const newest = index.snapshots.newest(folder.folderId)?.snapshotId;
  // The rules speak of the moment of the next commit; until then the newest stays.
  if (newest !== undefined) forget.delete(newest);
  const none: ReadonlySet<SnapshotId> = new Set();
  const before = await packContents(parts, folder, none, signal);
  const after = await packContents(parts, folder, forget, signal);
  const sum = (bytes: ReadonlyMap<unknown, number> | undefined): number =>
    [...(bytes?.values() ?? [])].reduce((total, one) => total + one, 0);
  const planBefore = await planFolder(parts, folder, none, system, signal);
  const planAfter = await planFolder(parts, folder, forget, system, signal);
  const saved = (planAfter?.savedFrost ?? 0n) - (planBefore?.savedFrost ?? 0n);
  const epochs = planAfter?.epochsCompared ?? 1;
  const monthEpochs = MONTH_MS / system.epochDurationMs;
  return {
    keep: index.snapshots
      .all(folder.folderId)
      .map(({ snapshotId }) => snapshotId)
      .filter((id) => !forget.has(id)),
    forget: [...forget],
    freedBytes: sum(before?.liveBytes) - sum(after?.liveBytes),
    savedPerMonth: {
      walFrost: saved <= 0n ? 0n : BigInt(Math.round((Number(saved) * monthEpochs) / epochs)),
      gasMist: 0n,
    },
  };
}
