/**
 * @file The journal: each pack's way from sealed to published, and where each chunk lies.
 *
 *     sealed → encoded → registered → uploaded → certified ( → published, for a commit)
 *
 * The result of a step stands here before the next step begins, so starting up is resuming. A pack
 * stays in the spool (`spooled`) until its tail is done, since sealing again would give another
 * blob ID.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { BlobId, ChunkId, Epoch, FolderId, ObjectId, PackId } from '../model/ids.ts';

/** The states in the order a pack passes them. */
export const PACK_STATES = [
  'sealed',
  'encoded',
  'registered',
  'uploaded',
  'certified',
  'published',
] as const;
export type PackState = (typeof PACK_STATES)[number];

export interface PackRecord {
  readonly packId: PackId;
  /** Order of sealing: packs go through the river in this order. */
  readonly ordinal: number;
  readonly state: PackState;
  readonly permanent: boolean;
  readonly sizeBytes: number;
  /** BLAKE3 of the sealed bytes: a damaged spool file is noticed before money is spent. */
  readonly sealedHash: Uint8Array;
  readonly blobId: BlobId | undefined;
  readonly rootHash: Uint8Array | undefined;
  readonly blobObjectId: ObjectId | undefined;
  readonly endEpoch: Epoch | undefined;
  /** Serialized certificate, present from `uploaded` on. */
  readonly certificate: string | undefined;
  readonly storedShards: number | undefined;
  readonly shardCount: number | undefined;
  /** Whether the sealed bytes are still in the spool. */
  readonly spooled: boolean;
  /** What publishing needs, for a pack that carries a snapshot: JSON written by backup/. */
  readonly commitRecord: string | undefined;
  readonly problem: string | undefined;
  /** By which way it goes to the storage nodes: JSON written by backup/. */
  readonly upload: string | undefined;
}

export interface ChunkPlace {
  readonly chunkId: ChunkId;
  readonly kind: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

interface Row {
  pack_id: string;
  ordinal: number;
  state: PackState;
  permanent: number;
  size: number;
  sealed_hash: Buffer;
  blob_id: string | null;
  root_hash: Buffer | null;
  blob_object_id: string | null;
  end_epoch: number | null;
  certificate: string | null;
  stored_shards: number | null;
  shard_count: number | null;
  spooled: number;
  commit_record: string | null;
  problem: string | null;
  upload: string | null;
}

const read = (row: Row): PackRecord => ({
  packId: row.pack_id as PackId,
  ordinal: row.ordinal,
  state: row.state,
  permanent: row.permanent === 1,
  sizeBytes: row.size,
  sealedHash: row.sealed_hash,
  blobId: (row.blob_id ?? undefined) as BlobId | undefined,
  rootHash: row.root_hash ?? undefined,
  blobObjectId: (row.blob_object_id ?? undefined) as ObjectId | undefined,
  endEpoch: (row.end_epoch ?? undefined) as Epoch | undefined,
  certificate: row.certificate ?? undefined,
  storedShards: row.stored_shards ?? undefined,
  shardCount: row.shard_count ?? undefined,
  spooled: row.spooled === 1,
  commitRecord: row.commit_record ?? undefined,
  problem: row.problem ?? undefined,
  upload: row.upload ?? undefined,
});

export class Journal {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#statements = prepare(database);
  }

  /** Packs whose way is not finished, in order. A pack without a commit ends at `certified`. */
  unfinished(): PackRecord[] {
    return this.#statements.unfinished.all().map(read);
  }

  /** Packs whose bytes are still in the spool. */
  spooled(): PackRecord[] {
    return this.#statements.spooled.all().map(read);
  }

  all(): PackRecord[] {
    return this.#statements.all.all().map(read);
  }

  find(packId: PackId): PackRecord | undefined {
    const row = this.#statements.one.get(packId);
    return row && read(row);
  }

  findByBlob(blobId: BlobId): PackRecord | undefined {
    const row = this.#statements.byBlob.get(blobId);
    return row && read(row);
  }

