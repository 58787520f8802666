/** @file Where a restore may go, and where it would best go. */
import type { EngineParts } from './engine-parts.ts';
import { EngineError } from './model/engine-error.ts';
import {
  absolutePath,
  absolutePathText,
  FileError,
  type AbsolutePath,
  type FileSystem,
} from './ports/file-system.ts';

/** Names that are suggested before the person must choose one. */
const SUGGESTIONS_MAX = 100;
const RESTORES_FOLDER = 'Restored by Floe';

/**
 * Restoring into a protected folder would protect the restored files again, and Floe's own folders
 * are no place for anybody's files.
 *
 * @throws EngineError `restore-target-inside-folder`
 */
export function refuseProtectedTarget({ index, options }: EngineParts, target: string): void {
  const place = realPlace(options.files, target);
  const isBelow = (root: string): boolean => place === root || place.startsWith(`${root}/`);
  const folder = index.folders.all().find(({ removed, root }) => !removed && isBelow(root));
  if (folder) {
    throw new EngineError(
      'restore-target-inside-folder',
      `${target} lies in the protected folder ${folder.name}`,
    );
  }
  const own = options.paths.own.find((path) =>
    isBelow(realPlace(options.files, absolutePathText(path))),
  );
  if (own !== undefined) {
    throw new EngineError('restore-target-inside-folder', `${target} lies in Floe's own folder`);
  }
}

/**
 * What can be told of a target before anything is written to it.
 *
 * @throws EngineError `restore-target-inside-folder`, `restore-target-not-empty`,
 *   `restore-target-unwritable`, `disk-full`
 */
export function refuseTarget(parts: EngineParts, target: string, sizeBytes: number): void {
  const { files } = parts.options;
  refuseProtectedTarget(parts, target);
  const path = absolutePath(target);
  const stat = files.stat(path);
  if (stat && stat.kind !== 'directory' && stat.kind !== 'symlink') {
    throw new EngineError('restore-target-unwritable', `${target} is not a folder`);
  }
  try {
    if (stat && files.listNames(path).length > 0) {
      throw new EngineError('restore-target-not-empty', `${target} is not empty`);
    }
    const free = files.freeBytes(nearest(files, target));
    if (free < sizeBytes) {
      throw new EngineError('disk-full', `${target} is on a disk without room for all of it`, {
        context: { freeBytes: free, neededBytes: sizeBytes },
      });
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new EngineError('restore-target-unwritable', `${target} can't be written to`, {
      cause: error,
    });
  }
}

/** A new folder in the person's own, named by what is restored and from when. */
export function suggestedTarget({ options }: EngineParts, folder: string, atMs: number): string {
  const person = absolutePathText(options.paths.person ?? absolutePath('/'));
  const day = new Date(atMs).toISOString().slice(0, 10);
  const base = `${person === '/' ? '' : person}/${RESTORES_FOLDER}/${folder} ${day}`;
  for (let number = 1; number < SUGGESTIONS_MAX; number += 1) {
    const path = number === 1 ? base : `${base} ${String(number)}`;
    if (options.files.stat(absolutePath(path)) === undefined) return path;
  }
  return base;
}

/** Where a path leads, links followed, also when its last parts do not exist yet. */
function realPlace(files: FileSystem, path: string): string {
  const missing: string[] = [];
  for (let place = path; place !== ''; place = place.slice(0, place.lastIndexOf('/'))) {
    const real = files.realPath(absolutePath(place));
    if (real !== undefined) return [absolutePathText(real), ...missing].join('/');
    missing.unshift(place.slice(place.lastIndexOf('/') + 1));
  }
  return path;
}

/** The innermost directory of a path that exists. */
function nearest(files: FileSystem, path: string): AbsolutePath {
  for (let place = path; place !== ''; place = place.slice(0, place.lastIndexOf('/'))) {
    if (files.stat(absolutePath(place)) !== undefined) return absolutePath(place);
  }
  return absolutePath('/');
}
