/**
 * @file Keeps folders up to date while the engine runs.
 *
 * [Note: Watcher is a hint] Events only say that a folder should be scanned; the scan finds out
 * what changed. A folder is scanned at the start, after changes have settled, and once a day.
 */
import type { FolderStatus } from '#contract/api.ts';
import type { ErrorCode } from '#contract/errors.ts';
import {
  COMMIT_DELAY_MS,
  commitDelay,
  commitGap,
  delayFacts,
  type CommitDelayFacts,
} from './commit-economics.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderRecord, FolderSchedule } from './local-index/folder-table.ts';
import { EngineError } from './model/engine-error.ts';
import type { FolderId } from './model/ids.ts';
import { FULL_SCAN_INTERVAL_MS, RETRY_INTERVAL_MS } from './policy.ts';
import { absolutePath, pathBelow } from './ports/file-system.ts';
import { changedBytes } from './source/changed-bytes.ts';
import { IgnoredDirectories } from './source/ignored-directories.ts';
import { FolderWatcher, RESTLESS_MS } from './source/watcher.ts';
import { FolderRounds } from './tasks/folder-rounds.ts';
import type { Timing } from './tasks/schedule.ts';

/** So much that waits is committed without waiting for more. */
const BULK_BYTES = 16 * 1024 * 1024;

export interface Watching {
  /** Watch what is protected now, by the rules of now, and nothing else. */
  refresh(): Promise<void>;
  /** A scan found places in the folder that no watcher sees into: it is polled, too. */
  poll(folderId: FolderId): void;
  /** A sync of the folder has begun, whoever asked for it. */
  began(folderId: FolderId): void;
  /** It has ended: well, or with a failure. */
  ended(folderId: FolderId, error: unknown): void;
  /** The machine has woken, or settings have changed: look at the clock now. */
  look(): void;
  /** The network is there again: what failed is tried now. */
  retryNow(): void;
  /** Changes that were noticed and not committed yet. */
  waiting(folderId: FolderId): Omit<NonNullable<FolderStatus['waiting']>, 'costs'> | undefined;
  close(): Promise<void>;
}

