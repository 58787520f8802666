/**
 * @file What the engine does by itself, and what keeps it from it: watching, pausing, the settings
 * of folders, and telling a person what needs attention.
 */
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { TaskApi } from '#contract/task-api.ts';
import { isChainFailure } from './chain-watch.ts';
import type { EngineParts } from './engine-parts.ts';
import { findFolder } from './folders.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { isAbort } from './model/engine-error.ts';
import type { FolderId } from './model/ids.ts';
import { IgnoreScope } from './source/ignore.ts';
import { currentStatus } from './standing.ts';
import type { EngineTasks } from './task-work.ts';
import { Conditions } from './tasks/conditions.ts';
import { tellNotices } from './tasks/notices.ts';
import { watchFolders, type Watching } from './watching.ts';

export interface UpkeepHooks {
  readonly tasks: EngineTasks;
  readonly checkChain: (signal: AbortSignal) => Promise<void>;
  /** The machine has woken: what was missed is due. */
  readonly onWake: () => void;
  readonly signal: AbortSignal;
}

export type UpkeepMethods = Pick<TaskApi, 'pause' | 'resume' | 'setConditions' | 'updateFolder'>;

/** What follows one another faster is told once. */
const CHANGES_TOGETHER_MS = 250;
/** How often everything is looked at although nothing is known to have changed. */
const REVIEW_EVERY_MS = 15 * 60_000;

export class Upkeep {
  readonly #parts: EngineParts;
  readonly #hooks: UpkeepHooks;
  readonly #conditions: Conditions;
  #watching: Watching | undefined;
  #reviews: Promise<void> | undefined;
  #change = Promise.withResolvers<undefined>();
  #isTelling = false;

