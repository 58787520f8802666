/**
 * @file What each path held when it was last read: enough to tell that a file has not changed.
 *
 * An entry is written when its chunks are in sealed packs, not before: what stands here is never
 * read from disk again while its stat stays the same.
 */
import type { Database, Statement } from 'better-sqlite3';
import { rawPathBytes, rawPathFromBytes, type FolderId, type RawPath } from '../model/ids.ts';

export interface KnownEntry {
  readonly path: RawPath;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  /**
   * The tree entry as archive/ encodes it: content, mode, owner, and for a directory its tree. It
   * is that of the last commit also where something below is newer: see `markStale`.
   */
  readonly entry: Uint8Array;
}

/** What is known of a folder's tree. */
export interface KnownTree {
  /** The root's own entry. */
  readonly root: KnownEntry | undefined;
  /** For each directory its entries by name. */
  readonly directories: ReadonlyMap<RawPath, ReadonlyMap<RawPath, KnownEntry>>;
  readonly fileCount: number;
}

/** A change time that no real directory has. */
const STALE_CTIME_NS = -1n;

interface Row {
  path: Buffer;
  kind: KnownEntry['kind'];
  size: bigint;
  mtime_ns: bigint;
  ctime_ns: bigint;
  inode: bigint;
  entry: Buffer;
}

const read = (row: Row): KnownEntry => ({
  path: rawPathFromBytes(row.path),
  kind: row.kind,
  sizeBytes: Number(row.size),
  mtimeNs: row.mtime_ns,
  ctimeNs: row.ctime_ns,
  inode: BigInt.asUintN(64, row.inode),
  entry: row.entry,
});

export interface UnreadEntry {
  readonly path: RawPath;
  readonly reason: string;
}

export class EntryTable {
  readonly #all: Statement<[string], Row>;
  readonly #put: Statement;
  readonly #stale: Statement;
  readonly #delete: Statement;
  readonly #deleteBelow: Statement;
  readonly #clear: Statement;
  readonly #count: Statement<[string], { files: number; bytes: number }>;
  readonly #unread: Statement<[string], { path: Buffer; reason: string }>;
  readonly #putUnread: Statement;
  readonly #clearUnread: Statement;

  constructor(database: Database) {
    this.#all = database
      .prepare<[string], Row>('SELECT * FROM entries WHERE folder_id = ?')
      .safeIntegers(true);
    this.#put = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#stale = database.prepare(
      "UPDATE entries SET ctime_ns = ? WHERE folder_id = ? AND path = ? AND kind = 'directory'",
    );
    this.#delete = database.prepare('DELETE FROM entries WHERE folder_id = ? AND path = ?');
    this.#deleteBelow = database.prepare(
      'DELETE FROM entries WHERE folder_id = ? AND path > ? AND path < ?',
    );
    this.#clear = database.prepare('DELETE FROM entries WHERE folder_id = ?');
    this.#count = database.prepare(
      `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM entries
       WHERE folder_id = ? AND kind = 'file'`,
    );
    this.#unread = database.prepare('SELECT path, reason FROM unread WHERE folder_id = ?');
    this.#putUnread = database.prepare('INSERT OR REPLACE INTO unread VALUES (?, ?, ?)');
    this.#clearUnread = database.prepare('DELETE FROM unread WHERE folder_id = ?');
  }

  /** Everything that is known of a folder. */
  load(folderId: FolderId): KnownTree {
    const directories = new Map<RawPath, Map<RawPath, KnownEntry>>();
    let root: KnownEntry | undefined;
    let fileCount = 0;
    for (const row of this.#all.iterate(folderId)) {
      const known = read(row);
      if (known.path === '') {
        root = known;
        continue;
      }
      if (known.kind === 'file') fileCount += 1;
      const slash = known.path.lastIndexOf('/');
      const directory = known.path.slice(0, Math.max(slash, 0)) as RawPath;
      let entries = directories.get(directory);
      if (entries === undefined) {
        entries = new Map();
        directories.set(directory, entries);
      }
      entries.set(known.path.slice(slash + 1) as RawPath, known);
    }
    return { root, directories, fileCount };
  }

  put(folderId: FolderId, entry: KnownEntry): void {
    this.#put.run(
      folderId,
      rawPathBytes(entry.path),
      entry.kind,
      entry.sizeBytes,
      entry.mtimeNs,
      entry.ctimeNs,
      BigInt.asIntN(64, entry.inode),
      entry.entry,
    );
  }

  /**
   * Directories whose tree is out of date: one of them may be the root, the empty path. None looks
   * unchanged any more, so each is built again, unless it cannot be read: then its last tree stays.
   */
  markStale(folderId: FolderId, directories: Iterable<RawPath>): void {
    for (const path of directories) this.#stale.run(STALE_CTIME_NS, folderId, rawPathBytes(path));
  }

  /** Forget a path and everything below it. */
  delete(folderId: FolderId, path: RawPath): void {
    this.#delete.run(folderId, rawPathBytes(path));
    this.deleteBelow(folderId, path);
  }

  /** Forget what lay in a directory that is none any more. */
  deleteBelow(folderId: FolderId, path: RawPath): void {
    // Everything below sorts between `path/` and `path0`, since '0' follows '/'.
    const below = rawPathBytes(`${path}/` as RawPath);
    const after = rawPathBytes(`${path}0` as RawPath);
    this.#deleteBelow.run(folderId, below, after);
  }

  /** Forget everything known of a folder: the next scan reads all of it again. */
  clear(folderId: FolderId): void {
    this.#clear.run(folderId);
  }

  totals(folderId: FolderId): { fileCount: number; sizeBytes: number } {
    const row = this.#count.get(folderId);
    return { fileCount: row?.files ?? 0, sizeBytes: row?.bytes ?? 0 };
  }

  /** Paths that the last scan could not read, with the reason. */
  unread(folderId: FolderId): UnreadEntry[] {
    return this.#unread
      .all(folderId)
      .map((row) => ({ path: rawPathFromBytes(row.path), reason: row.reason }));
  }

  replaceUnread(folderId: FolderId, entries: readonly UnreadEntry[]): void {
    this.#clearUnread.run(folderId);
    for (const entry of entries) {
      this.#putUnread.run(folderId, rawPathBytes(entry.path), entry.reason);
    }
  }
}