  /** The first row of a pack. Its chunks are added with it, in the same transaction. */
  addSealed(
    pack: Pick<PackRecord, 'packId' | 'permanent' | 'sizeBytes' | 'sealedHash' | 'commitRecord'>,
    chunks: readonly (ChunkPlace & { readonly folderId: FolderId })[],
  ): void {
    this.#statements.insert.run(
      pack.packId,
      pack.permanent ? 1 : 0,
      pack.sizeBytes,
      pack.sealedHash,
      pack.commitRecord ?? null,
    );
    for (const chunk of chunks) {
      this.#statements.putChunk.run(
        chunk.folderId,
        Buffer.from(chunk.chunkId, 'hex'),
        chunk.kind,
        pack.packId,
        chunk.offsetBytes,
        chunk.sizeBytes,
      );
    }
  }

  /**
   * A pack that the network holds, with its chunks: how a lost journal is filled again. Its sealed
   * bytes are not here and nobody asks for them.
   */
  addStored(
    pack: Pick<PackRecord, 'packId' | 'permanent' | 'sizeBytes' | 'commitRecord'> & {
      readonly blobId: BlobId;
      readonly blobObjectId: ObjectId | undefined;
      readonly endEpoch: Epoch;
      readonly shardCount: number;
    },
    chunks: readonly (ChunkPlace & { readonly folderId: FolderId })[],
  ): void {
    const { packId, permanent, sizeBytes, commitRecord } = pack;
    this.addSealed(
      { packId, permanent, sizeBytes, sealedHash: new Uint8Array(0), commitRecord },
      chunks,
    );
    this.#statements.stored.run(
      commitRecord === undefined ? 'certified' : 'published',
      pack.blobId,
      pack.blobObjectId ?? null,
      pack.endEpoch,
      pack.shardCount,
      packId,
    );
  }

  recordEncoded(packId: PackId, blobId: BlobId, rootHash: Uint8Array, shardCount: number): void {
    this.#statements.encoded.run(blobId, rootHash, shardCount, packId);
  }

  /** The way that was chosen, or what has become of it. */
  recordUpload(packId: PackId, upload: string): void {
    this.#statements.upload.run(upload, packId);
  }

  recordRegistered(packId: PackId, blobObjectId: ObjectId, endEpoch: Epoch): void {
    this.#statements.registered.run(blobObjectId, endEpoch, packId);
  }

  recordUploaded(packId: PackId, certificate: string, storedShards: number): void {
    this.#statements.uploaded.run(certificate, storedShards, packId);
  }

  /** The certificate went stale (another epoch): the pack is asked about again. */
  returnToRegistered(packId: PackId): void {
    this.#statements.returned.run(packId);
  }

  /** The registration ended before the pack was certified: it is registered once more. */
  returnToEncoded(packId: PackId): void {
    this.#statements.ended.run(packId);
  }

  recordCertified(packId: PackId): void {
    this.#statements.state.run('certified', packId);
  }

  recordPublished(packId: PackId): void {
    this.#statements.state.run('published', packId);
  }

  recordSpread(packId: PackId, storedShards: number): void {
    this.#statements.spread.run(storedShards, packId);
  }

  recordEndEpoch(blobObjectId: ObjectId, endEpoch: Epoch): void {
    this.#statements.endEpoch.run(endEpoch, blobObjectId);
  }

  /** The blob lies in another object now: it was shared. */
  recordBlobObject(packId: PackId, blobObjectId: ObjectId): void {
    this.#statements.blobObject.run(blobObjectId, packId);
  }

  recordProblem(packId: PackId, code: string | undefined): void {
    this.#statements.problem.run(code ?? null, packId);
  }

  /** The pack's bytes are no longer in the spool. */
  recordUnspooled(packId: PackId): void {
    this.#statements.unspooled.run(packId);
  }

  /**
   * Drop a pack that never reached the chain (its spool file is damaged) with its chunks, so that
   * the files it held are read and sealed again.
   */
  dropPack(packId: PackId): void {
    this.#statements.dropChunks.run(packId);
    this.#statements.dropPack.run(packId);
  }

  /**
   * IDs of the chunks of a folder that lie in packs which may be used, as hex: not those that have
   * ended or are given up, nor the packs in `except`.
   */
  usableChunks(
    folderId: FolderId,
    currentEpoch: Epoch,
    except: ReadonlySet<PackId> = new Set(),
  ): Set<ChunkId> {
    const ids = new Set<ChunkId>();
    for (const row of this.#statements.usable.iterate(folderId, currentEpoch)) {
      if (except.has(row.pack_id as PackId)) continue;
      ids.add(row.chunk_id.toString('hex') as ChunkId);
    }
    return ids;
  }

  /** Where a chunk of the folder lies, as far as is known here. */
  placeOf(
    folderId: FolderId,
    chunkId: ChunkId,
  ): (Pick<ChunkPlace, 'offsetBytes' | 'sizeBytes'> & { readonly pack: PackRecord }) | undefined {
    const row = this.#statements.placeOf.get(folderId, Buffer.from(chunkId, 'hex'));
    return row && { offsetBytes: row.place_offset, sizeBytes: row.place_size, pack: read(row) };
  }

  /** Nothing relies on what a pack holds any more: its chunks are forgotten, the pack is not. */
  dropChunksOf(packId: PackId): void {
    this.#statements.dropChunks.run(packId);
  }

  /** Where the chunks of a folder lie, in packs sealed after `ordinal`. */
  placesAfter(folderId: FolderId, ordinal: number): (ChunkPlace & { readonly packId: PackId })[] {
    return this.#statements.places.all(folderId, ordinal).map(readPlace);
  }

  /** The folders that have chunks in a pack. */
  foldersOf(packId: PackId): FolderId[] {
    return this.#statements.foldersOf.all(packId).map((row) => row.folder_id as FolderId);
  }

  /** The packs that hold chunks of a folder. */
  packsOf(folderId: FolderId): PackRecord[] {
    return this.#statements.packsOf.all(folderId).map(read);
  }
}

