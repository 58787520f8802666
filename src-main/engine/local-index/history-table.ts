/** @file What was done and what went wrong, in sentences, for a person who looks back. Bounded. */
import type { Database, Statement } from 'better-sqlite3';

/** Older entries make room: a year of one commit a day, and then some. */
const ENTRIES_MAX = 500;

export interface HistoryRow {
  readonly entryId: string;
  readonly atMs: number;
  readonly kind: string;
  readonly folderName: string | undefined;
  readonly sentence: string;
  /** JSON of what the sentence says. */
  readonly told: string | undefined;
  /** JSON of a serialized error. */
  readonly problem: string | undefined;
}

interface Row {
  entry_id: number;
  at_ms: number;
  kind: string;
  folder_name: string | null;
  sentence: string;
  told: string | null;
  problem: string | null;
}

export class HistoryTable {
  readonly #add: Statement;
  readonly #trim: Statement;
  readonly #newest: Statement<[number], Row>;

  constructor(database: Database) {
    this.#add = database.prepare(
      'INSERT INTO history (at_ms, kind, folder_name, sentence, told, problem) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#trim = database.prepare(
      `DELETE FROM history WHERE entry_id <= (SELECT max(entry_id) FROM history) - ${String(ENTRIES_MAX)}`,
    );
    this.#newest = database.prepare('SELECT * FROM history ORDER BY entry_id DESC LIMIT ?');
  }

  add({ atMs, kind, folderName, sentence, told, problem }: Omit<HistoryRow, 'entryId'>): void {
    this.#add.run(atMs, kind, folderName ?? null, sentence, told ?? null, problem ?? null);
    this.#trim.run();
  }

  /** Newest first. */
  newest(count: number): HistoryRow[] {
    return this.#newest.all(count).map((row) => ({
      entryId: String(row.entry_id),
      atMs: row.at_ms,
      kind: row.kind,
      folderName: row.folder_name ?? undefined,
      sentence: row.sentence,
      told: row.told ?? undefined,
      problem: row.problem ?? undefined,
    }));
  }
}
