/**
 * @file The tables of the local index, and how older ones become the newest.
 *
 * The local index is a cache of what the network knows, plus the journal of unfinished work. All
 * of it but the journal and the list of folders can be read back from the network. Names and paths
 * may stand here (the file is 0600); keys never do, except wrapped under the vault key.
 */
import type { Database } from 'better-sqlite3';
import { EngineError } from '../model/engine-error.ts';

/** Each entry brings the schema from its index to the next number. Never edited once released. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE folders (
    folder_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    root TEXT NOT NULL,
    permanent INTEGER NOT NULL,
    excludes TEXT NOT NULL,
    wrapped_keys BLOB NOT NULL,
    head_slot INTEGER NOT NULL UNIQUE,
    removed INTEGER NOT NULL DEFAULT 0,
    root_device TEXT,
    last_sync_at_ms INTEGER,
    last_problem TEXT
  ) STRICT;

  -- What is known of each path: its stat when it was read, and its entry as the tree holds it.
  CREATE TABLE entries (
    folder_id TEXT NOT NULL,
    path BLOB NOT NULL,
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (folder_id, path)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE unread (
    folder_id TEXT NOT NULL,
    path BLOB NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (folder_id, path)
  ) STRICT, WITHOUT ROWID;

  -- The journal: one row a pack, from sealed to published. State names are the steps' participles.
  CREATE TABLE packs (
    pack_id TEXT PRIMARY KEY,
    ordinal INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL,
    permanent INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sealed_hash BLOB NOT NULL,
    blob_id TEXT,
    root_hash BLOB,
    blob_object_id TEXT,
    end_epoch INTEGER,
    certificate TEXT,
    stored_shards INTEGER,
    shard_count INTEGER,
    spooled INTEGER NOT NULL,
    commit_record TEXT,
    problem TEXT
  ) STRICT;
  CREATE INDEX packs_by_blob ON packs (blob_id);

  CREATE TABLE chunks (
    folder_id TEXT NOT NULL,
    chunk_id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    pack_id TEXT NOT NULL,
    offset INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (folder_id, chunk_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chunks_by_pack ON chunks (pack_id);

  -- Signed transactions, journaled before they are submitted; afterwards the ledger.
  CREATE TABLE transactions (
    digest TEXT PRIMARY KEY,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    pack_ids TEXT NOT NULL,
    prepared TEXT NOT NULL,
    quoted_frost INTEGER NOT NULL,
    quoted_gas_mist INTEGER NOT NULL,
    actual_frost INTEGER,
    actual_gas_mist INTEGER,
    at_ms INTEGER NOT NULL,
    epoch INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE snapshots (
    snapshot_id TEXT PRIMARY KEY,
    folder_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX snapshots_by_folder ON snapshots (folder_id, sequence);

  -- Files that an unfinished restore has put in place.
  CREATE TABLE restored (
    restore_key TEXT NOT NULL,
    path BLOB NOT NULL,
    PRIMARY KEY (restore_key, path)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE index_parts (
    part_id BLOB PRIMARY KEY,
    folder_id TEXT NOT NULL,
    plaintext BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
  `
  -- JSON of the horizon that the person chose; NULL is the default.
  ALTER TABLE folders ADD COLUMN horizon TEXT;

  ALTER TABLE transactions ADD COLUMN folder_ids TEXT NOT NULL DEFAULT '[]';
  -- SUI that is exchanged or sent, apart from gas.
  ALTER TABLE transactions ADD COLUMN sui_mist INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX transactions_by_time ON transactions (at_ms);
  CREATE INDEX transactions_by_epoch ON transactions (epoch);

  -- What the chain said last of each pack's blob object.
  CREATE TABLE blobs (
    blob_object_id TEXT PRIMARY KEY,
    pack_id TEXT NOT NULL,
    owner TEXT,
    registered_epoch INTEGER NOT NULL,
    certified_epoch INTEGER,
    end_epoch INTEGER NOT NULL,
    size INTEGER NOT NULL,
    storage_size INTEGER NOT NULL,
    deletable INTEGER NOT NULL,
    shared INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX blobs_by_pack ON blobs (pack_id);
  `,
  `
  -- Restores that were begun, until a person dismisses them.
  CREATE TABLE tasks (task_id TEXT NOT NULL UNIQUE, record TEXT NOT NULL) STRICT;

  CREATE TABLE history (
    entry_id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    folder_name TEXT,
    sentence TEXT NOT NULL,
    problem TEXT
  ) STRICT;

  -- Causes that a person was told of, as long as they last.
  CREATE TABLE notices (cause TEXT PRIMARY KEY, told_at_ms INTEGER NOT NULL) STRICT;

  -- When a folder is synced by itself: JSON of FolderSettings without the excludes.
  ALTER TABLE folders ADD COLUMN schedule TEXT NOT NULL DEFAULT '{}';
  `,
  `
  -- Packs that are given up: ours (device_id NULL), and those that other devices have condemned.
  CREATE TABLE leaving (
    blob_id TEXT PRIMARY KEY,
    device_id TEXT,
    -- What our head says of it, or is about to say.
    condemned_epoch INTEGER,
    condemned_sequence INTEGER
  ) STRICT;

  -- What each tree node and content list names. They never change.
  CREATE TABLE node_references (
    node_id BLOB PRIMARY KEY,
    named BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE snapshots ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
  -- To be left out of the history by the next commit.
  ALTER TABLE snapshots ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- JSON of what the sentence says, for other languages; NULL in older rows.
  ALTER TABLE history ADD COLUMN told TEXT;
  `,
  `
  -- JSON of the way to the storage nodes that was chosen for a pack; NULL in older rows.
  ALTER TABLE packs ADD COLUMN upload TEXT;
  `,
];

/**
 * Bring the schema up to date.
 *
 * @throws EngineError `format-unknown` when a newer release wrote the index
 */
export function migrate(database: Database): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new EngineError('format-unknown', `the local index has schema ${String(version)}`);
  }
  for (let next = version; next < MIGRATIONS.length; next += 1) {
    database.transaction(() => {
      database.exec(MIGRATIONS[next] ?? '');
      database.pragma(`user_version = ${String(next + 1)}`);
    })();
  }
}
