/**
 * @file Work that outlives whoever asked for it.
 *
 *     waiting → running → done | failed | cancelled          held: back to waiting, and on again
 *
 * Beginning a task answers at once. Restores are kept in the local index from their first moment,
 * so that after a crash they are listed as interrupted and can go on; a sync has the journal and
 * needs no row. What a task does, and when its turn comes, is the caller's business.
 */
import type { EngineEvent } from '#contract/events.ts';
import type { Task, TaskProgress } from '#contract/task-api.ts';
import { indexFailure } from '../local-index/local-index.ts';
import type { TaskTable } from '../local-index/task-table.ts';
import { EngineError, isAbort, serializeError } from '../model/engine-error.ts';
import type { Clock, Logger, Random } from '../ports/ports.ts';
import { ProgressRate } from './progress-rate.ts';

/** Between two events about the progress of one task. */
const TOLD_EVERY_MS = 300;
/** Tasks that have ended; older ones are forgotten. */
const ENDED_KEPT_MAX = 50;
const TASK_ID_BYTES = 8;

export type Progress = Pick<
  TaskProgress,
  'filesDone' | 'filesTotal' | 'bytesDone' | 'bytesTotal' | 'current' | 'blobs'
>;

/** What a task's work may say while it runs. */
export interface TaskVoice {
  /** Its turn has come. */
  readonly began: () => void;
  readonly progress: (progress: Progress) => void;
  /** Something became known: what it did, or of a restore what a run that goes on needs. */
  readonly learned: (
    known: Partial<Pick<Task, 'folderId' | 'folderName' | 'restore' | 'renewal' | 'compaction'>>,
  ) => void;
}

/**
 * What a task does, as it stands when it begins or goes on. Settles when the task is done; rejects
 * with the signal's reason when it was stopped.
 */
export type TaskWork = (task: Task, voice: TaskVoice, signal: AbortSignal) => Promise<void>;

export interface NewTask extends Pick<Task, 'kind' | 'folderId' | 'folderName' | 'restore'> {
  /** Not asked for by a person: forgotten as soon as it has ended. */
  readonly isAutomatic?: boolean;
}

interface Entry {
  task: Task;
  readonly isAutomatic: boolean;
  readonly work: TaskWork;
  rate: ProgressRate;
  beganAtMonotonicMs: number;
  toldAtMs: number;
  /** Present while the work is under way. */
  run: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  /** Stopped by a pause: goes on when it ends. */
  isHeld: boolean;
  /** Stopped for good. */
  isCancelled: boolean;
  /** Settles when the task has ended for good. */
  readonly over: PromiseWithResolvers<Task>;
}

export interface TaskListOptions {
  readonly table: TaskTable;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly emit: (event: EngineEvent) => void;
  /** What a restore does, whoever began it. */
  readonly restoreWork: TaskWork;
  /** A failure as a person is told of it. */
  readonly problemOf: (error: unknown) => Task['problem'];
}

/** Why a task was stopped: told to its work as the signal's reason. */
const stopped = (why: string): DOMException => new DOMException(why, 'AbortError');