export interface WatchingOptions {
  /** Sync a folder that is due. Never throws: `began` and `ended` tell how it went. */
  readonly sync: (folder: FolderRecord, signal: AbortSignal) => Promise<void>;
  /** Resolves when nothing is in the way of what begins by itself. */
  readonly untilAllowed: (signal: AbortSignal) => Promise<void>;
  /** What waits has changed. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

interface WatchedFolder {
  readonly excludes: readonly string[];
  readonly watcher: FolderWatcher;
  readonly rounds: FolderRounds;
  readonly stop: AbortController;
}

export function watchFolders(parts: EngineParts, options: WatchingOptions): Watching {
  const watched = new Map<FolderId, WatchedFolder>();
  const close = async (folderId: FolderId): Promise<void> => {
    const folder = watched.get(folderId);
    watched.delete(folderId);
    folder?.stop.abort();
    await folder?.watcher.close();
  };
  const { clock } = parts.options;
  return {
    refresh: async () => {
      // Whoever closes has let go of all of them.
      if (options.signal.aborted) return;
      const active = parts.index.folders.all().filter(({ removed }) => !removed);
      const ids = new Set(active.map(({ folderId }) => folderId));
      for (const folderId of [...watched.keys()]) if (!ids.has(folderId)) await close(folderId);
      for (const folder of active) {
        // Other directories are watched than before.
        const before = watched.get(folder.folderId)?.excludes;
        if (before && before.join('\n') !== folder.excludes.join('\n'))
          await close(folder.folderId);
        // Closed meanwhile: nobody would let go of a new one.
        if (options.signal.aborted) return;
        if (!watched.has(folder.folderId))
          watched.set(folder.folderId, watchOne(parts, folder, options));
      }
    },
    // The code that a name which is not text gives.
    poll: (folderId) => watched.get(folderId)?.watcher.poll('EILSEQ'),
    began: (folderId) => watched.get(folderId)?.rounds.began(),
    ended: (folderId, error) => {
      const retryInMs = error === undefined ? undefined : retryDelayMs(error);
      watched.get(folderId)?.rounds.ended({
        isDone: error === undefined,
        retryAtMs: retryInMs === undefined ? undefined : clock.nowMs() + retryInMs,
      });
    },
    look: () => {
      for (const { rounds } of watched.values()) rounds.look();
    },
    retryNow: () => {
      for (const { rounds } of watched.values()) rounds.retryNow();
    },
    waiting: (folderId) => watched.get(folderId)?.rounds.waiting(),
    close: async () => {
      for (const folderId of [...watched.keys()]) await close(folderId);
    },
  };
}

/** When a folder is due, by its own settings and the network's costs. */
export function timingOf(schedule: FolderSchedule, facts: CommitDelayFacts): Timing {
  const { commitEveryMs, hours = [] } = schedule;
  const rest = { scanEveryMs: FULL_SCAN_INTERVAL_MS, hours };
  if (commitEveryMs !== undefined) return { quietMs: commitEveryMs, commitEveryMs, ...rest };
  const delayMs = commitDelay(facts);
  if (facts.isTryOut) return { quietMs: delayMs, commitEveryMs: COMMIT_DELAY_MS, ...rest };
  return {
    quietMs: delayMs,
    commitEveryMs: delayMs,
    bulk: { bytes: BULK_BYTES, gapMs: commitGap(facts) },
    ...rest,
  };
}

function watchOne(
  parts: EngineParts,
  folder: FolderRecord,
  { sync, untilAllowed, onChange, signal }: WatchingOptions,
): WatchedFolder {
  const { options, emit, index } = parts;
  const { folderId } = folder;
  const stop = new AbortController();
  const ended = AbortSignal.any([stop.signal, signal]);
  const current = (): FolderRecord => index.folders.find(folderId) ?? folder;
  const rounds = new FolderRounds({
    clock: options.clock,
    timing: () => timingOf(current().schedule, delayFacts(index, current(), options.isTryOut)),
    untilAllowed,
    sync: (roundSignal) => unlessEnded(sync(current(), roundSignal), roundSignal),
    onChange,
    signal: ended,
  });
  const root = absolutePath(folder.root);
  const watcher = new FolderWatcher({
    watchFiles: options.watchFiles,
    root,
    ignored: new IgnoredDirectories(options.files, root, folder.excludes),
    clock: options.clock,
    onDirty: async (dirty) => {
      const paths = dirty.kind === 'paths' ? dirty.paths : [];
      const sinceMs = rounds.noticed(paths) - RESTLESS_MS;
      for (const path of paths) {
        const sizeBytes = await changedBytes(options.files, pathBelow(root, path), sinceMs);
        rounds.measured(path, sizeBytes);
      }
    },
    onState: (state) => {
      if (state.kind === 'polling') {
        emit({
          kind: 'watch-degraded',
          folderId,
          folderName: folder.name,
          reason: state.systemCode,
        });
      }
    },
  });
  void (async () => {
    await watcher.start();
    await rounds.run();
  })().catch((error: unknown) => {
    const name = error instanceof Error ? error.name : 'other';
    if (!ended.aborted) options.logger.warn('watching ended', { error: name });
  });
  return { excludes: folder.excludes, watcher, rounds, stop };
}

/** When to try again what a person or time may have put right, and what costs nothing to try. */
function retryDelayMs(error: unknown): number | undefined {
  // Somebody has stopped it: it comes again when it would have without its end.
  if (!(error instanceof EngineError)) return COMMIT_DELAY_MS;
  const { code, retry } = error;
  const passes = retry === 'after-backoff' || retry === 'after-refresh';
  return passes || TRIED_AGAIN.includes(code) ? RETRY_INTERVAL_MS : undefined;
}

const TRIED_AGAIN: readonly ErrorCode[] = [
  'balance-low',
  'blob-expired',
  'cap-exceeded',
  'disk-full',
  'folder-missing',
  'folder-unreadable',
  'head-rolled-back',
  'index-damaged',
  'storage-exhausted',
];

/**
 * Wait for a sync, but no longer than for the end of the watching: whoever ends it may hold the
 * turn that this sync waits for.
 */
async function unlessEnded(sync: Promise<void>, ended: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const end = (): void => resolve(undefined);
  ended.addEventListener('abort', end, { once: true });
  try {
    await Promise.race([sync, promise]);
  } finally {
    ended.removeEventListener('abort', end);
  }
}
