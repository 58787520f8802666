/**
 * @file The chain's SQLite file: schema and opening.
 *
 * Everything the chain knows is in here; a killed process loses at most the transaction under
 * way. Large integers are TEXT, since SQLite's are signed.
 */
import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const FILE_NAME = 'chain.sqlite';
/** Raised when the tables change: an older state is refused, not guessed at. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Every version of an object, with the time in which it was the current one. Old versions are
-- kept for a while, so that a lagging full node can be imitated.
CREATE TABLE object_version (
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('live', 'deleted', 'wrapped')),
  type TEXT,
  owner_kind TEXT,
  owner TEXT,
  public_transfer INTEGER,
  contents BLOB,
  previous_transaction TEXT,
  storage_rebate TEXT,
  digest TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER,
  PRIMARY KEY (id, version)
);
CREATE INDEX object_owned ON object_version (owner, type, id) WHERE state = 'live';
CREATE INDEX object_superseded ON object_version (to_ms) WHERE to_ms IS NOT NULL;
CREATE UNIQUE INDEX object_current ON object_version (id) WHERE to_ms IS NULL;

CREATE TABLE executed_transaction (
  checkpoint INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  -- BCS TransactionData; NULL for what the chain itself did.
  bytes BLOB,
  signatures TEXT NOT NULL,
  effects BLOB NOT NULL,
  record TEXT NOT NULL,
  committed_ms INTEGER NOT NULL
);

CREATE TABLE event (
  sequence INTEGER PRIMARY KEY,
  tx_digest TEXT NOT NULL,
  event_seq INTEGER NOT NULL,
  checkpoint INTEGER NOT NULL,
  type TEXT NOT NULL,
  sender TEXT NOT NULL,
  package TEXT NOT NULL,
  module TEXT NOT NULL,
  contents BLOB NOT NULL,
  json TEXT NOT NULL,
  -- What storage nodes are told; NULL for events that they ignore.
  chain_event TEXT,
  committed_ms INTEGER NOT NULL,
  UNIQUE (tx_digest, event_seq)
);
CREATE INDEX event_type ON event (type, sequence);

-- Registrations as their events left them: what storage nodes know of blobs.
CREATE TABLE registration (
  object_id TEXT PRIMARY KEY,
  blob_id TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  deletable INTEGER NOT NULL,
  registered_epoch INTEGER NOT NULL,
  certified_epoch INTEGER,
  end_epoch INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0,
  register_digest TEXT NOT NULL,
  register_seq INTEGER NOT NULL,
  certify_digest TEXT,
  certify_seq INTEGER
);
CREATE INDEX registration_blob ON registration (blob_id);

CREATE TABLE blob (
  blob_id TEXT PRIMARY KEY,
  initial_certified_epoch INTEGER,
  invalid_digest TEXT,
  invalid_seq INTEGER
);
CREATE INDEX blob_certified ON blob (blob_id) WHERE initial_certified_epoch IS NOT NULL;

CREATE TABLE committee (
  epoch INTEGER PRIMARY KEY,
  members TEXT NOT NULL
);
`;

export type ChainDatabase = Database.Database;

/** Open or create the state in `dir`. Throws when it was written by another release. */
export function openDatabase(dir: string): ChainDatabase {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, FILE_NAME);
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  // A crash of the machine may lose the last transactions; a crash of the process none.
  database.pragma('synchronous = NORMAL');
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version === 0) {
    database.transaction(() => {
      database.exec(SCHEMA);
      database.pragma(`user_version = ${String(SCHEMA_VERSION)}`);
    })();
  } else if (version !== SCHEMA_VERSION) {
    database.close();
    throw new Error(
      `${path} is state of another release (schema ${String(version)}): remove it to start over`,
    );
  }
  return database;
}

/** Small facts by name. */
export class MetaTable {
  readonly #get;
  readonly #set;

  constructor(database: ChainDatabase) {
    this.#get = database.prepare<[string], { value: string }>(
      'SELECT value FROM meta WHERE key = ?',
    );
    this.#set = database.prepare<[string, string]>(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
  }

  get(key: string): string | undefined {
    return this.#get.get(key)?.value;
  }

  set(key: string, value: string): void {
    this.#set.run(key, value);
  }
}
