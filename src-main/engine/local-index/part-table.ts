/** @file Parts of the pack index in plaintext, kept so that merging them needs no network. */
import type { Database, Statement } from 'better-sqlite3';
import type { ChunkId, FolderId } from '../model/ids.ts';

export class PartTable {
  readonly #put: Statement;
  readonly #find: Statement<[Buffer], { plaintext: Buffer }>;

  constructor(database: Database) {
    this.#put = database.prepare('INSERT OR REPLACE INTO index_parts VALUES (?, ?, ?)');
    this.#find = database.prepare('SELECT plaintext FROM index_parts WHERE part_id = ?');
  }

  put(folderId: FolderId, partId: ChunkId, plaintext: Uint8Array): void {
    this.#put.run(Buffer.from(partId, 'hex'), folderId, plaintext);
  }

  find(partId: ChunkId): Uint8Array | undefined {
    return this.#find.get(Buffer.from(partId, 'hex'))?.plaintext;
  }
}
