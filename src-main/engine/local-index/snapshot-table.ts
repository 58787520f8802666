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
}

interface Row {
  snapshot_id: string;
  folder_id: string;
  sequence: number;
  at_ms: number;
  record: string;
}

const read = (row: Row): SnapshotRow => ({
  snapshotId: row.snapshot_id as SnapshotId,
  folderId: row.folder_id as FolderId,
  sequence: row.sequence,
  atMs: row.at_ms,
  record: row.record,
});

export class SnapshotTable {
  readonly #put: Statement;
  readonly #newest: Statement<[string], Row>;
  readonly #all: Statement<[string], Row>;

  constructor(database: Database) {
    this.#put = database.prepare('INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?)');
    this.#newest = database.prepare(
      'SELECT * FROM snapshots WHERE folder_id = ? ORDER BY sequence DESC LIMIT 1',
    );
    this.#all = database.prepare(
      'SELECT * FROM snapshots WHERE folder_id = ? ORDER BY sequence DESC',
    );
  }

  put(row: SnapshotRow): void {
    this.#put.run(row.snapshotId, row.folderId, row.sequence, row.atMs, row.record);
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
