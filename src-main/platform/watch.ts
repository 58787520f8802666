/**
 * @file Watching folders with chokidar.
 *
 * Only directories are watched: the system reports a change of a file to its directory, so a file
 * needs no watch of its own, and a folder costs as many watches as it has directories. chokidar
 * keeps up with directories that come and go; what it says of entries comes as raw events.
 *
 * [Note: Silent overflow] The kernel queues a bounded number of events and drops the rest; Node does
 * not pass on that it did. A queue runs over only while nobody reads it, and is then read at one
 * go, so a very long burst within one turn of the event loop counts as an overflow.
 *
 * chokidar knows paths as text. A name that is not UTF-8 arrives with U+FFFD in it and leads to
 * nothing, so its directory is dirty instead.
 */
import { watch } from 'chokidar';
import { lstatSync, readFileSync, type Stats } from 'node:fs';
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
/** Events in one turn that count as an overflow; the default queue of Linux has twice as many. */
const BURST_EVENTS_MAX = 8192;
const QUEUE_LENGTH_FILE = '/proc/sys/fs/inotify/max_queued_events';
const BAD_CHARACTER = '\ufffd';

export class ChokidarWatchFiles implements WatchFiles {
  async watchFolder(
    root: AbsolutePath,
    options: Parameters<WatchFiles['watchFolder']>[1],
  ): Promise<FolderWatch> {
    const rootText = absolutePathText(root);
    const { onEvent, isIgnored } = options;
    const report = (event: WatchEvent): void => onEvent(event);
    const identity = identityOf(rootText);
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
    const burst = new Burst(() => report({ kind: 'overflow' }));
    watcher.on('raw', (_event, name, details) => {
      burst.count();
      const directory = (details as { readonly watchedPath?: string }).watchedPath ?? rootText;
      const path = dirtyPath(rootText, directory, name);
      if (path !== undefined) report({ kind: 'dirty', path });
      // The watch ends with the folder, also when another takes its name.
      if (directory === rootText && identityOf(rootText) !== identity) {
        report({ kind: 'unwatchable', systemCode: 'ENOENT' });
      }
    });
    watcher.on('addDir', (path) => {
      const below = pathBelowRoot(rootText, path);
      if (below !== undefined) report({ kind: 'dirty', path: below });
    });
    watcher.on('error', (error) => {
      const systemCode = systemCodeOf(error) ?? 'EUNKNOWN';
      const isOverflow = OVERFLOW_CODES.includes(systemCode);
      report(isOverflow ? { kind: 'overflow' } : { kind: 'unwatchable', systemCode });
    });
    await new Promise<void>((ready) => watcher.once('ready', () => ready()));
    // chokidar waits in silence for a folder that does not exist.
    if (identity === undefined) report({ kind: 'unwatchable', systemCode: 'ENOENT' });
    return { close: () => watcher.close() };
  }
}

/** Counts the events of one turn of the event loop. See the note on silent overflow. */
class Burst {
  readonly #onOverflow: () => void;
  readonly #eventsMax = burstEventsMax();
  #events = 0;

  constructor(onOverflow: () => void) {
    this.#onOverflow = onOverflow;
  }

  count(): void {
    if (this.#events === 0) setImmediate(() => (this.#events = 0));
    this.#events += 1;
    if (this.#events === this.#eventsMax) this.#onOverflow();
  }
}

function burstEventsMax(): number {
  try {
    const queueLength = Number(readFileSync(QUEUE_LENGTH_FILE, 'utf8'));
    return Math.max(1, Math.min(BURST_EVENTS_MAX, Math.floor(queueLength / 2)));
  } catch {
    return BURST_EVENTS_MAX;
  }
}

/** Tells a directory from another of its name. Inode numbers alone are used again at once. */
function identityOf(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats && `${String(stats.dev)}:${String(stats.ino)}:${String(stats.birthtimeNs)}`;
  } catch {
    return undefined;
  }
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
