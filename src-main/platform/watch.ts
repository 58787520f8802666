/**
 * @file Watching folders with chokidar.
 *
 * Only directories are watched: the system reports a change of a file to its directory, so a file
 * needs no watch of its own, and a folder costs as many watches as it has directories. chokidar
 * keeps up with directories that come and go; what it says of entries comes as raw events.
 *
 * chokidar knows paths as text. A name that is not UTF-8 arrives with U+FFFD in it and leads to
 * nothing, so its directory is dirty instead.
 */
import { watch, type FSWatcher } from 'chokidar';
import type { Stats } from 'node:fs';
import { resolve, sep } from 'node:path';
import { rawPath, type RawPath } from '#engine/model/ids.ts';
import {
  absolutePathText,
  type AbsolutePath,
  type FolderWatch,
  type WatchEvent,
  type WatchFiles,
} from '#engine/ports/file-system.ts';
import { systemCodeOf } from './system-call.ts';

/** Codes of a queue that was too short, where the system tells. */
const OVERFLOW_CODES: readonly string[] = ['EOVERFLOW', 'ENOBUFS'];
const BAD_CHARACTER = '\ufffd';

export class ChokidarWatchFiles implements WatchFiles {
  async watchFolder(
    root: AbsolutePath,
    options: Parameters<WatchFiles['watchFolder']>[1],
  ): Promise<FolderWatch> {
    const rootText = absolutePathText(root);
    const { onEvent, isIgnored } = options;
    const report = (event: WatchEvent): void => onEvent(event);
    const watcher = watch(rootText, {
      ignoreInitial: true,
      followSymlinks: false,
      ignorePermissionErrors: true,
      ignored: (path: string, stats?: Stats) => {
        if (stats && !stats.isDirectory()) return true;
        const below = pathBelowRoot(rootText, path);
        return below !== undefined && below !== '' && isIgnored?.(below) === true;
      },
    });
    watcher.on('raw', (_event, name, details) => {
      const directory = (details as { readonly watchedPath?: string }).watchedPath ?? rootText;
      const path = dirtyPath(rootText, directory, name);
      if (path !== undefined) report({ kind: 'dirty', path });
    });
    watcher.on('addDir', (path) => {
      const below = pathBelowRoot(rootText, path);
      if (below !== undefined) report({ kind: 'dirty', path: below });
    });
    watcher.on('unlinkDir', (path) => {
      // The watch ends with the folder, also when another takes its name.
      if (path === rootText) report({ kind: 'unwatchable', systemCode: 'ENOENT' });
    });
    watcher.on('error', (error) => {
      const systemCode = systemCodeOf(error) ?? 'EUNKNOWN';
      const isOverflow = OVERFLOW_CODES.includes(systemCode);
      report(isOverflow ? { kind: 'overflow' } : { kind: 'unwatchable', systemCode });
    });
    await new Promise<void>((ready) => watcher.once('ready', () => ready()));
    if (!isWatchingRoot(watcher, rootText)) {
      report({ kind: 'unwatchable', systemCode: 'ENOENT' });
    }
    return { close: () => watcher.close() };
  }
}

/** chokidar waits in silence for a folder that does not exist. */
function isWatchingRoot(watcher: FSWatcher, rootText: string): boolean {
  return Object.keys(watcher.getWatched()).some((path) => resolve(path) === rootText);
}

/** What is dirty when `name` changed in `directory`; undefined outside the folder. */
function dirtyPath(rootText: string, directory: string, name: string | null): RawPath | undefined {
  const isNamed = name !== null && name !== '' && !name.includes(BAD_CHARACTER);
  const path = isNamed && directory !== name ? resolve(directory, name) : directory;
  return pathBelowRoot(rootText, path);
}

/** The path below the folder, up to the first name that is not UTF-8. */
function pathBelowRoot(rootText: string, path: string): RawPath | undefined {
  if (path === rootText) return '' as RawPath;
  const prefix = rootText.endsWith(sep) ? rootText : rootText + sep;
  if (!path.startsWith(prefix)) return undefined;
  const names = path.slice(prefix.length).split(sep);
  const bad = names.findIndex((name) => name.includes(BAD_CHARACTER));
  return rawPath((bad < 0 ? names : names.slice(0, bad)).join('/'));
}
