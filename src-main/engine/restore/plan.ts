/**
 * @file From a snapshot's tree to what must be read: files by pack, in the order of the packs.
 *
 * Pure but for reading the tree. Nothing is written here.
 */
import { loadValue, readContent, type ContentItem, type GetChunk } from '../archive/content.ts';
import {
  ATTRIBUTES_BYTES_MAX,
  decodeAttributes,
  decodeExtents,
  EXTENTS_BYTES_MAX,
  type Stored,
  type TreeEntry,
} from '../archive/tree-entry.ts';
import { readDirectory } from '../archive/tree.ts';
import { EngineError } from '../model/engine-error.ts';
import { joinRawPath, type ChunkId, type RawPath } from '../model/ids.ts';
import type {
  RestoreDirectory,
  RestoreEntry,
  RestoreFile,
  RestoreSymlink,
} from './write-entries.ts';
import type { Selection } from './selection.ts';

/** A file's pieces in order: where each lies in the content. */
export interface FilePiece {
  readonly id: ChunkId;
  /** In the content: data without holes. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface PlannedFile {
  readonly kind: 'file';
  readonly entry: RestoreFile;
  readonly pieces: readonly FilePiece[];
}

export type PlannedEntry =
  | PlannedFile
  | { readonly kind: 'symlink'; readonly entry: RestoreSymlink }
  | { readonly kind: 'directory'; readonly entry: RestoreDirectory; readonly treeId: ChunkId };

export interface PlannedDirectory {
  readonly path: RawPath;
  readonly entries: readonly PlannedEntry[];
}

/**
 * Directories in one another; PATH_MAX allows half of it. And entries of one tree: one that names
 * the same directory twice on each level has more than any disk takes, in a few nodes.
 */
const DEPTH_MAX = 4_096;
const ENTRIES_MAX = 100_000_000;

/** What a walk meets that is not an entry. */
export interface PlanProblem {
  readonly path: RawPath;
  readonly error: EngineError;
}

/**
 * The directories of a tree from the root down, each with its wanted entries. A directory that
 * cannot be read is a problem, not the end.
 *
 * @throws EngineError `pack-damaged` beyond `entriesMax` entries
 */
export async function* planTree(
  rootTree: ChunkId,
  options: {
    readonly get: GetChunk;
    readonly selection: Selection;
    readonly onProblem: (problem: PlanProblem) => void;
    readonly signal: AbortSignal;
    readonly entriesMax?: number;
  },
): AsyncGenerator<PlannedDirectory> {
  const { entriesMax = ENTRIES_MAX } = options;
  const pending: { readonly path: RawPath; readonly treeId: ChunkId; readonly depth: number }[] = [
    { path: '' as RawPath, treeId: rootTree, depth: 0 },
  ];
  let entryCount = 0;
  for (let directory = pending.pop(); directory; directory = pending.pop()) {
    options.signal.throwIfAborted();
    const { path, treeId, depth } = directory;
    let entries: PlannedEntry[];
    try {
      entries = await planDirectory(path, treeId, options);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      options.onProblem({ path, error });
      continue;
    }
    entryCount += entries.length;
    if (entryCount > entriesMax) {
      throw new EngineError('pack-damaged', 'the tree of the snapshot has no end', {
        context: { entriesMax },
      });
    }
    yield { path, entries };
    for (const entry of entries.toReversed()) {
      if (entry.kind !== 'directory') continue;
      const below = joinRawPath(path, entry.entry.name);
      if (depth < DEPTH_MAX) pending.push({ path: below, treeId: entry.treeId, depth: depth + 1 });
      else {
        const error = new EngineError('pack-damaged', 'a tree is deeper than any path');
        options.onProblem({ path: below, error });
      }
    }
  }
}

async function planDirectory(
  path: RawPath,
  treeId: ChunkId,
  options: Parameters<typeof planTree>[1],
): Promise<PlannedEntry[]> {
  const { get, selection, onProblem, signal } = options;
  const planned: PlannedEntry[] = [];
  const onHostileName = (error: EngineError): void => onProblem({ path, error });
  for await (const entry of readDirectory(treeId, { get, onHostileName, signal })) {
    const below = joinRawPath(path, entry.name);
    const isWanted = selection.wants(below);
    if (!isWanted && !(entry.kind === 'directory' && selection.mayHoldWanted(below))) continue;
    try {
      planned.push(await planEntry(entry, get, signal));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      onProblem({ path: below, error });
    }
  }
  return planned;
}

async function planEntry(
  entry: TreeEntry,
  get: GetChunk,
  signal: AbortSignal,
): Promise<PlannedEntry> {
  const metadata = {
    name: entry.name,
    mode: entry.mode,
    mtimeNs: entry.mtimeNs,
    userName: entry.userName,
    groupName: entry.groupName,
    xattrs: await loadStored(entry.attributes, ATTRIBUTES_BYTES_MAX, decodeAttributes, get, signal),
  };
  switch (entry.kind) {
    case 'symlink':
      return { kind: 'symlink', entry: { kind: 'symlink', ...metadata, target: entry.target } };
    case 'directory':
      return {
        kind: 'directory',
        entry: { kind: 'directory', ...metadata },
        treeId: entry.treeId,
      };
    case 'file': {
      const items: ContentItem[] = [];
      if (entry.content) {
        for await (const item of readContent(entry.content, get, signal)) items.push(item);
      }
      return {
        kind: 'file',
        entry: {
          kind: 'file',
          ...metadata,
          sizeBytes: entry.sizeBytes,
          extents: await loadStored(entry.extents, EXTENTS_BYTES_MAX, decodeExtents, get, signal),
          hardLinkGroup: entry.hardLinkGroup,
          contentKey: items.map(({ id }) => id).join(' '),
        },
        pieces: piecesOf(items),
      };
    }
  }
}

function piecesOf(items: readonly ContentItem[]): FilePiece[] {
  let offsetBytes = 0;
  return items.map(({ id, sizeBytes }) => {
    const piece = { id, offsetBytes, sizeBytes };
    offsetBytes += sizeBytes;
    return piece;
  });
}

async function loadStored<Value>(
  stored: Stored<Value> | undefined,
  bytesMax: number,
  decode: (bytes: Uint8Array) => Value,
  get: GetChunk,
  signal: AbortSignal,
): Promise<Value | undefined> {
  if (stored === undefined) return undefined;
  if (stored.kind === 'inline') return stored.value;
  return decode(await loadValue(stored.content, bytesMax, get, signal));
}

/** The entries as the target places them. */
export const entriesToPlace = (directory: PlannedDirectory): readonly RestoreEntry[] =>
  directory.entries.map(({ entry }) => entry);
