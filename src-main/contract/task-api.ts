/**
 * @file Work that outlives whoever asked for it: syncs, restores, pauses. Beginning one answers at
 * once; how it goes is told by `tasks`, `activity` and events. Closing a window ends nothing.
 */
import type { CallOptions, FolderStatus, RestoreReport } from './api.ts';
import type { PackStep } from './events.ts';
import type { SerializedError } from './errors.ts';
import type { Told } from './told.ts';
import type { AgreedWork, CompactionReport, RenewalReport } from './storage-api.ts';

export interface Task {
  readonly taskId: string;
  readonly kind: 'sync' | 'restore' | 'renew' | 'compact';
  readonly folderId: string | undefined;
  readonly folderName: string | undefined;
  /** `interrupted`: the engine ended under it. A restore goes on with `resumeTask`. */
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';
  readonly beganAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly progress: TaskProgress | undefined;
  readonly problem: SerializedError | undefined;
  /** Of a restore: what was asked for, and what came of it. */
  readonly restore:
    | {
        readonly snapshotId: string | undefined;
        readonly paths: readonly string[];
        readonly target: string;
        readonly report: RestoreReport | undefined;
      }
    | undefined;
  /** Of a renewal that is done: what it did. */
  readonly renewal?: RenewalReport;
  /** The same of a repacking. */
  readonly compaction?: CompactionReport;
}

export interface TaskProgress {
  readonly filesDone: number;
  readonly filesTotal: number | undefined;
  readonly bytesDone: number;
  readonly bytesTotal: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** Time left by the rate of late; undefined while it is not known. */
  readonly remainingMs: number | undefined;
  readonly elapsedMs: number;
  readonly current: string | undefined;
  /** Of a renewal or a repacking: blobs that are paid for, instead of files. */
  readonly blobs?: { readonly done: number; readonly total: number };
}

export interface PackActivity {
  readonly packId: string;
  readonly folderName: string | undefined;
  readonly step: PackStep;
  readonly sinceMs: number;
  readonly sizeBytes: number;
  readonly blobId: string | undefined;
  readonly blobObjectId: string | undefined;
  readonly storedShards: number;
  /** Shards whose nodes must have signed before the blob can be certified. */
  readonly neededShards: number;
  readonly shardCount: number;
  /** By shard index: '1' stored, '0' not yet. Empty unless the pack is uploading or just was. */
  readonly shards: string;
  readonly problem: SerializedError | undefined;
  /** How it goes to the storage nodes; undefined until that is chosen. */
  readonly way?: 'direct' | 'relay' | undefined;
}

export interface NodeActivity {
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
  readonly shards: readonly number[];
  readonly state: 'unknown' | 'ok' | 'slow' | 'down';
  /** Undefined until it has answered. */
  readonly latencyMs: number | undefined;
  readonly lastSuccessAtMs: number | undefined;
  readonly lastProblem: string | undefined;
}

export interface HistoryEntry {
  readonly entryId: string;
  readonly atMs: number;
  readonly kind: 'sync' | 'restore' | 'renew' | 'compact' | 'problem';
  readonly folderName: string | undefined;
  readonly sentence: string;
  /** The same as a value; absent in what an earlier release wrote. */
  readonly told?: Told | undefined;
  readonly problem: SerializedError | undefined;
}

/** How packs go to the storage nodes. */
export interface UploadWish {
  /** `auto`: directly, unless the line is so slow that an upload relay is worth its tip. */
  readonly way: 'auto' | 'direct' | 'relay';
  /** The most that a relay may get for one pack, in MIST. */
  readonly tipMaxMist: number;
}

export interface FolderSettings {
  readonly excludes?: readonly string[];
  /** Commit delay: `auto` follows the price (docs/design.md), or a fixed time. */
  readonly commitEveryMs?: number | 'auto';
  /** Local hours in which syncing may begin, as [from, to) in minutes of the day; [] is always. */
  readonly hours?: readonly (readonly [number, number])[];
  /** What commits may cost in 30 days however little changes; `default` is 5 WAL. */
  readonly fixedCostCapFrost?: bigint | 'default';
}

export interface TaskApi {
  tasks(request: Record<string, never>, options?: CallOptions): Promise<readonly Task[]>;
  /** Without a folder: all of this device. */
  startSync(
    request: { readonly folder?: string; readonly acceptDeletions?: boolean },
    options?: CallOptions,
  ): Promise<readonly Task[]>;
  startRestore(
    request: {
      readonly folder: string;
      readonly snapshot?: string;
      /** Selected paths, directories with all that is in them; empty is everything. */
      readonly paths: readonly string[];
      readonly target: string;
    },
    options?: CallOptions,
  ): Promise<Task>;
  /** `renew` and `compact` as tasks: they go on when the caller leaves, and can be cancelled. */
  startRenewal(request: AgreedWork, options?: CallOptions): Promise<Task>;
  startCompaction(request: AgreedWork, options?: CallOptions): Promise<Task>;
  cancelTask(request: { readonly taskId: string }, options?: CallOptions): Promise<Task>;
  /** Go on with a restore that was cancelled, failed or interrupted. */
  resumeTask(request: { readonly taskId: string }, options?: CallOptions): Promise<Task>;
  /** Forget a task that has ended. */
  dismissTask(request: { readonly taskId: string }, options?: CallOptions): Promise<void>;
  activity(
    request: Record<string, never>,
    options?: CallOptions,
  ): Promise<{
    readonly packs: readonly PackActivity[];
    readonly nodes: readonly NodeActivity[];
    readonly history: readonly HistoryEntry[];
  }>;
  /** Ask every storage node now. */
  checkNetwork(
    request: Record<string, never>,
    options?: CallOptions,
  ): Promise<{
    readonly nodes: readonly NodeActivity[];
    readonly reachableShards: number;
    readonly shardCount: number;
    /** Shards that a read needs. */
    readonly neededToRead: number;
    readonly neededToWrite: number;
  }>;
  /** Begin nothing by itself until the moment, or until `resume`. What runs is stopped safely. */
  pause(request: { readonly untilMs?: number }, options?: CallOptions): Promise<void>;
  resume(request: Record<string, never>, options?: CallOptions): Promise<void>;
  /**
   * What the shell knows of the machine, and the host of the person's wishes. What is absent stays
   * as it was. Nothing is begun by itself on a metered network (`unknown` counts as metered) nor on
   * battery, unless the wishes say otherwise: at first `pauseOnMetered` holds and `pauseOnBattery`
   * doesn't.
   */
  setConditions(
    request: {
      readonly isMetered?: boolean | 'unknown';
      readonly pauseOnMetered?: boolean;
      readonly pauseOnBattery?: boolean;
      readonly isOnBattery?: boolean;
      readonly isOffline?: boolean;
      readonly upload?: UploadWish;
      /** The machine has just woken: what was missed is due now. */
      readonly hasWoken?: boolean;
    },
    options?: CallOptions,
  ): Promise<void>;
  updateFolder(
    request: { readonly folder: string } & FolderSettings,
    options?: CallOptions,
  ): Promise<FolderStatus>;
}
