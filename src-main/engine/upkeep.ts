/**
 * @file What the engine does by itself, and what keeps it from it: watching, pausing, the settings
 * of folders.
 */
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import type { TaskApi } from '#contract/task-api.ts';
import type { EngineParts } from './engine-parts.ts';
import { findFolder } from './folders.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { EngineError } from './model/engine-error.ts';
import type { FolderId } from './model/ids.ts';
import { IgnoreScope } from './source/ignore.ts';
import type { EngineTasks } from './task-work.ts';
import { Conditions } from './tasks/conditions.ts';
import { watchFolders, type Watching } from './watching.ts';

export interface UpkeepHooks {
  readonly tasks: EngineTasks;
  readonly statusOf: (folder: FolderRecord, signal?: AbortSignal) => Promise<FolderStatus>;
  /** The machine has woken: what was missed is due. */
  readonly onWake: () => void;
  readonly signal: AbortSignal;
}

export type UpkeepMethods = Pick<TaskApi, 'pause' | 'resume' | 'setConditions' | 'updateFolder'>;

export class Upkeep {
  readonly #parts: EngineParts;
  readonly #hooks: UpkeepHooks;
  readonly #conditions: Conditions;
  #watching: Watching | undefined;

  constructor(parts: EngineParts, hooks: UpkeepHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
    this.#conditions = new Conditions({
      index: parts.index,
      clock: parts.options.clock,
      onChange: (pause) => this.#pauseChanged(pause),
    });
  }

  readonly methods: UpkeepMethods = {
    pause: async ({ untilMs }) => {
      this.#conditions.ask(untilMs);
      await this.#hooks.tasks.list.hold();
    },
    resume: async () => this.#conditions.resume(),
    setConditions: async (said) => {
      this.#conditions.say(said);
      if (said.hasWoken === true) this.#hooks.onWake();
    },
    updateFolder: async (request, options) => this.#updateFolder(request, options?.signal),
  };

  get pause(): VaultStatus['pause'] {
    return this.#conditions.pause;
  }

  /** Resolves when nothing is in the way of beginning something. */
  untilAllowed(signal: AbortSignal): Promise<void> {
    return this.#conditions.untilAllowed(signal);
  }

  /** Watch all folders and sync what changes, until `close`. */
  async watch(): Promise<void> {
    const { tasks, signal } = this.#hooks;
    this.#watching = watchFolders(this.#parts, {
      sync: async (folder, ended) => {
        await this.#conditions.untilAllowed(ended);
        const { taskId } = tasks.startSync(folder, { acceptDeletions: false, isAutomatic: true });
        const { problem } = await tasks.list.over(taskId);
        if (problem) throw new EngineError(problem.code, problem.message);
      },
      signal,
    });
    await this.#watching.refresh();
  }

  /** Folders were added or removed. */
  async refresh(): Promise<void> {
    await this.#watching?.refresh();
  }

  poll(folderId: FolderId): void {
    this.#watching?.poll(folderId);
  }

  async close(): Promise<void> {
    this.#conditions.close();
    await this.#watching?.close();
  }

  #pauseChanged(pause: VaultStatus['pause']): void {
    if (pause) void this.#hooks.tasks.list.hold();
    else this.#hooks.tasks.list.release();
    this.#parts.emit({ kind: 'status-changed' });
  }

  /** New rules leave out files from the next snapshot on; what is stored of them stays stored. */
  async #updateFolder(
    request: Parameters<TaskApi['updateFolder']>[0],
    signal: AbortSignal | undefined,
  ): Promise<FolderStatus> {
    const { index, emit } = this.#parts;
    const folder = findFolder(this.#parts, request.folder);
    const { excludes = folder.excludes, commitEveryMs, hours } = request;
    IgnoreScope.ofFolder(excludes);
    const every = commitEveryMs ?? folder.schedule.commitEveryMs ?? 'auto';
    const chosen = hours ?? folder.schedule.hours ?? [];
    index.folders.changeSettings(folder.folderId, {
      excludes,
      schedule: {
        ...(every === 'auto' ? {} : { commitEveryMs: every }),
        ...(chosen.length === 0 ? {} : { hours: chosen }),
      },
    });
    emit({ kind: 'folders-changed' });
    return this.#hooks.statusOf(index.folders.find(folder.folderId) ?? folder, signal);
  }
}
