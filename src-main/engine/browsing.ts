/**
 * @file Looking into folders and snapshots, as BrowseApi offers it. Nothing here spends or changes
 * anything.
 */
import type { BrowseApi } from '#contract/browse-api.ts';
import { errorCodes } from '#contract/errors.ts';
import { DirectoryShelf } from './browse/directory-shelf.ts';
import { versionsOf } from './browse/file-versions.ts';
import { measure, pageOf, searchTree } from './browse/look-up.ts';
import { previewTree } from './browse/preview.ts';
import { compareTrees } from './browse/tree-changes.ts';
import { isUnreadable } from './catalog.ts';
import type { EngineParts } from './engine-parts.ts';
import { resolveFolder, suggestedName } from './folders.ts';
import { EngineError } from './model/engine-error.ts';
import { displayPath, rawPathBytes } from './model/ids.ts';
import {
  absolutePath,
  absolutePathText,
  FileError,
  pathBelow,
  type AbsolutePath,
  type DirectoryListing,
  type FileSystem,
} from './ports/file-system.ts';
import { refuseTarget, suggestedTarget } from './restore-targets.ts';
import { TreeSources } from './tree-sources.ts';

/** Nobody has looked for this long: what was read is let go of. */
const IDLE_MS = 10 * 60_000;

export interface Browsing {
  readonly methods: BrowseApi;
  readonly close: () => void;
}

/** `signalOf` joins a caller's signal with the engine's end. */
export function openBrowsing(
  parts: EngineParts,
  signalOf: (signal: AbortSignal | undefined) => AbortSignal,
): Browsing {
  const { options } = parts;
  const { files, clock } = options;
  const shelf = new DirectoryShelf();
  const sources = new TreeSources(parts);
  const idle = idleTimer(clock, () => {
    shelf.clear();
    sources.clear();
  });
  const signalNow = (signal: AbortSignal | undefined): AbortSignal => {
    idle.used();
    return signalOf(signal);
  };
  const methods: BrowseApi = {
    previewFolder: async ({ path, excludes }, callOptions) => {
      const root = await resolveFolder(parts, requireAbsolute(path));
      return {
        path: root,
        suggestedName: suggestedName(parts, root),
        ...(await previewTree({
          files,
          clock,
          root: absolutePath(root),
          excludes,
          ownDirectories: options.paths.own,
          signal: signalOf(callOptions?.signal),
        })),
      };
    },
    machineFolders: async ({ path }, callOptions) =>
      machineFolders(
        files,
        path === undefined
          ? (options.paths.person ?? absolutePath('/'))
          : absolutePath(requireAbsolute(path)),
        signalOf(callOptions?.signal),
      ),
    browse: async (request, callOptions) => {
      const signal = signalNow(callOptions?.signal);
      return pageOf(shelf, await sources.open(request, signal), request, signal);
    },
    search: async (request, callOptions) => {
      const signal = signalNow(callOptions?.signal);
      return searchTree(shelf, await sources.open(request, signal), request, signal);
    },
    fileVersions: async ({ folder, path }, callOptions) => {
      const signal = signalNow(callOptions?.signal);
      const all = await sources.all(folder, signal);
      return versionsOf(shelf, all, path, { isUnreadable, signal });
    },
    snapshotChanges: async ({ folder, from, to }, callOptions) => {
      const signal = signalNow(callOptions?.signal);
      const after = await sources.open({ folder, snapshot: to }, signal);
      const earlier = from ?? after.parentId;
      const before =
        earlier === undefined
          ? undefined
          : await sources.open({ folder, snapshot: earlier }, signal);
      return compareTrees(shelf, before, after, signal);
    },
    restorePlan: async (request, callOptions) => {
      const signal = signalNow(callOptions?.signal);
      const source = await sources.open(request, signal);
      const isAll = request.paths.length === 0 || request.paths.includes('');
      const { fileCount, sizeBytes } = isAll
        ? source.totals
        : await measure(shelf, source, request.paths, signal);
      const suggested = suggestedTarget(parts, source.folderName, source.atMs);
      return {
        snapshotId: source.snapshotId,
        fileCount,
        sizeBytes,
        suggestedTarget: suggested,
        problem: targetProblem(parts, request.target ?? suggested, sizeBytes),
      };
    },
  };
  return { methods, close: () => idle.close() };
}

function targetProblem(
  parts: EngineParts,
  target: string,
  sizeBytes: number,
): Awaited<ReturnType<BrowseApi['restorePlan']>>['problem'] {
  try {
    refuseTarget(parts, requireAbsolute(target), sizeBytes);
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { code: error.code, message: error.message, next: errorCodes[error.code].next };
  }
}

function requireAbsolute(path: string): string {
  if (path.startsWith('/')) return path;
  throw new EngineError('usage', 'a path of this computer begins at its root');
}

/** Directories that can be chosen: hidden ones come last, links and odd names are left out. */
async function machineFolders(
  files: FileSystem,
  path: AbsolutePath,
  signal: AbortSignal,
): ReturnType<BrowseApi['machineFolders']> {
  const real = files.realPath(path);
  if (real === undefined) {
    throw new EngineError('folder-missing', `there is no folder at ${absolutePathText(path)}`);
  }
  const text = absolutePathText(real);
  const { entries } = await listed(files, real, signal);
  const folders = entries
    .filter(({ name, stat }) => stat?.kind === 'directory' && isText(rawPathBytes(name)))
    .map(({ name }) => ({
      name: displayPath(name),
      path: absolutePathText(pathBelow(real, name)),
    }))
    .sort(
      (one, other) =>
        Number(one.name.startsWith('.')) - Number(other.name.startsWith('.')) ||
        one.name.localeCompare(other.name),
    );
  const parent = text.slice(0, Math.max(text.lastIndexOf('/'), 1));
  return { path: text, parent: text === '/' ? undefined : parent, folders };
}

/** @throws EngineError `folder-missing`, `folder-unreadable` */
async function listed(
  files: FileSystem,
  path: AbsolutePath,
  signal: AbortSignal,
): Promise<DirectoryListing> {
  try {
    return await files.listDirectory(path, signal);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const code = error.reason === 'not-directory' ? 'folder-missing' : 'folder-unreadable';
    throw new EngineError(code, 'the folder cannot be listed', { cause: error });
  }
}

const isText = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes);

/** Calls `onIdle` once nothing was used for a while. */
function idleTimer(
  clock: EngineParts['options']['clock'],
  onIdle: () => void,
): { used(): void; close(): void } {
  const closing = new AbortController();
  let lastUsedMs = 0;
  let waiting = false;
  const wait = async (): Promise<void> => {
    for (;;) {
      const leftMs = lastUsedMs + IDLE_MS - clock.monotonicMs();
      if (leftMs <= 0) break;
      await clock.sleep(leftMs, closing.signal);
    }
    waiting = false;
    onIdle();
  };
  return {
    used: () => {
      lastUsedMs = clock.monotonicMs();
      if (waiting) return;
      waiting = true;
      wait().catch(() => onIdle());
    },
    close: () => closing.abort(),
  };
}
