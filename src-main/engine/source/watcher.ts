/**
 * @file Turns what the system reports about a folder into dirty paths, at quiet moments.
 *
 * The watcher is a hint, the scan is the truth: whoever is told of dirty paths scans them, and
 * scans everything from time to time anyway. A folder that can't be watched, wholly or in part, is
 * polled instead, and the state says so.
 */
import { isAbort } from '#engine/model/engine-error.ts';
import type { RawPath } from '#engine/model/ids.ts';
import type {
  AbsolutePath,
  FolderWatch,
  WatchEvent,
  WatchFiles,
} from '#engine/ports/file-system.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { DirtyAggregator, type Dirty } from './aggregator.ts';
import { IGNORE_FILE_NAME } from './ignore.ts';
import type { IgnoredDirectories } from './ignored-directories.ts';

/** How often a folder that can't be watched is scanned. */
export const POLL_INTERVAL_MS = 60_000;
/** Told after this much quiet, */
export const QUIET_MS = 2_000;
/** or after this long when it never gets quiet. */
export const RESTLESS_MS = 30_000;

/** How changes in a folder come to be known. */
export type WatchState =
  | { readonly kind: 'watching' }
  /** `systemCode` says why, such as ENOSPC: no more watches; EILSEQ: names that are not UTF-8. */
  | { readonly kind: 'polling'; readonly systemCode: string };

export interface WatcherOptions {
  readonly watchFiles: WatchFiles;
  readonly root: AbsolutePath;
  readonly clock: Clock;
  /** Called one at a time; the next call comes after its promise. It must not throw. */
  readonly onDirty: (dirty: Dirty) => void | Promise<void>;
  readonly onState?: (state: WatchState) => void;
  /** Directories that need no watching. They are asked for anew when a rule file has changed. */
  readonly ignored?: Pick<IgnoredDirectories, 'has' | 'forget'>;
  readonly quietMs?: number;
  readonly restlessMs?: number;
  readonly pollIntervalMs?: number;
}

/** Watches one folder from `start` to `close`. */
export class FolderWatcher {
  readonly #options: WatcherOptions;
  readonly #dirty = new DirtyAggregator();
  readonly #closing = new AbortController();
  #state: WatchState = { kind: 'watching' };
  #watch: FolderWatch | undefined;
  /** Counts the watches begun, so that a late event of a closed one is ignored. */
  #watchNumber = 0;
  #lastEventMs = 0;
  #telling: Promise<void> | undefined;
  #polling: Promise<void> | undefined;
  #rewatching: Promise<void> = Promise.resolve();

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Begin. Fulfilled when the folder is watched, or polled because it can't be. */
  async start(): Promise<void> {
    await this.#beginWatch();
  }

  /**
   * Poll from now on, beside whatever is watched: a scan found places no watcher sees into.
   */
  poll(systemCode: string): void {
    if (this.#closing.signal.aborted) return;
    this.#setState({ kind: 'polling', systemCode });
    this.#polling ??= this.#pollUntilClosed();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watch?.close();
    this.#watch = undefined;
    await Promise.all([this.#telling, this.#polling, this.#rewatching]);
  }

  async #beginWatch(): Promise<void> {
    const { watchFiles, root, ignored } = this.#options;
    this.#watchNumber += 1;
    const number = this.#watchNumber;
    const watch = await watchFiles.watchFolder(root, {
      onEvent: (event) => {
        if (number === this.#watchNumber) this.#receive(event);
      },
      ...(ignored ? { isIgnored: ignored.has } : {}),
    });
    if (this.#closing.signal.aborted) await watch.close();
    else this.#watch = watch;
  }

  #receive(event: WatchEvent): void {
    if (this.#closing.signal.aborted) return;
    switch (event.kind) {
      case 'dirty':
        this.#dirty.add(event.path);
        if (isRuleFile(event.path)) {
          this.#rewatching = this.#rewatching.then(() => this.#watchAnew());
        }
        break;
      case 'overflow':
        this.#dirty.addEverything();
        break;
      case 'unwatchable':
        this.#dirty.addEverything();
        this.poll(event.systemCode);
        break;
    }
    this.#lastEventMs = this.#options.clock.monotonicMs();
    this.#telling ??= this.#tellWhenQuiet();
  }

  /** Other directories are left out now. What happened in between is found by a scan of all. */
  async #watchAnew(): Promise<void> {
    const { ignored } = this.#options;
    if (!ignored || this.#closing.signal.aborted) return;
    ignored.forget();
    await this.#watch?.close();
    this.#watch = undefined;
    await this.#beginWatch();
    this.#receive({ kind: 'overflow' });
  }

  /** Wait for quiet, tell, and go on while events have come meanwhile. */
  async #tellWhenQuiet(): Promise<void> {
    try {
      while (!this.#dirty.isEmpty) {
        await this.#untilQuiet();
        await this.#options.onDirty(this.#dirty.take());
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      this.#telling = undefined;
    }
  }

  async #untilQuiet(): Promise<void> {
    const { clock, quietMs = QUIET_MS, restlessMs = RESTLESS_MS } = this.#options;
    const latestMs = clock.monotonicMs() + restlessMs;
    for (;;) {
      const nowMs = clock.monotonicMs();
      const dueMs = Math.min(this.#lastEventMs + quietMs, latestMs);
      if (nowMs >= dueMs) return;
      await clock.sleep(dueMs - nowMs, this.#closing.signal);
    }
  }

  async #pollUntilClosed(): Promise<void> {
    const { clock, pollIntervalMs = POLL_INTERVAL_MS } = this.#options;
    try {
      for (;;) {
        await clock.sleep(pollIntervalMs, this.#closing.signal);
        this.#receive({ kind: 'overflow' });
        if (await this.#isWatchedAgain()) return;
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      this.#polling = undefined;
    }
  }

  /** A folder that was not there may have come back; other causes don't pass by themselves. */
  async #isWatchedAgain(): Promise<boolean> {
    if (this.#state.kind === 'watching' || this.#state.systemCode !== 'ENOENT') return false;
    await this.#watch?.close();
    this.#watch = undefined;
    this.#setState({ kind: 'watching' });
    await this.#beginWatch();
    // The new watch may have failed in the same way.
    return this.#state.kind === ('watching' as WatchState['kind']);
  }

  #setState(state: WatchState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }
}

const isRuleFile = (path: RawPath): boolean =>
  path.slice(path.lastIndexOf('/') + 1) === IGNORE_FILE_NAME;
