/**
 * @file What is to be restored: of which folder and moment, which files, to which place. The engine
 * is asked for the plan whenever one of them changes; nothing is written before it is begun.
 */
import type { AppApi } from '#contract/app-api.ts';
import type { SnapshotSummary } from '#contract/api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { Task } from '#contract/task-api.ts';
import { isAbort, problemOf } from '../../lib/connection/call-error.ts';
import type { App } from '../../lib/state/app.svelte.ts';
import { choiceOf, choose, NOTHING, openedBy, pathsOf, takeOut } from './selection.ts';
import type { Selection } from './selection.ts';

type Plan = Awaited<ReturnType<AppApi['restorePlan']>>;

/** Leaving one entry out of a directory with more is refused: each of the others would be named. */
const ENTRIES_MAX = 1_000;

export class RestoreRequest {
  readonly #app: App;
  #asking: AbortController | undefined;
  folderId = $state<string>();
  snapshots = $state.raw<readonly SnapshotSummary[]>();
  /** Undefined is the newest. */
  snapshotId = $state<string>();
  scope = $state<'all' | 'some'>('all');
  selection = $state.raw<Selection>(NOTHING);
  isTooMany = $state(false);
  /** As typed or chosen; empty is the place that the engine suggests. */
  target = $state('');
  plan = $state.raw<Plan>();
  isPlanning = $state(false);
  isStarting = $state(false);
  problem = $state.raw<SerializedError>();

  readonly snapshot = $derived(
    this.snapshots?.find(({ snapshotId }) => snapshotId === this.snapshotId) ??
      (this.snapshotId === undefined ? this.snapshots?.[0] : undefined),
  );
  readonly paths = $derived(this.scope === 'all' ? [] : pathsOf(this.selection));
  readonly isNothing = $derived(this.scope === 'some' && this.selection.size === 0);
  /** A plan that is being made anew refuses nothing: `start` waits for it. */
  readonly isReady = $derived(
    this.plan !== undefined && (!this.plan.problem || this.isPlanning) && !this.isNothing,
  );

  constructor(app: App) {
    this.#app = app;
  }

  async chooseFolder(folderId: string): Promise<void> {
    this.folderId = folderId;
    this.snapshots = undefined;
    this.chooseMoment(undefined);
    this.target = '';
    try {
      const snapshots = await this.#app.api.snapshots({ folder: folderId });
      // Another folder may have been chosen meanwhile.
      if (this.folderId === folderId) {
        this.snapshots = [...snapshots].sort((a, b) => b.atMs - a.atMs);
      }
    } catch (error) {
      this.problem = problemOf(error);
    }
    await this.makePlan();
  }

  /** Another moment has other files: what was chosen begins anew. */
  chooseMoment(snapshotId: string | undefined): void {
    this.snapshotId = snapshotId;
    this.selection = NOTHING;
    this.plan = undefined;
    this.problem = undefined;
  }

  choosePaths(paths: readonly string[]): void {
    if (paths.length === 0) return;
    this.scope = 'some';
    this.selection = new Set(paths);
  }

  /** Choose an entry, or take it out of what is chosen. */
  async toggle(path: string): Promise<void> {
    this.isTooMany = false;
    if (choiceOf(this.selection, path) !== 'all') {
      this.selection = choose(this.selection, path);
    } else {
      const before = this.selection;
      const entries = await this.#entriesOf(openedBy(before, path));
      if (!entries) {
        this.isTooMany = true;
        return;
      }
      this.selection = takeOut(before, path, (directory) => entries.get(directory) ?? []);
    }
    await this.makePlan();
  }

  async makePlan(): Promise<void> {
    const { folderId, snapshot } = this;
    this.#asking?.abort();
    if (folderId === undefined || !snapshot || this.isNothing) {
      this.isPlanning = false;
      return;
    }
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.isPlanning = true;
    try {
      this.plan = await this.#app.api.restorePlan(
        {
          folder: folderId,
          snapshot: snapshot.snapshotId,
          paths: this.paths,
          ...(this.target.trim() === '' ? {} : { target: this.target.trim() }),
        },
        { signal },
      );
      this.problem = undefined;
      this.isPlanning = false;
    } catch (error) {
      if (isAbort(error)) return;
      this.problem = problemOf(error);
      this.isPlanning = false;
    }
  }

  /** Begin. Gives the task, or undefined when it was refused. */
  async start(): Promise<Task | undefined> {
    this.isStarting = true;
    try {
      // What was typed last may not have been looked at yet.
      await this.makePlan();
      const { folderId, snapshot, plan } = this;
      if (folderId === undefined || !snapshot || !plan || plan.problem || this.problem) {
        return undefined;
      }
      return await this.#app.api.startRestore({
        folder: folderId,
        snapshot: snapshot.snapshotId,
        paths: this.paths,
        target: this.target.trim() === '' ? plan.suggestedTarget : this.target.trim(),
      });
    } catch (error) {
      this.problem = problemOf(error);
      return undefined;
    } finally {
      this.isStarting = false;
    }
  }

  end(): void {
    this.#asking?.abort();
  }

  /** The paths in each of the directories; undefined when one of them holds too many. */
  async #entriesOf(
    directories: readonly string[],
  ): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
    const folder = this.folderId;
    const snapshot = this.snapshot?.snapshotId;
    if (folder === undefined || snapshot === undefined) return undefined;
    const found = new Map<string, readonly string[]>();
    for (const path of directories) {
      const { entries, total } = await this.#app.api.browse({
        folder,
        snapshot,
        path,
        offset: 0,
        limit: ENTRIES_MAX,
      });
      if (total > entries.length) return undefined;
      found.set(
        path,
        entries.map((entry) => entry.path),
      );
    }
    return found;
  }
}