export class TaskList {
  readonly #options: TaskListOptions;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  constructor(options: TaskListOptions) {
    this.#options = options;
    for (const { record } of options.table.all()) this.#recall(JSON.parse(record) as Task);
  }

  /** Newest first. */
  all(): Task[] {
    return [...this.#entries.values()].map(({ task }) => this.#withProgress(task)).toReversed();
  }

  start(about: NewTask, work: TaskWork): Task {
    const { clock, random } = this.#options;
    const { isAutomatic = false, ...rest } = about;
    const task: Task = {
      taskId: Buffer.from(random.bytes(TASK_ID_BYTES)).toString('hex'),
      ...rest,
      state: 'waiting',
      beganAtMs: clock.nowMs(),
      endedAtMs: undefined,
      progress: undefined,
      problem: undefined,
    };
    return this.#begin(task, work, isAutomatic);
  }

  /** A task that still waits for its turn, and not for the end of a pause. */
  findWaiting(isMeant: (task: Task) => boolean): Task | undefined {
    return [...this.#entries.values()].find(
      ({ task, isHeld }) => task.state === 'waiting' && !isHeld && isMeant(task),
    )?.task;
  }

  /** Resolves when the task has ended, however it did. */
  async over(taskId: string): Promise<Task> {
    return this.#find(taskId).over.promise;
  }

  /** Stop a task; it has ended when this resolves. */
  async cancel(taskId: string): Promise<Task> {
    const entry = this.#find(taskId);
    entry.isHeld = false;
    entry.isCancelled = true;
    if (entry.run) {
      entry.run.stop.abort(stopped('the task was cancelled'));
      await entry.run.ended;
    } else if (entry.task.state === 'waiting') {
      this.#end(entry, 'cancelled');
    }
    return entry.task;
  }

  /** @throws EngineError `usage` for a task that cannot go on */
  resume(taskId: string): Task {
    const entry = this.#find(taskId);
    const { state, kind, restore } = entry.task;
    const hasLost = state === 'done' && (restore?.report?.lost.length ?? 0) > 0;
    const canGoOn = state === 'interrupted' || state === 'cancelled' || state === 'failed';
    if (kind !== 'restore' || !(canGoOn || hasLost)) {
      throw new EngineError('usage', 'only a restore that has not reached its end can go on');
    }
    const again = { ...entry.task, endedAtMs: undefined, problem: undefined };
    return this.#begin({ ...again, state: 'waiting' }, entry.work, false);
  }

  /** @throws EngineError `usage` while it is under way */
  dismiss(taskId: string): void {
    const { task } = this.#find(taskId);
    if (isUnderWay(task)) throw new EngineError('usage', 'a task under way cannot be dismissed');
    this.#options.table.delete(taskId);
    this.#entries.delete(taskId);
  }

  /** Stop everything that is under way, to go on at `release`. */
  async hold(): Promise<void> {
    const held = [...this.#entries.values()].filter(({ run }) => run);
    for (const entry of held) {
      entry.isHeld = true;
      entry.run?.stop.abort(stopped('Floe is paused'));
    }
    await Promise.all(held.map(async ({ run }) => run?.ended));
  }

  /** A task that has not stopped yet goes on as soon as it has. */
  release(): void {
    for (const entry of [...this.#entries.values()]) {
      const wasHeld = entry.isHeld;
      entry.isHeld = false;
      if (wasHeld && !entry.run) this.#run(entry);
    }
  }

  /** Stop everything; what was restored stays listed as interrupted. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const under = [...this.#entries.values()].filter(({ run }) => run);
    for (const { run } of under) run?.stop.abort(stopped('the engine was closed'));
    await Promise.all(under.map(async ({ run }) => run?.ended));
  }

  /** What an earlier engine has left. */
  #recall(task: Task): void {
    const state = isUnderWay(task) ? 'interrupted' : task.state;
    this.#add({ ...task, state }, this.#options.restoreWork, false);
  }

  #begin(task: Task, work: TaskWork, isAutomatic: boolean): Task {
    this.#keep(task);
    const entry = this.#add(task, work, isAutomatic);
    this.#tell(entry);
    this.#run(entry);
    return entry.task;
  }

  #add(task: Task, work: TaskWork, isAutomatic: boolean): Entry {
    const entry: Entry = {
      task,
      work,
      isAutomatic,
      rate: new ProgressRate(),
      beganAtMonotonicMs: this.#options.clock.monotonicMs(),
      toldAtMs: Number.NEGATIVE_INFINITY,
      run: undefined,
      isHeld: false,
      isCancelled: false,
      over: Promise.withResolvers(),
    };
    this.#entries.delete(task.taskId);
    this.#entries.set(task.taskId, entry);
    return entry;
  }

  #run(entry: Entry): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    entry.rate = new ProgressRate();
    entry.beganAtMonotonicMs = clock.monotonicMs();
    const stop = new AbortController();
    const voice: TaskVoice = {
      began: () => this.#change(entry, { state: 'running' }),
      progress: (progress) => this.#progress(entry, progress),
      learned: (known) => this.#change(entry, known),
    };
    const { signal } = stop;
    const work = entry.work(entry.task, voice, signal);
    entry.run = { stop, ended: this.#follow(entry, work, signal) };
  }

  /** Never rejects. A task that only waits is given up at once, one that runs when it has stopped. */
  async #follow(entry: Entry, work: Promise<void>, signal: AbortSignal): Promise<void> {
    const outcome = work.then(
      () => ({ state: 'done' as const }),
      (error: unknown) => ({ state: 'failed' as const, error }),
    );
    const aborted = new Promise<{ state: 'stopped' }>((resolve) => {
      signal.addEventListener('abort', () => {
        if (entry.task.state === 'waiting') resolve({ state: 'stopped' });
      });
    });
    const ended = await Promise.race([outcome, aborted]);
    entry.run = undefined;
    if (ended.state === 'done') {
      this.#end(entry, 'done');
    } else if (signal.aborted && (ended.state === 'stopped' || isAbort(ended.error))) {
      this.#stopped(entry);
    } else if (ended.state === 'failed' && !this.#isClosed) {
      const error = indexFailure(ended.error);
      const problem = this.#options.problemOf(error) ?? serializeError(error);
      this.#end(entry, 'failed', problem);
    }
    if (this.#isClosed) entry.over.resolve(entry.task);
  }

  #stopped(entry: Entry): void {
    if (this.#isClosed) return;
    if (entry.isCancelled) {
      this.#end(entry, 'cancelled');
      return;
    }
    entry.task = { ...entry.task, state: 'waiting', progress: undefined };
    this.#tell(entry);
    // The pause was over before the task had stopped.
    if (!entry.isHeld) this.#run(entry);
  }

  /** What could not be kept is interrupted for the next engine: nothing is lost by it. */
  #end(entry: Entry, state: Task['state'], problem?: Task['problem']): void {
    entry.isHeld = false;
    const progress = this.#withProgress(entry.task).progress;
    const last = progress && { ...progress, bytesPerSecond: undefined, remainingMs: undefined };
    const endedAtMs = this.#options.clock.nowMs();
    entry.task = { ...entry.task, state, problem, endedAtMs, progress: last };
    this.#tell(entry);
    if (entry.isAutomatic) this.#entries.delete(entry.task.taskId);
    entry.over.resolve(entry.task);
    try {
      this.#keep(entry.task);
      this.#forgetOldest();
    } catch (thrown) {
      const { code } = serializeError(indexFailure(thrown));
      this.#options.logger.warn('how a task has ended is not kept', { code });
    }
  }

  #forgetOldest(): void {
    const ended = [...this.#entries.values()].filter(({ task }) => !isUnderWay(task));
    for (const { task } of ended.slice(0, Math.max(0, ended.length - ENDED_KEPT_MAX))) {
      this.#options.table.delete(task.taskId);
      this.#entries.delete(task.taskId);
    }
  }

  #change(entry: Entry, change: Partial<Task>): void {
    entry.task = { ...entry.task, ...change };
    this.#keep(entry.task);
    this.#tell(entry);
  }

  #keep(task: Task): void {
    if (task.kind !== 'restore') return;
    const record = JSON.stringify({ ...task, progress: undefined });
    this.#options.table.put({ taskId: task.taskId, record });
  }

  #progress(entry: Entry, progress: Progress): void {
    const nowMs = this.#options.clock.monotonicMs();
    const { bytesDone, filesDone } = progress;
    entry.rate.add(nowMs, { bytes: bytesDone, files: filesDone });
    entry.task = {
      ...entry.task,
      progress: {
        ...progress,
        bytesPerSecond: undefined,
        remainingMs: undefined,
        elapsedMs: nowMs - entry.beganAtMonotonicMs,
      },
    };
    if (nowMs - entry.toldAtMs >= TOLD_EVERY_MS) this.#tell(entry);
  }

  #tell(entry: Entry): void {
    entry.toldAtMs = this.#options.clock.monotonicMs();
    this.#options.emit({ kind: 'task', task: this.#withProgress(entry.task) });
  }

  /** With rate and time left as they are now. */
  #withProgress(task: Task): Task {
    const entry = this.#entries.get(task.taskId);
    if (!entry?.run || !task.progress) return task;
    const { bytesDone, bytesTotal, filesDone, filesTotal } = task.progress;
    const nowMs = this.#options.clock.monotonicMs();
    const left = {
      ...(bytesTotal === undefined ? {} : { bytes: bytesTotal - bytesDone }),
      ...(filesTotal === undefined ? {} : { files: filesTotal - filesDone }),
    };
    return {
      ...task,
      progress: {
        ...task.progress,
        bytesPerSecond: entry.rate.bytesPerSecond(nowMs),
        remainingMs: entry.rate.remainingMs(nowMs, left),
        elapsedMs: nowMs - entry.beganAtMonotonicMs,
      },
    };
  }

  #find(taskId: string): Entry {
    const entry = this.#entries.get(taskId);
    if (entry) return entry;
    throw new EngineError('usage', 'there is no such task');
  }
}

const isUnderWay = ({ state }: Task): boolean => state === 'waiting' || state === 'running';
