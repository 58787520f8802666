/**
 * @file What tasks do: syncs, restores, renewals and repackings begun by TaskApi, or by the engine
 * itself.
 */
import type { AgreedWork, CompactionReport, RenewalReport } from '#contract/storage-api.ts';
import type { Task, TaskApi } from '#contract/task-api.ts';
import type { EngineParts } from './engine-parts.ts';
import { findFolder } from './folders.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { EngineError, hasCode } from './model/engine-error.ts';
import type { FolderId } from './model/ids.ts';
import { problemOf } from './problems.ts';
import { restoredEntry } from './history-text.ts';
import { refuseProtectedTarget } from './restore-targets.ts';
import { openSnapshotOf, restoreOpened } from './restoring.ts';
import type { Progress, TaskVoice, TaskWork } from './tasks/task-list.ts';
import { TaskList } from './tasks/task-list.ts';

/** Losses that a task lists; a report of all of them would not fit a message. */
const LOST_LISTED_MAX = 10_000;

/** Money is spent on blobs, not on files. */
const NO_FILES = {
  filesDone: 0,
  filesTotal: undefined,
  bytesDone: 0,
  bytesTotal: undefined,
  current: undefined,
} as const;

export interface TaskHooks {
  /** Sync a folder as it is when its turn comes, if it is protected then; `began` is called then. */
  readonly sync: (
    folderId: FolderId,
    options: {
      readonly acceptDeletions: boolean;
      readonly began: () => void;
      readonly onProgress: (progress: Progress) => void;
      readonly signal: AbortSignal;
    },
  ) => Promise<void>;
  /** The same for all folders, or for one. */
  readonly renew: MoneyHook<RenewalReport>;
  readonly compact: MoneyHook<CompactionReport>;
  readonly checkChain: (signal: AbortSignal) => Promise<void>;
}

type MoneyHook<Report> = (
  folder: FolderRecord | undefined,
  options: {
    readonly began: () => void;
    readonly onBlobs: (blobs: NonNullable<Progress['blobs']>) => void;
    readonly walFrostMax: bigint | undefined;
    readonly signal: AbortSignal;
  },
) => Promise<Report>;

export type TaskMethods = Pick<
  TaskApi,
  | 'tasks'
  | 'startSync'
  | 'startRestore'
  | 'startRenewal'
  | 'startCompaction'
  | 'cancelTask'
  | 'resumeTask'
  | 'dismissTask'
>;

export class EngineTasks {
  readonly list: TaskList;
  readonly #parts: EngineParts;
  readonly #hooks: TaskHooks;

  constructor(parts: EngineParts, hooks: TaskHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
    const { index, options, emit } = parts;
    const { clock, random, logger } = options;
    this.list = new TaskList({
      table: index.tasks,
      clock,
      random,
      logger,
      emit,
      restoreWork: this.#restore,
      problemOf,
    });
  }

