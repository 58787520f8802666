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
  readonly ino: bigint;
  readonly dev: bigint;
  readonly mode: number;
  /** Chunk IDs of the content, 32 bytes each, in order. Empty for anything but a file. */
  readonly content: Uint8Array;
  /** What the tree entry carries beyond the stat (sparse map and so on), as archive/ wrote it. */
  readonly extra: Uint8Array | undefined;
}

interface Row {
  path: Buffer;
  kind: KnownEntry['kind'];
  size: bigint;
  mtime_ns: bigint;
  ctime_ns: bigint;
  ino: bigint;
  dev: bigint;
  mode: bigint;
  content: Buffer;
  extra: Buffer | null;
}

const read = (row: Row): KnownEntry => ({
  path: rawPathFromBytes(row.path),
  kind: row.kind,
  sizeBytes: Number(row.size),
  mtimeNs: row.mtime_ns,
  ctimeNs: row.ctime_ns,
  ino: BigInt.asUintN(64, row.ino),
  dev: BigInt.asUintN(64, row.dev),
  mode: Number(row.mode),
  content: row.content,
  extra: row.extra ?? undefined,
});

export interface UnreadEntry {
  readonly path: RawPath;
  readonly reason: string;
}

export class EntryTable {
  readonly #all: Statement<[string], Row>;
  readonly #put: Statement;
  readonly #delete: Statement;
  readonly #clear: Statement;
  readonly #count: Statement<[string], { files: number; bytes: number }>;
  readonly #unread: Statement<[string], { path: Buffer; reason: string }>;
  readonly #putUnread: Statement;
  readonly #clearUnread: Statement;

  constructor(database: Database) {
    this.#all = database
      .prepare<[string], Row>('SELECT * FROM entries WHERE folder_id = ?')
      .safeIntegers(true);
    this.#put = database.prepare('INSERT OR REPLACE INTO entries VALUES (?,?,?,?,?,?,?,?,?,?,?)');
    this.#delete = database.prepare('DELETE FROM entries WHERE folder_id = ? AND path = ?');
    this.#clear = database.prepare('DELETE FROM entries WHERE folder_id = ?');
    this.#count = database.prepare(
      `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM entries
       WHERE folder_id = ? AND kind = 'file'`,
    );
    this.#unread = database.prepare('SELECT path, reason FROM unread WHERE folder_id = ?');
    this.#putUnread = database.prepare('INSERT OR REPLACE INTO unread VALUES (?, ?, ?)');
    this.#clearUnread = database.prepare('DELETE FROM unread WHERE folder_id = ?');
  }

  /** Every known entry of a folder by path. */
  load(folderId: FolderId): Map<RawPath, KnownEntry> {
    const entries = new Map<RawPath, KnownEntry>();
    for (const row of this.#all.iterate(folderId)) {
      const entry = read(row);
      entries.set(entry.path, entry);
    }
    return entries;
  }

  put(folderId: FolderId, entry: KnownEntry): void {
    this.#put.run(
      folderId,
      rawPathBytes(entry.path),
      entry.kind,
      entry.sizeBytes,
      entry.mtimeNs,
      entry.ctimeNs,
      BigInt.asIntN(64, entry.ino),
      BigInt.asIntN(64, entry.dev),
      entry.mode,
      entry.content,
      entry.extra ?? null,
    );
  }

  delete(folderId: FolderId, path: RawPath): void {
    this.#delete.run(folderId, rawPathBytes(path));
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
