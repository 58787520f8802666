/**
 * @file Builds the tree of a scanned folder from the leaves up, and only where something changed.
 *
 * A directory whose entries are all as known, and below which nothing changed, keeps the tree it
 * has: of a folder in which one file changed, only the directories above that file are built.
 */
import {
  compareRaw,
  decodeEntry,
  encodeEntry,
  type DirectoryEntry,
  type SymlinkEntry,
  type TreeEntry,
} from '../archive/tree-entry.ts';
import { storeDirectory, type TreeSplitter } from '../archive/tree.ts';
import type { KnownEntry, KnownTree } from '../local-index/entry-table.ts';
import type { ChunkId, RawPath } from '../model/ids.ts';
import {
  pathBelow,
  type AbsolutePath,
  type FileStat,
  type SourceFiles,
} from '../ports/file-system.ts';
import {
  isSameEntry,
  type FileChange,
  type PresentChange,
  type ScannedDirectory,
} from '../source/change.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import { ownership, toKnown, type FolderReadings } from './folder-reader.ts';

export interface TreeTotals {
  readonly fileCount: number;
  readonly directoryCount: number;
  readonly symlinkCount: number;
  readonly sizeBytes: number;
}

export interface BuiltTree {
  readonly rootTree: ChunkId;
  readonly rootMode: number;
  readonly rootMtimeNs: bigint;
  readonly totals: TreeTotals;
  /** What the local index is to remember of directories and links. */
  readonly remember: readonly KnownEntry[];
  /** What it is to forget, with everything below. */
  readonly forget: readonly RawPath[];
  /** Directories that are something else now: what lay in them is forgotten, not their names. */
  readonly forgetBelow: readonly RawPath[];
}

interface BuiltDirectory {
  readonly entry: DirectoryEntry;
  readonly isNew: boolean;
  readonly totals: TreeTotals;
}

/** One entry of a directory being built. Decoded only if its directory is built at all. */
interface Kept {
  readonly entry: (() => TreeEntry) | undefined;
  readonly isNew: boolean;
  readonly totals: TreeTotals;
}

const NOTHING: TreeTotals = { fileCount: 0, directoryCount: 0, symlinkCount: 0, sizeBytes: 0 };

export interface TreeBuilderOptions {
  readonly files: SourceFiles;
  readonly root: AbsolutePath;
  readonly chunks: ChunkWriter;
  readonly splitter: TreeSplitter;
  readonly readings: FolderReadings;
  readonly known: KnownTree;
  readonly signal: AbortSignal;
}

/** Build the tree of all scanned directories, which come with children before their parents. */
export async function buildTree(
  directories: readonly ScannedDirectory<KnownEntry>[],
  options: TreeBuilderOptions,
): Promise<BuiltTree> {
  const builder = new TreeBuilder(options);
  for (const directory of directories) await builder.build(directory);
  return builder.finish();
}

class TreeBuilder {
  readonly #options: TreeBuilderOptions;
  readonly #built = new Map<RawPath, BuiltDirectory>();
  readonly #remember: KnownEntry[] = [];
  readonly #forget: RawPath[] = [];
  readonly #forgetBelow: RawPath[] = [];

  constructor(options: TreeBuilderOptions) {
    this.#options = options;
  }

  finish(): BuiltTree {
    const root = this.#built.get('' as RawPath);
    if (!root) throw new RangeError('a scan yields the root last');
    return {
      rootTree: root.entry.treeId,
      rootMode: root.entry.mode,
      rootMtimeNs: root.entry.mtimeNs,
      totals: root.totals,
      remember: this.#remember,
      forget: this.#forget,
      forgetBelow: this.#forgetBelow,
    };
  }

  async build(directory: ScannedDirectory<KnownEntry>): Promise<void> {
    const { chunks, splitter, files, root, signal } = this.#options;
    const { path, stat } = directory;
    const entries: (() => TreeEntry)[] = [];
    let totals = NOTHING;
    let isNew = false;
    for (const change of directory.entries) {
      const kept = await this.#keep(change);
      isNew ||= kept.isNew;
      if (!kept.entry) continue;
      entries.push(kept.entry);
      totals = add(totals, kept.totals);
    }
    const before = this.#builtBefore(path, stat);
    if (!isNew && before) {
      this.#built.set(path, { entry: before, isNew: false, totals });
      return;
    }
    const sorted = entries
      .map((entry) => entry())
      .sort((one, other) => compareRaw(one.name, other.name));
    const treeId = await storeDirectory(sorted, {
      splitter,
      put: chunks.put.bind(chunks),
      signal,
    });
    const place = path === '' ? root : pathBelow(root, path);
    const entry: DirectoryEntry = {
      kind: 'directory',
      name: path === '' ? ROOT_NAME : (path.slice(path.lastIndexOf('/') + 1) as RawPath),
      ...(await ownership(stat, xattrsOf(files, place), files, chunks)),
      treeId,
      totals: { fileCount: totals.fileCount, sizeBytes: totals.sizeBytes },
    };
    this.#built.set(path, { entry, isNew: true, totals });
    this.#remember.push(toKnown(path, stat, true, encodeEntry(entry)));
  }

