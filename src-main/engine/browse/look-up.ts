/** @file Pages of directories, searches, and what a selection holds: over one snapshot's tree. */
import type { ListEntry } from '#contract/api.ts';
import type { EntryPage } from '#contract/browse-api.ts';
import { EngineError } from '../model/engine-error.ts';
import type {
  DirectoryShelf,
  ShelvedDirectory,
  ShelvedEntry,
  TreeSource,
} from './directory-shelf.ts';
import { foldText } from './fold-text.ts';

export interface PageRequest {
  /** Below the root, as it is displayed. */
  readonly path: string;
  readonly offset: number;
  readonly limit: number;
  readonly sort?: 'name' | 'size' | 'time';
  readonly isDescending?: boolean;
}

const joined = (parent: string, name: string): string =>
  parent === '' ? name : `${parent}/${name}`;

export const listed = (path: string, entry: ShelvedEntry): ListEntry => ({
  path,
  kind: entry.kind,
  sizeBytes: entry.sizeBytes,
  mode: entry.mode,
  mtimeMs: entry.mtimeMs,
  target: entry.target,
});

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');

/** The entry at a path; undefined where there is none, and for the root. */
export async function entryAt(
  shelf: DirectoryShelf,
  source: TreeSource,
  path: string,
  signal: AbortSignal,
): Promise<ShelvedEntry | undefined> {
  let treeId: ShelvedEntry['treeId'] = source.rootTree;
  let entry: ShelvedEntry | undefined;
  for (const part of partsOf(path)) {
    if (treeId === undefined) return undefined;
    const directory: ShelvedDirectory = await shelf.read(treeId, source, signal);
    entry = directory.find(({ text }) => text === part);
    if (!entry) return undefined;
    ({ treeId } = entry);
  }
  return entry;
}

/** @throws EngineError `path-unknown` when there is no directory at the path */
export async function pageOf(
  shelf: DirectoryShelf,
  source: TreeSource,
  request: PageRequest,
  signal: AbortSignal,
): Promise<EntryPage> {
  const path = partsOf(request.path).join('/');
  const treeId =
    path === '' ? source.rootTree : (await entryAt(shelf, source, path, signal))?.treeId;
  if (treeId === undefined) {
    throw new EngineError('path-unknown', `the snapshot holds no directory at ${path}`);
  }
  const directory = await shelf.read(treeId, source, signal);
  const { offset, limit } = request;
  return {
    entries: sorted(directory, request)
      .slice(offset, offset + limit)
      .map((entry) => listed(joined(path, entry.text), entry)),
    total: directory.length,
  };
}

/** Whoever scrolls asks for page after page of one order. */
const sortedLately = new WeakMap<ShelvedDirectory, { order: string; entries: ShelvedDirectory }>();

/** Directories first; equal ones by name. */
function sorted(
  directory: ShelvedDirectory,
  { sort = 'name', isDescending = false }: PageRequest,
): ShelvedDirectory {
  const order = `${sort} ${String(isDescending)}`;
  const known = sortedLately.get(directory);
  if (known?.order === order) return known.entries;
  const sign = isDescending ? -1 : 1;
  const entries = directory.toSorted(
    (one, other) =>
      Number(other.kind === 'directory') - Number(one.kind === 'directory') ||
      sign * compareBy(sort, one, other) ||
      compareNames(one, other),
  );
  sortedLately.set(directory, { order, entries });
  return entries;
}

function compareBy(sort: 'name' | 'size' | 'time', one: ShelvedEntry, other: ShelvedEntry): number {
  if (sort === 'size') return one.sizeBytes - other.sizeBytes;
  if (sort === 'time') return one.mtimeMs - other.mtimeMs;
  return compareNames(one, other);
}

function compareNames(one: ShelvedEntry, other: ShelvedEntry): number {
  if (one.folded !== other.folded) return one.folded < other.folded ? -1 : 1;
  return one.name < other.name ? -1 : Number(one.name > other.name);
}

/** Everything below a directory, each entry before what it holds, in path order. */
export async function* walk(
  shelf: DirectoryShelf,
  source: TreeSource,
  top: Pick<ShelvedEntry, 'treeId'>,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly directory: string; readonly entries: ShelvedDirectory }> {
  const pending = [{ path, treeId: top.treeId }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    signal.throwIfAborted();
    if (next.treeId === undefined) continue;
    const directory = next.path;
    const entries = await shelf.read(next.treeId, source, signal);
    yield { directory, entries };
    for (const entry of entries.toReversed()) {
      if (entry.kind !== 'directory') continue;
      pending.push({ path: joined(directory, entry.text), treeId: entry.treeId });
    }
  }
}

/** Entries whose path holds the text; all are counted, the first `limit` are given. */
export async function searchTree(
  shelf: DirectoryShelf,
  source: TreeSource,
  request: { readonly text: string; readonly limit: number },
  signal: AbortSignal,
): Promise<EntryPage> {
  const wanted = foldText(request.text);
  const entries: ListEntry[] = [];
  let total = 0;
  const top = { treeId: source.rootTree };
  for await (const { directory, entries: all } of walk(shelf, source, top, '', signal)) {
    const prefix = directory === '' ? '' : `${foldText(directory)}/`;
    const isAbove = prefix.includes(wanted);
    for (const entry of all) {
      // A hit may lie across the border between directory and name.
      if (!isAbove && !(prefix + entry.folded).includes(wanted)) continue;
      total += 1;
      if (entries.length < request.limit)
        entries.push(listed(joined(directory, entry.text), entry));
    }
  }
  return { entries, total };
}

/** Files and bytes of chosen paths; paths that lie in one another count once. */
export async function measure(
  shelf: DirectoryShelf,
  source: TreeSource,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<{ fileCount: number; sizeBytes: number }> {
  const chosen = paths.map((path) => partsOf(path).join('/'));
  const outer = new Set(chosen);
  const sum = { fileCount: 0, sizeBytes: 0 };
  for (const path of outer) {
    const isInAnother = [...outer].some((other) => other !== path && path.startsWith(`${other}/`));
    if (isInAnother) continue;
    const entry = await entryAt(shelf, source, path, signal);
    if (!entry) throw new EngineError('path-unknown', `the snapshot holds nothing at ${path}`);
    const { fileCount, sizeBytes } = await measureEntry(shelf, source, entry, signal);
    sum.fileCount += fileCount;
    sum.sizeBytes += sizeBytes;
  }
  return sum;
}

/** What a directory's own entry says of it is believed; without it, its files are counted. */
async function measureEntry(
  shelf: DirectoryShelf,
  source: TreeSource,
  entry: ShelvedEntry,
  signal: AbortSignal,
): Promise<{ fileCount: number; sizeBytes: number }> {
  if (entry.kind !== 'directory') {
    return { fileCount: Number(entry.kind === 'file'), sizeBytes: entry.sizeBytes };
  }
  if (entry.fileCount !== undefined) {
    return { fileCount: entry.fileCount, sizeBytes: entry.sizeBytes };
  }
  const sum = { fileCount: 0, sizeBytes: 0 };
  for await (const { entries } of walk(shelf, source, entry, '', signal)) {
    for (const { kind, sizeBytes } of entries) {
      if (kind !== 'file') continue;
      sum.fileCount += 1;
      sum.sizeBytes += sizeBytes;
    }
  }
  return sum;
}