  constructor(parts: EngineParts, hooks: UpkeepHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
    this.#conditions = new Conditions({
      index: parts.index,
      clock: parts.options.clock,
      onChange: (pause) => this.#pauseChanged(pause),
    });
    parts.chainWatch.listen({
      onChange: () => this.#changed(),
      onReturn: () => this.#watching?.retryNow(),
    });
  }

  readonly methods: UpkeepMethods = {
    pause: async ({ untilMs }) => {
      this.#conditions.ask(untilMs);
      // A moment that has passed asks for none.
      if (this.#conditions.pause?.reason === 'asked') await this.#hooks.tasks.list.hold();
    },
    resume: async () => this.#conditions.resume(),
    setConditions: async (said) => {
      this.#conditions.say(said);
      if (said.upload) this.#parts.uploads.wish = said.upload;
      if (said.hasWoken === true || said.isOffline === false) this.#parts.chainWatch.lookNow();
      if (said.hasWoken !== true) return;
      this.#watching?.look();
      // Another place, another network, a drive that was connected: what failed is worth a try.
      this.#watching?.retryNow();
      this.#hooks.onWake();
    },
    updateFolder: async (request, options) => this.#updateFolder(request, options?.signal),
  };

  async status(
    request: { readonly withSpread?: boolean },
    signal: AbortSignal,
  ): Promise<VaultStatus> {
    const facts = {
      pause: this.#conditions.pause,
      waiting: (folder: FolderRecord) => this.#waiting(folder),
    };
    const { checkChain } = this.#hooks;
    const withSpread = request.withSpread === true;
    return currentStatus(this.#parts, facts, { withSpread, checkChain, signal });
  }

  /** Resolves when nothing is in the way of beginning something. */
  untilAllowed(signal: AbortSignal): Promise<void> {
    return this.#conditions.untilAllowed(signal);
  }

  /** Watch all folders and sync what changes, until `close`. */
  async watch(): Promise<void> {
    const { tasks, signal } = this.#hooks;
    this.#watching = watchFolders(this.#parts, {
      sync: async (folder) => {
        const { taskId } = tasks.startSync(folder, { acceptDeletions: false, isAutomatic: true });
        await tasks.list.over(taskId);
      },
      untilAllowed: (waiting) => this.#conditions.untilAllowed(waiting),
      onChange: () => this.#changed(),
      signal,
    });
    await this.#watching.refresh();
    this.#reviews = this.#review();
  }

  /** Folders were added or removed. */
  async refresh(): Promise<void> {
    await this.#watching?.refresh();
  }

  poll(folderId: FolderId): void {
    this.#watching?.poll(folderId);
  }

  /** A sync has begun; `ended` follows. */
  syncBegan(folderId: FolderId): void {
    this.#watching?.began(folderId);
    this.#changed();
  }

  syncEnded(folderId: FolderId, error: unknown): void {
    if (isChainFailure(error)) this.#parts.chainWatch.failed(error);
    this.#watching?.ended(folderId, error);
    this.#changed();
  }

  /** What the engine tells may be something that `status` tells, too. */
  heard(event: EngineEvent): void {
    const isPublished = event.kind === 'pack' && event.step === 'published';
    if (isPublished || event.kind === 'folders-changed') this.#changed();
  }

  async close(): Promise<void> {
    this.#conditions.close();
    await this.#watching?.close();
    await this.#reviews;
  }

  #waiting(folder: FolderRecord): FolderStatus['waiting'] {
    const waiting = this.#watching?.waiting(folder.folderId);
    if (!waiting) return undefined;
    const nextCommitAtMs = this.#conditions.pause ? undefined : waiting.nextCommitAtMs;
    return { ...waiting, nextCommitAtMs, costs: undefined };
  }

  #pauseChanged(pause: VaultStatus['pause']): void {
    if (pause) void this.#hooks.tasks.list.hold();
    else this.#hooks.tasks.list.release();
    this.#changed();
  }

  /** Something that `status` tells has changed: told soon, and once for many changes. */
  #changed(): void {
    this.#change.resolve(undefined);
    this.#change = Promise.withResolvers();
    if (this.#isTelling) return;
    this.#isTelling = true;
    const { options, emit } = this.#parts;
    options.clock.sleep(CHANGES_TOGETHER_MS, this.#hooks.signal).then(
      () => {
        this.#isTelling = false;
        emit({ kind: 'status-changed' });
      },
      // Only the end of the engine comes here.
      () => undefined,
    );
  }

  /** Look at everything after each change and from time to time, and tell what needs attention. */
  async #review(): Promise<void> {
    const { options, index, emit } = this.#parts;
    const { clock, logger } = options;
    const { signal } = this.#hooks;
    while (!signal.aborted) {
      const change = this.#change.promise;
      try {
        const status = await this.status({}, signal);
        tellNotices(status, { table: index.notices, clock, emit });
      } catch (error) {
        if (isAbort(error)) return;
        logger.warn('a review failed', { error: error instanceof Error ? error.name : 'other' });
      }
      await this.#rest(change);
    }
  }

  async #rest(change: Promise<undefined>): Promise<void> {
    const { clock } = this.#parts.options;
    const waking = new AbortController();
    const signal = AbortSignal.any([this.#hooks.signal, waking.signal]);
    const sleep = clock.sleep(REVIEW_EVERY_MS, signal).catch(() => undefined);
    await Promise.race([sleep, change]);
    waking.abort();
  }

  /** New rules leave out files from the next snapshot on; what is stored of them stays stored. */
  async #updateFolder(
    request: Parameters<TaskApi['updateFolder']>[0],
    signal: AbortSignal | undefined,
  ): Promise<FolderStatus> {
    const { index, emit } = this.#parts;
    const folder = findFolder(this.#parts, request.folder);
    const { folderId } = folder;
    const { excludes = folder.excludes, commitEveryMs, hours, fixedCostCapFrost } = request;
    IgnoreScope.ofFolder(excludes);
    const every = commitEveryMs ?? folder.schedule.commitEveryMs ?? 'auto';
    const chosen = hours ?? folder.schedule.hours ?? [];
    const cap = fixedCostCapFrost ?? folder.schedule.fixedCostCapFrost ?? 'default';
    index.folders.changeSettings(folderId, {
      excludes,
      schedule: {
        ...(every === 'auto' ? {} : { commitEveryMs: every }),
        ...(chosen.length === 0 ? {} : { hours: chosen }),
        ...(cap === 'default' ? {} : { fixedCostCapFrost: cap }),
      },
    });
    // Other rules: other directories are watched, and the folder is scanned at once.
    await this.#watching?.refresh();
    this.#watching?.look();
    emit({ kind: 'folders-changed' });
    const { folders } = await this.status({}, signal ?? this.#hooks.signal);
    const status = folders.find((one) => one.folderId === folderId);
    if (!status) throw new RangeError('a folder of this device is in its status');
    return status;
  }
}
