/**
 * @file Directories of snapshots that were looked at lately, decoded, in memory.
 *
 * A directory is named by its tree, which never changes: what two snapshots have in common is read
 * once. Bounded by the number of entries; all of it is let go of when nobody looks any more.
 */
import { createHash } from 'node:crypto';
import type { GetChunk } from '../archive/content.ts';
import type { TreeEntry } from '../archive/tree-entry.ts';
import { readDirectory } from '../archive/tree.ts';
import { displayPath, type ChunkId, type RawPath } from '../model/ids.ts';
import { foldText } from './fold-text.ts';

/** About 100 MB at most. A larger directory is kept alone. */
const ENTRIES_MAX = 400_000;
const NS_PER_MS = 1_000_000n;

/** One entry, with what lists and comparisons need of it. */
export interface ShelvedEntry {
  readonly name: RawPath;
  /** As a person reads it. */
  readonly text: string;
  /** The same without case and accents. */
  readonly folded: string;
  readonly kind: TreeEntry['kind'];
  /** Of a directory: of all that lies below, as far as the tree says. */
  readonly sizeBytes: number;
  readonly mode: number;
  readonly mtimeMs: number;
  /** Of a symbolic link: where it leads. */
  readonly target: string | undefined;
  /** Of a directory. */
  readonly treeId: ChunkId | undefined;
  /** Files below a directory, as far as the tree says. */
  readonly fileCount: number | undefined;
  /** Equal for equal content. */
  readonly contentKey: string;
}

/** In the order of the names' bytes. */
export type ShelvedDirectory = readonly ShelvedEntry[];

export interface TreeSource {
  readonly rootTree: ChunkId;
  readonly getChunk: GetChunk;
}

export class DirectoryShelf {
  readonly #directories = new Map<ChunkId, ShelvedDirectory>();
  #entryCount = 0;

  /** The entries of a directory; read from the snapshot unless they are here. */
  async read(
    treeId: ChunkId,
    { getChunk }: Pick<TreeSource, 'getChunk'>,
    signal?: AbortSignal,
  ): Promise<ShelvedDirectory> {
    const known = this.#directories.get(treeId);
    if (known) {
      // The one that was used last is the last to go.
      this.#directories.delete(treeId);
      this.#directories.set(treeId, known);
      return known;
    }
    const entries: ShelvedEntry[] = [];
    // Names that are no names are not listed, and restored neither.
    const onHostileName = (): void => undefined;
    for await (const entry of readDirectory(treeId, { get: getChunk, onHostileName, signal })) {
      entries.push(shelved(entry));
    }
    this.#keep(treeId, entries);
    return entries;
  }

  clear(): void {
    this.#directories.clear();
    this.#entryCount = 0;
  }

  #keep(treeId: ChunkId, entries: ShelvedDirectory): void {
    if (this.#directories.has(treeId)) return;
    this.#directories.set(treeId, entries);
    // An empty directory takes room, too.
    this.#entryCount += entries.length + 1;
    for (const [oldest, { length }] of this.#directories) {
      if (this.#entryCount <= ENTRIES_MAX || this.#directories.size === 1) break;
      this.#directories.delete(oldest);
      this.#entryCount -= length + 1;
    }
  }
}

function shelved(entry: TreeEntry): ShelvedEntry {
  const text = displayPath(entry.name);
  const totals = entry.kind === 'directory' ? entry.totals : undefined;
  return {
    name: entry.name,
    text,
    folded: foldText(text),
    kind: entry.kind,
    sizeBytes: entry.kind === 'file' ? entry.sizeBytes : (totals?.sizeBytes ?? 0),
    mode: entry.mode,
    mtimeMs: Number(entry.mtimeNs / NS_PER_MS),
    target: entry.kind === 'symlink' ? displayPath(entry.target) : undefined,
    treeId: entry.kind === 'directory' ? entry.treeId : undefined,
    fileCount: totals?.fileCount,
    contentKey: contentKeyOf(entry),
  };
}

function contentKeyOf(entry: TreeEntry): string {
  if (entry.kind === 'symlink') return entry.target;
  if (entry.kind === 'directory') return entry.treeId;
  const items = entry.content?.items ?? [];
  if (items.length <= 1) return items[0]?.id ?? '';
  return createHash('sha256')
    .update(items.map(({ id }) => id).join())
    .digest('hex');
}
