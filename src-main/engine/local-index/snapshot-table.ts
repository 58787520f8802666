/** @file Snapshots that this device has published, or read from the network. */
import type { Database, Statement } from 'better-sqlite3';
import type { FolderId, SnapshotId } from '../model/ids.ts';

export interface SnapshotRow {
  readonly snapshotId: SnapshotId;
  readonly folderId: FolderId;
  /** Counts the snapshots of one folder by one device, from 1. */
  readonly sequence: number;
  readonly atMs: number;
  /** JSON written by the journeys: location, root tree, index segments, statistics. */
  readonly record: string;
  /** The person wants to keep it, whatever the rules say. */
  readonly isPinned: boolean;
  /** The next commit leaves it out of the history. */
  readonly isForgotten: boolean;
}

interface Row {
  snapshot_id: string;
  folder_id: string;
  sequence: number;
  at_ms: number;
  record: string;
  pinned: number;
  forgotten: number;
}

const read = (row: Row): SnapshotRow => ({
  snapshotId: row.snapshot_id as SnapshotId,
  folderId: row.folder_id as FolderId,
  sequence: row.sequence,
  atMs: row.at_ms,
  record: row.record,
  isPinned: row.pinned === 1,
  isForgotten: row.forgotten === 1,
});

export class SnapshotTable {
  readonly #put: Statement;
  readonly #newest: Statement<[string], Row>;
  readonly #all: Statement<[string], Row>;
  readonly #isForgotten: Statement<[string], { forgotten: number }>;
  readonly #pinned: Statement;
  readonly #forgotten: Statement;
  readonly #drop: Statement;

  constructor(database: Database) {
    this.#put = database.prepare(
      `INSERT INTO snapshots (snapshot_id, folder_id, sequence, at_ms, record, pinned)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (snapshot_id) DO UPDATE SET record = excluded.record`,
    );
    this.#newest = database.prepare(
      'SELECT * FROM snapshots WHERE folder_id = ? ORDER BY sequence DESC LIMIT 1',
    );
    this.#all = database.prepare(
      'SELECT * FROM snapshots WHERE folder_id = ? ORDER BY sequence DESC',
    );
    this.#isForgotten = database.prepare(
      'SELECT forgotten FROM snapshots WHERE snapshot_id = ? AND forgotten = 1',
    );
    this.#pinned = database.prepare(
      'UPDATE snapshots SET pinned = @pinned, forgotten = forgotten AND NOT @pinned WHERE snapshot_id = @id',
    );
    this.#forgotten = database.prepare('UPDATE snapshots SET forgotten = 1 WHERE snapshot_id = ?');
    this.#drop = database.prepare('DELETE FROM snapshots WHERE snapshot_id = ?');
  }

  put(row: Omit<SnapshotRow, 'isPinned' | 'isForgotten'> & { readonly isPinned?: boolean }): void {
    const { snapshotId, folderId, sequence, atMs, record, isPinned } = row;
    this.#put.run(snapshotId, folderId, sequence, atMs, record, isPinned === true ? 1 : 0);
  }

  isForgotten(snapshotId: SnapshotId): boolean {
    return this.#isForgotten.get(snapshotId) !== undefined;
  }

  /** What the person wants to keep is not forgotten, either. */
  recordPinned(snapshotId: SnapshotId, isPinned: boolean): void {
    this.#pinned.run({ pinned: isPinned ? 1 : 0, id: snapshotId });
  }

  markForgotten(snapshotId: SnapshotId): void {
    this.#forgotten.run(snapshotId);
  }

  drop(snapshotId: SnapshotId): void {
    this.#drop.run(snapshotId);
  }

  newest(folderId: FolderId): SnapshotRow | undefined {
    const row = this.#newest.get(folderId);
    return row && read(row);
  }

  /** Newest first. */
  all(folderId: FolderId): SnapshotRow[] {
    return this.#all.all(folderId).map(read);
  }
}
