/** @file Which causes a person was told of, and when: each at most once a day, across restarts. */
import type { Database, Statement } from 'better-sqlite3';

export class NoticeTable {
  readonly #all: Statement<[], { cause: string; told_at_ms: number }>;
  readonly #put: Statement;
  readonly #delete: Statement;

  constructor(database: Database) {
    this.#all = database.prepare('SELECT cause, told_at_ms FROM notices');
    this.#put = database.prepare('INSERT OR REPLACE INTO notices VALUES (?, ?)');
    this.#delete = database.prepare('DELETE FROM notices WHERE cause = ?');
  }

  /** When each cause was last told. */
  all(): Map<string, number> {
    return new Map(this.#all.all().map((row) => [row.cause, row.told_at_ms]));
  }

  put(cause: string, toldAtMs: number): void {
    this.#put.run(cause, toldAtMs);
  }

  delete(cause: string): void {
    this.#delete.run(cause);
  }
}
