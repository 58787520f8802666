/**
 * @file Keeps folders up to date while the engine runs.
 *
 * [Note: Watcher is a hint] Events only say that a folder should be scanned; the scan finds out
 * what changed. A folder is scanned at the start, after changes have settled, and once a day.
 */
import { COMMIT_DELAY_MS, COMMIT_QUIET_TRY_OUT_MS, FULL_SCAN_INTERVAL_MS } from './policy.ts';
import type { EngineParts } from './engine.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { FolderId } from './model/ids.ts';
import { EngineError } from './model/engine-error.ts';
import { absolutePath } from './ports/file-system.ts';
import { FolderWatcher } from './source/watcher.ts';

export interface Watching {
  /** Watch what is protected now, and nothing else. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

interface WatchedFolder {
  readonly watcher: FolderWatcher;
  readonly stop: AbortController;
}

export function watchFolders(
  parts: EngineParts,
  options: {
    readonly sync: (folder: FolderRecord) => Promise<void>;
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
  const syncQuietly = async (): Promise<void> => {
    const current = index.folders.find(folder.folderId);
    if (!current || current.removed || ended.aborted) return;
    try {
      await sync(current);
    } catch (error) {
      // `sync-ended` has told it, and the folder's status keeps it.
      if (!(error instanceof EngineError) && !ended.aborted) throw error;
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
      await options.clock.sleep(FULL_SCAN_INTERVAL_MS, ended);
    }
  })().catch((error: unknown) => {
    if (!ended.aborted) options.logger.warn('watching ended', { error: String(error) });
  });
  return { watcher, stop };
}
