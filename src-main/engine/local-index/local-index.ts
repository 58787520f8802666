/**
 * @file Opens the local index and hands out its parts. The only SQL of the engine is in this folder.
 *
 *     folders      what is protected
 *     entries      what each path held when it was last read
 *     journal      packs on their way from sealed to published, and where each chunk lies
 *     ledger       transactions, journaled before they are submitted
 *     blobs        what the chain said last of each pack's blob object
 *     snapshots    what this device has published
 *     parts        parts of the pack index, for merging
 *     references   what tree nodes and content lists name
 *     leaving      packs that are given up
 *     restored     what an unfinished restore has put in place
 *     tasks        restores that were begun
 *     history      what was done, in sentences
 *     notices      what a person was told of
 *
 * Writes that belong together are made together: `atomically`.
 */
import Database from 'better-sqlite3';
import { EngineError } from '../model/engine-error.ts';
import { BlobTable } from './blob-table.ts';
import { EntryTable } from './entry-table.ts';
import { FolderTable } from './folder-table.ts';
import { HistoryTable } from './history-table.ts';
import { Journal } from './journal.ts';
import { LeavingTable } from './leaving-table.ts';
import { Ledger } from './ledger.ts';
import { NoticeTable } from './notice-table.ts';
import { migrate } from './schema.ts';
import { PartTable } from './part-table.ts';
import { ReferenceTable } from './reference-table.ts';
import { RestoredTable } from './restored-table.ts';
import { SnapshotTable } from './snapshot-table.ts';
import { TaskTable } from './task-table.ts';

/** How long a second connection (a reader such as `doctor`) waits for a write to end. */
const BUSY_TIMEOUT_MS = 5_000;

export interface LocalIndex {
  readonly folders: FolderTable;
  readonly entries: EntryTable;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly blobs: BlobTable;
  readonly snapshots: SnapshotTable;
  readonly parts: PartTable;
  readonly references: ReferenceTable;
  readonly leaving: LeavingTable;
  readonly restored: RestoredTable;
  readonly tasks: TaskTable;
  readonly history: HistoryTable;
  readonly notices: NoticeTable;
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
 * Open the index at `path`.
 *
 * `mayCreate` makes one where there is none. A home that has been set up has one: there an absent
 * or empty file is a lost index, and a new one in its place would forget what was published.
 *
 * @throws EngineError `index-damaged` when the file is not a sound index,
 *   `format-unknown` when a newer release wrote it, `disk-full`
 */
export function openLocalIndex(
  path: string,
  options: { readonly mayCreate: boolean } = { mayCreate: true },
): LocalIndex {
  const database = openDatabase(path, options.mayCreate);
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
    blobs: new BlobTable(database),
    snapshots: new SnapshotTable(database),
    parts: new PartTable(database),
    references: new ReferenceTable(database),
    leaving: new LeavingTable(database),
    restored: new RestoredTable(database),
    tasks: new TaskTable(database),
    history: new HistoryTable(database),
    notices: new NoticeTable(database),
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

/**
 * What SQLite threw, as the failure that it means to a person. Anything else is given back as it is.
 */
export function indexFailure(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  // SQLite names no path and no value in its messages.
  const { code: sqliteCode } = error;
  const options = { context: { sqliteCode }, cause: error };
  if (FULL_CODES.test(sqliteCode)) {
    return new EngineError('disk-full', 'the disk of the local index is full', options);
  }
  if (DAMAGE_CODES.test(sqliteCode)) {
    return new EngineError('index-damaged', 'the local index is damaged', options);
  }
  return error;
}

/** What SQLite says when its file, or the shared memory beside it, cannot grow. */
const FULL_CODES = /^SQLITE_(FULL|IOERR_SHMSIZE)$/;
/** What SQLite says when its file is no sound database, can't be read, or is not there. */
const DAMAGE_CODES = /^SQLITE_(CORRUPT|NOTADB|CANTOPEN|IOERR|FORMAT|SCHEMA)/;

function openDatabase(path: string, mayCreate: boolean): Database.Database {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: !mayCreate });
    if (!mayCreate && database.pragma('user_version', { simple: true }) === 0) {
      throw new EngineError('index-damaged', 'the local index is empty');
    }
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
    const failure = indexFailure(error);
    if (failure instanceof EngineError) throw failure;
    throw new EngineError('index-damaged', 'the local index cannot be opened', { cause: error });
  }
}
