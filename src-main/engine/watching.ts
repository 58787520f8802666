/**
 * @file Keeps folders up to date while the engine runs.
 *
 * [Note: Watcher is a hint] Events only say that a folder should be scanned; the scan finds out
 * what changed. A folder is scanned at the start, after changes have settled, and once a day.
 */
import type { ErrorCode } from '#contract/errors.ts';
import {
  COMMIT_DELAY_MS,
  COMMIT_QUIET_TRY_OUT_MS,
  FULL_SCAN_INTERVAL_MS,
  RETRY_INTERVAL_MS,
} from './policy.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { FolderId } from './model/ids.ts';
import { EngineError } from './model/engine-error.ts';
import { absolutePath } from './ports/file-system.ts';
import { FolderWatcher } from './source/watcher.ts';

export interface Watching {
  /** Watch what is protected now, and nothing else. */
  refresh(): Promise<void>;
  /** A scan found places in the folder that no watcher sees into: it is polled, too. */
  poll(folderId: FolderId): void;
  close(): Promise<void>;
}

interface WatchedFolder {
  readonly watcher: FolderWatcher;
  readonly stop: AbortController;
}

export function watchFolders(
  parts: EngineParts,
  options: {
    readonly sync: (folder: FolderRecord, signal: AbortSignal) => Promise<void>;
    readonly signal: AbortSignal;
  },
): Watching {
  const watched = new Map<FolderId, WatchedFolder>();
  const close = async (folderId: FolderId): Promise<void> => {
    const folder = watched.get(folderId);
    watched.delete(folderId);
    folder?.stop.abort();
    await folder?.watcher.close();
  };
  return {
    refresh: async () => {
      const active = parts.index.folders.all().filter(({ removed }) => !removed);
      const ids = new Set(active.map(({ folderId }) => folderId));
      for (const folderId of [...watched.keys()]) if (!ids.has(folderId)) await close(folderId);
      for (const folder of active) {
        if (!watched.has(folder.folderId))
          watched.set(folder.folderId, watchOne(parts, folder, options));
      }
    },
    // The code that a name which is not text gives.
    poll: (folderId) => watched.get(folderId)?.watcher.poll('EILSEQ'),
    close: async () => {
      for (const folderId of [...watched.keys()]) await close(folderId);
    },
  };
}

function watchOne(
  parts: EngineParts,
  folder: FolderRecord,
  { sync, signal }: Parameters<typeof watchFolders>[1],
): WatchedFolder {
  const { options, emit, index } = parts;
  const stop = new AbortController();
  const ended = AbortSignal.any([stop.signal, signal]);
  let isWorthRepeating = false;
  /** Never throws: whatever a sync meets, the folder is watched on. */
  const syncQuietly = async (): Promise<void> => {
    try {
      const current = index.folders.find(folder.folderId);
      if (!current || current.removed || ended.aborted) return;
      isWorthRepeating = false;
      await unlessEnded(sync(current, ended), ended);
    } catch (error) {
      if (ended.aborted) return;
      isWorthRepeating = error instanceof EngineError && passesByItself(error);
      // `sync-ended` has told what has a code, and the folder's status keeps it.
      if (error instanceof EngineError) return;
      options.logger.warn('a sync failed', {
        error: error instanceof Error ? error.name : 'other',
      });
    }
  };
  const watcher = new FolderWatcher({
    watchFiles: options.watchFiles,
    root: absolutePath(folder.root),
    clock: options.clock,
    quietMs: options.isTryOut ? COMMIT_QUIET_TRY_OUT_MS : COMMIT_DELAY_MS,
    restlessMs: COMMIT_DELAY_MS,
    onDirty: syncQuietly,
    onState: (state) => {
      if (state.kind === 'polling') {
        emit({
          kind: 'watch-degraded',
          folderId: folder.folderId,
          folderName: folder.name,
          reason: state.systemCode,
        });
      }
    },
  });
  void (async () => {
    await watcher.start();
    while (!ended.aborted) {
      await syncQuietly();
      const scannedAtMs = options.clock.monotonicMs();
      do await options.clock.sleep(RETRY_INTERVAL_MS, ended);
      while (
        !isWorthRepeating &&
        options.clock.monotonicMs() - scannedAtMs < FULL_SCAN_INTERVAL_MS
      );
    }
  })().catch((error: unknown) => {
    const name = error instanceof Error ? error.name : 'other';
    if (!ended.aborted) options.logger.warn('watching ended', { error: name });
  });
  return { watcher, stop };
}

/** What a person or time may have put right meanwhile, and what costs nothing to try. */
function passesByItself({ code, retry }: EngineError): boolean {
  return retry === 'after-backoff' || TRIED_AGAIN.includes(code);
}

const TRIED_AGAIN: readonly ErrorCode[] = [
  'balance-low',
  'disk-full',
  'folder-missing',
  'folder-unreadable',
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