  readonly methods: TaskMethods = {
    tasks: async () => this.list.all(),
    startSync: async ({ folder, acceptDeletions }) =>
      this.#foldersOf(folder).map((one) =>
        this.startSync(one, { acceptDeletions: acceptDeletions === true }),
      ),
    startRestore: async (request) => this.#startRestore(request),
    startRenewal: async (request) =>
      this.#startMoneyWork('renew', request, async (hookOptions, one) => ({
        renewal: await this.#hooks.renew(one, hookOptions),
      })),
    startCompaction: async (request) =>
      this.#startMoneyWork('compact', request, async (hookOptions, one) => ({
        compaction: await this.#hooks.compact(one, hookOptions),
      })),
    cancelTask: async ({ taskId }) => this.list.cancel(taskId),
    resumeTask: async ({ taskId }) => this.list.resume(taskId),
    dismissTask: async ({ taskId }) => this.list.dismiss(taskId),
  };

  /** Sync a folder soon. One that already waits for its turn does what is asked. */
  startSync(
    folder: FolderRecord,
    options: { readonly acceptDeletions: boolean; readonly isAutomatic?: boolean },
  ): Task {
    const { folderId, name: folderName } = folder;
    const { acceptDeletions, isAutomatic = false } = options;
    const waiting = this.list.findWaiting(
      ({ kind, folderId: other }) => kind === 'sync' && other === folderId,
    );
    if (waiting && !acceptDeletions) return waiting;
    const about = { kind: 'sync' as const, folderId, folderName, restore: undefined, isAutomatic };
    return this.list.start(about, (_task, voice, signal) =>
      this.#hooks.sync(folderId, {
        acceptDeletions,
        began: voice.began,
        onProgress: voice.progress,
        signal,
      }),
    );
  }

  /** One that already waits for its turn does what is asked, unless that is for a price of its own. */
  #startMoneyWork(
    kind: 'renew' | 'compact',
    { folder: name, walFrostMax }: AgreedWork,
    work: (
      options: Parameters<MoneyHook<unknown>>[1],
      folder: FolderRecord | undefined,
    ) => Promise<Pick<Task, 'renewal' | 'compaction'>>,
  ): Task {
    const folder = name === undefined ? undefined : findFolder(this.#parts, name);
    const waiting = this.list.findWaiting(
      (task) => task.kind === kind && task.folderId === folder?.folderId,
    );
    if (waiting && walFrostMax === undefined) return waiting;
    const about = {
      kind,
      folderId: folder?.folderId,
      folderName: folder?.name,
      restore: undefined,
    };
    return this.list.start(about, async (_task, voice, signal) => {
      await this.#hooks.checkChain(signal);
      const onBlobs = (blobs: NonNullable<Progress['blobs']>): void =>
        voice.progress({ ...NO_FILES, blobs });
      voice.learned(await work({ began: voice.began, onBlobs, walFrostMax, signal }, folder));
    });
  }

  #foldersOf(name: string | undefined): FolderRecord[] {
    const { folders } = this.#parts.index;
    if (name === undefined) return folders.all().filter(({ removed }) => !removed);
    const folder = findFolder(this.#parts, name);
    if (!folder.removed) return [folder];
    throw new EngineError('folder-unknown', `${folder.name} is no longer protected`);
  }

  #startRestore(request: Parameters<TaskApi['startRestore']>[0]): Task {
    const { folder: name, snapshot: snapshotId, paths, target } = request;
    if (!target.startsWith('/')) {
      throw new EngineError('usage', 'a path of this computer begins at its root');
    }
    refuseProtectedTarget(this.#parts, target);
    const folder = this.#localFolder(name);
    return this.list.start(
      {
        kind: 'restore',
        folderId: folder?.folderId,
        folderName: folder?.name ?? name,
        restore: { snapshotId, paths, target, report: undefined },
      },
      this.#restore,
    );
  }

  /** A folder of another device has no record here. */
  #localFolder(name: string): FolderRecord | undefined {
    try {
      return findFolder(this.#parts, name);
    } catch (error) {
      if (!hasCode(error, 'folder-unknown')) throw error;
      return undefined;
    }
  }

  readonly #restore: TaskWork = async (task: Task, voice: TaskVoice, signal: AbortSignal) => {
    const { restore } = task;
    if (!restore) throw new EngineError('internal', 'a restore without its request');
    voice.began();
    const { paths, target, snapshotId } = restore;
    refuseProtectedTarget(this.#parts, target);
    await this.#hooks.checkChain(signal);
    const folder = task.folderId ?? task.folderName ?? '';
    const opened = await openSnapshotOf(this.#parts, { folder, snapshot: snapshotId }, signal);
    const { snapshot, snapshotId: openedId } = opened.signed;
    const { folderId, folderName } = snapshot;
    // From here on a run that goes on takes the same snapshot, whatever is published meanwhile.
    const known = { ...restore, snapshotId: openedId };
    voice.learned({ folderId, folderName, restore: known });
    const onProgress = voice.progress;
    const report = await restoreOpened(this.#parts, opened, { paths, target, onProgress, signal });
    const told = { ...report, lost: report.lost.slice(0, LOST_LISTED_MAX) };
    voice.learned({ restore: { ...known, report: told } });
    this.#parts.activity.note(restoredEntry(folderName, told));
  };
}