  /** The directory's entry of the last tree, if neither it nor its own metadata is out of date. */
  #builtBefore(path: RawPath, stat: FileStat): DirectoryEntry | undefined {
    const { root, directories } = this.#options.known;
    const slash = path.lastIndexOf('/');
    const parent = path.slice(0, Math.max(slash, 0)) as RawPath;
    const known =
      path === '' ? root : directories.get(parent)?.get(path.slice(slash + 1) as RawPath);
    if (!known || !isSameEntry(known, stat)) return undefined;
    const entry = decodeEntry(known.entry);
    return entry.kind === 'directory' ? entry : undefined;
  }

  async #keep(change: FileChange<KnownEntry>): Promise<Kept> {
    switch (change.kind) {
      case 'removed':
      case 'ignored':
      case 'skipped':
        if (change.known) this.#forget.push(change.path);
        return { entry: undefined, isNew: change.known !== undefined, totals: NOTHING };
      case 'unreadable':
        return this.#asBefore(change.known);
      default:
        return this.#keepPresent(change);
    }
  }

  async #keepPresent(change: PresentChange<KnownEntry>): Promise<Kept> {
    const { readings } = this.#options;
    const { path, known, stat } = change;
    if (stat.kind === 'directory') return this.#keepDirectory(change);
    if (known?.kind === 'directory') this.#forgetBelow.push(path);
    if (stat.kind === 'symlink') {
      if (change.kind === 'unchanged' && known) return this.#asBefore(known);
      const entry = await this.#symlink(change);
      this.#remember.push(toKnown(path, stat, true, encodeEntry(entry)));
      return { entry: () => entry, isNew: true, totals: { ...NOTHING, symlinkCount: 1 } };
    }
    const read = readings.entries.get(path);
    if (read) return { entry: () => read, isNew: true, totals: fileTotals(read.sizeBytes) };
    if (readings.vanished.has(path)) {
      if (known) this.#forget.push(path);
      return { entry: undefined, isNew: true, totals: NOTHING };
    }
    return this.#asBefore(known);
  }

  #keepDirectory(change: PresentChange<KnownEntry>): Kept {
    const built = this.#built.get(change.path);
    if (!built) return this.#asBefore(change.known);
    this.#built.delete(change.path);
    return {
      entry: () => built.entry,
      isNew: built.isNew,
      totals: add(built.totals, { ...NOTHING, directoryCount: 1 }),
    };
  }

  /** The entry as it stands in the last tree, if it does. */
  #asBefore(known: KnownEntry | undefined): Kept {
    if (!known) return { entry: undefined, isNew: false, totals: NOTHING };
    const entry = (): TreeEntry => decodeEntry(known.entry);
    switch (known.kind) {
      case 'file':
        return { entry, isNew: false, totals: fileTotals(known.sizeBytes) };
      case 'symlink':
        return { entry, isNew: false, totals: { ...NOTHING, symlinkCount: 1 } };
      case 'directory': {
        const directory = entry();
        const below = directory.kind === 'directory' ? directory.totals : undefined;
        const totals = { ...NOTHING, ...below, directoryCount: 1 };
        return { entry: () => directory, isNew: false, totals };
      }
    }
  }

  async #symlink(change: PresentChange<KnownEntry>): Promise<SymlinkEntry> {
    const { files, chunks } = this.#options;
    return {
      kind: 'symlink',
      name: change.name,
      ...(await ownership(change.stat, [], files, chunks)),
      target: change.target ?? ('' as RawPath),
    };
  }
}

/** The root has no name of its own; its entry is only remembered, never stored. */
const ROOT_NAME = 'root' as RawPath;

const fileTotals = (sizeBytes: number): TreeTotals => ({ ...NOTHING, fileCount: 1, sizeBytes });

const add = (one: TreeTotals, other: TreeTotals): TreeTotals => ({
  fileCount: one.fileCount + other.fileCount,
  directoryCount: one.directoryCount + other.directoryCount,
  symlinkCount: one.symlinkCount + other.symlinkCount,
  sizeBytes: one.sizeBytes + other.sizeBytes,
});

function xattrsOf(
  files: SourceFiles,
  place: AbsolutePath,
): readonly { readonly name: string; readonly value: Uint8Array }[] {
  try {
    return files.directoryXattrs(place);
  } catch {
    // Gone or forbidden since it was listed: the next scan tells.
    return [];
  }
}
