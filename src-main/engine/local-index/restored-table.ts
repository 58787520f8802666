/** @file Files that an unfinished restore has put in place, so that the next run leaves them alone. */
import type { Database, Statement, Transaction } from 'better-sqlite3';
import { rawPathBytes, rawPathFromBytes, type RawPath } from '../model/ids.ts';

export class RestoredTable {
  readonly #all: Statement<[string], { path: Buffer }>;
  readonly #clear: Statement;
  readonly #putMany: Transaction<(restoreKey: string, paths: readonly RawPath[]) => void>;

  constructor(database: Database) {
    this.#all = database.prepare('SELECT path FROM restored WHERE restore_key = ?');
    this.#clear = database.prepare('DELETE FROM restored WHERE restore_key = ?');
    const put = database.prepare('INSERT OR IGNORE INTO restored VALUES (?, ?)');
    this.#putMany = database.transaction((restoreKey: string, paths: readonly RawPath[]) => {
      for (const path of paths) put.run(restoreKey, rawPathBytes(path));
    });
  }

  load(restoreKey: string): Set<RawPath> {
    return new Set(this.#all.all(restoreKey).map((row) => rawPathFromBytes(row.path)));
  }

  put(restoreKey: string, paths: readonly RawPath[]): void {
    this.#putMany(restoreKey, paths);
  }

  clear(restoreKey: string): void {
    this.#clear.run(restoreKey);
  }
}
