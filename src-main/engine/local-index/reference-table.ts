/** @file What tree nodes and content lists name: kept, so that older trees are read only once. */
import type { Database, Statement } from 'better-sqlite3';
import type { ChunkId } from '../model/ids.ts';

export class ReferenceTable {
  readonly #put: Statement;
  readonly #find: Statement<[Buffer], { named: Buffer }>;

  constructor(database: Database) {
    this.#put = database.prepare('INSERT OR REPLACE INTO node_references VALUES (?, ?)');
    this.#find = database.prepare('SELECT named FROM node_references WHERE node_id = ?');
  }

  put(nodeId: ChunkId, named: Uint8Array): void {
    this.#put.run(Buffer.from(nodeId, 'hex'), named);
  }

  find(nodeId: ChunkId): Uint8Array | undefined {
    return this.#find.get(Buffer.from(nodeId, 'hex'))?.named;
  }
}