interface ChunkRow {
  chunk_id: Buffer;
  kind: number;
  pack_id: string;
  offset: number;
  size: number;
}

const readPlace = (row: ChunkRow): ChunkPlace & { readonly packId: PackId } => ({
  chunkId: row.chunk_id.toString('hex') as ChunkId,
  kind: row.kind,
  packId: row.pack_id as PackId,
  offsetBytes: row.offset,
  sizeBytes: row.size,
});

function prepare(database: Database) {
  const update = (assignment: string): Statement =>
    database.prepare(`UPDATE packs SET ${assignment} WHERE pack_id = ?`);
  return {
    all: database.prepare<[], Row>('SELECT * FROM packs ORDER BY ordinal'),
    one: database.prepare<[string], Row>('SELECT * FROM packs WHERE pack_id = ?'),
    byBlob: database.prepare<[string], Row>('SELECT * FROM packs WHERE blob_id = ?'),
    spooled: database.prepare<[], Row>('SELECT * FROM packs WHERE spooled = 1 ORDER BY ordinal'),
    unfinished: database.prepare<[], Row>(
      `SELECT * FROM packs WHERE state NOT IN ('certified', 'published')
       OR (state = 'certified' AND commit_record IS NOT NULL) ORDER BY ordinal`,
    ),
    insert: database.prepare(
      `INSERT INTO packs (pack_id, ordinal, state, permanent, size, sealed_hash, spooled, commit_record)
       VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM packs), 'sealed', ?, ?, ?, 1, ?)`,
    ),
    encoded: update("state = 'encoded', blob_id = ?, root_hash = ?, shard_count = ?"),
    registered: update("state = 'registered', blob_object_id = ?, end_epoch = ?"),
    stored: update(
      'state = ?, blob_id = ?, blob_object_id = ?, end_epoch = ?, shard_count = ?, spooled = 0',
    ),
    uploaded: update("state = 'uploaded', certificate = ?, stored_shards = ?"),
    returned: update("state = 'registered', certificate = NULL"),
    ended: update("state = 'encoded', blob_object_id = NULL, end_epoch = NULL, certificate = NULL"),
    state: update('state = ?'),
    spread: update('stored_shards = max(coalesce(stored_shards, 0), ?)'),
    blobObject: update('blob_object_id = ?'),
    problem: update('problem = ?'),
    upload: update('upload = ?'),
    unspooled: update('spooled = 0'),
    endEpoch: database.prepare('UPDATE packs SET end_epoch = ? WHERE blob_object_id = ?'),
    putChunk: database.prepare('INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?)'),
    dropChunks: database.prepare('DELETE FROM chunks WHERE pack_id = ?'),
    dropPack: database.prepare('DELETE FROM packs WHERE pack_id = ?'),
    usable: database.prepare<[string, number], { chunk_id: Buffer; pack_id: string }>(
      `SELECT chunk_id, pack_id FROM chunks JOIN packs USING (pack_id)
       WHERE folder_id = ? AND (end_epoch IS NULL OR end_epoch > ?)
       AND (blob_id IS NULL OR blob_id NOT IN (SELECT blob_id FROM leaving))`,
    ),
    placeOf: database.prepare<[string, Buffer], Row & { place_offset: number; place_size: number }>(
      `SELECT packs.*, chunks.offset AS place_offset, chunks.size AS place_size
       FROM packs JOIN chunks USING (pack_id) WHERE folder_id = ? AND chunk_id = ?`,
    ),
    places: database.prepare<[string, number], ChunkRow>(
      `SELECT chunk_id, kind, pack_id, chunks.offset AS offset, chunks.size AS size
       FROM chunks JOIN packs USING (pack_id) WHERE folder_id = ? AND ordinal > ?`,
    ),
    foldersOf: database.prepare<[string], { folder_id: string }>(
      'SELECT DISTINCT folder_id FROM chunks WHERE pack_id = ?',
    ),
    packsOf: database.prepare<[string], Row>(
      `SELECT * FROM packs WHERE pack_id IN (SELECT DISTINCT pack_id FROM chunks WHERE folder_id = ?)
       ORDER BY ordinal`,
    ),
  };
}
