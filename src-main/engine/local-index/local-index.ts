/**
 * @file Opens the local index and hands out its parts. The only SQL of the engine is in this folder.
 *
 *     folders      what is protected
 *     entries      what each path held when it was last read
 *     journal      packs on their way from sealed to published, and where each chunk lies
 *     ledger       transactions, journaled before they are submitted
 *     snapshots    what this device has published
 *     parts        parts of the pack index, for merging
 *     restored     what an unfinished restore has put in place
 *
 * Writes that belong together are made together: `atomically`.
 */
import Database from 'better-sqlite3';
import { EngineError } from '../model/engine-error.ts';
import { EntryTable } from './entry-table.ts';
import { FolderTable } from './folder-table.ts';
import { Journal } from './journal.ts';
import { Ledger } from './ledger.ts';
import { migrate } from './schema.ts';
import { PartTable } from './part-table.ts';
import { RestoredTable } from './restored-table.ts';
import { SnapshotTable } from './snapshot-table.ts';

/** How long a second connection (a reader such as `doctor`) waits for a write to end. */
const BUSY_TIMEOUT_MS = 5_000;

export interface LocalIndex {
  readonly folders: FolderTable;
  readonly entries: EntryTable;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly snapshots: SnapshotTable;
  readonly parts: PartTable;
  readonly restored: RestoredTable;
  /** Small facts by name, for instance the last head sequence seen of each account. */
  readFact(name: string): string | undefined;
  writeFact(name: string, value: string): void;
  /** Run `work` in one transaction: all of its writes are durable afterwards, or none. */
  atomically<T>(work: () => T): T;
  /** What SQLite itself says of the file: an empty list when it is sound. */
  integrityProblems(): string[];
  close(): void;
}

/**
 * Open the index at `path`, creating it when absent.
 *
 * @throws EngineError `index-damaged` when the file is not a sound database,
 *   `format-unknown` when a newer release wrote it
 */
export function openLocalIndex(path: string): LocalIndex {
  const database = openDatabase(path);
  const readFact = database.prepare<[string], { value: string }>(
    'SELECT value FROM facts WHERE name = ?',
  );
  const writeFact = database.prepare(
    'INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );
  return {
    folders: new FolderTable(database),
    entries: new EntryTable(database),
    journal: new Journal(database),
    ledger: new Ledger(database),
    snapshots: new SnapshotTable(database),
    parts: new PartTable(database),
    restored: new RestoredTable(database),
    readFact: (name) => readFact.get(name)?.value,
    writeFact: (name, value) => void writeFact.run(name, value),
    atomically: (work) => database.transaction(work)(),
    integrityProblems: () =>
      (database.pragma('integrity_check') as { integrity_check: string }[])
        .map((row) => row.integrity_check)
        .filter((line) => line !== 'ok'),
    close: () => void database.close(),
  };
}

function openDatabase(path: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    database.pragma('journal_mode = WAL');
    // A transaction that was paid for must be in the journal even after a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    // A cheap look at every page header; `integrityProblems` is the thorough one.
    const check = database.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw new EngineError('index-damaged', `the local index: ${String(check)}`);
    migrate(database);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof EngineError) throw error;
    throw new EngineError('index-damaged', 'the local index cannot be opened', { cause: error });
  }
}
