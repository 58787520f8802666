/**
 * @file What the chain said last of each pack's blob object.
 *
 * A cache: whoever decides about protection asks the chain. It answers at once what ends when, and
 * tells a blob that was deleted, burnt or given away from one that was never read.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { Epoch, ObjectId, PackId, SuiAddress } from '../model/ids.ts';

export interface KnownBlob {
  readonly blobObjectId: ObjectId;
  readonly packId: PackId;
  /** Undefined for a shared blob, which nobody owns. */
  readonly owner: SuiAddress | undefined;
  readonly registeredEpoch: Epoch;
  readonly certifiedEpoch: Epoch | undefined;
  /** Exclusive. */
  readonly endEpoch: Epoch;
  /** Unencoded. */
  readonly sizeBytes: number;
  /** Encoded, as it is paid for. */
  readonly storageBytes: bigint;
  readonly deletable: boolean;
  readonly isShared: boolean;
  /** Deleted, burnt, or no longer the vault's. */
  readonly isGone: boolean;
}

interface Row {
  blob_object_id: string;
  pack_id: string;
  owner: string | null;
  registered_epoch: bigint;
  certified_epoch: bigint | null;
  end_epoch: bigint;
  size: bigint;
  storage_size: bigint;
  deletable: bigint;
  shared: bigint;
  gone: bigint;
}

const read = (row: Row): KnownBlob => ({
  blobObjectId: row.blob_object_id as ObjectId,
  packId: row.pack_id as PackId,
  owner: (row.owner ?? undefined) as SuiAddress | undefined,
  registeredEpoch: Number(row.registered_epoch) as Epoch,
  certifiedEpoch: row.certified_epoch === null ? undefined : (Number(row.certified_epoch) as Epoch),
  endEpoch: Number(row.end_epoch) as Epoch,
  sizeBytes: Number(row.size),
  storageBytes: row.storage_size,
  deletable: row.deletable === 1n,
  isShared: row.shared === 1n,
  isGone: row.gone === 1n,
});

export class BlobTable {
  readonly #all: Statement<[], Row>;
  readonly #put: Statement;
  readonly #gone: Statement;
  readonly #drop: Statement;

  constructor(database: Database) {
    this.#all = database
      .prepare<[], Row>('SELECT * FROM blobs ORDER BY blob_object_id')
      .safeIntegers(true);
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)',
    );
    this.#gone = database.prepare('UPDATE blobs SET gone = 1 WHERE blob_object_id = ?');
    this.#drop = database.prepare('DELETE FROM blobs WHERE blob_object_id = ?');
  }

  all(): KnownBlob[] {
    return this.#all.all().map(read);
  }

  put(blob: Omit<KnownBlob, 'isGone'>): void {
    this.#put.run(
      blob.blobObjectId,
      blob.packId,
      blob.owner ?? null,
      blob.registeredEpoch,
      blob.certifiedEpoch ?? null,
      blob.endEpoch,
      blob.sizeBytes,
      blob.storageBytes,
      blob.deletable ? 1 : 0,
      blob.isShared ? 1 : 0,
    );
  }

  markGone(blobObjectId: ObjectId): void {
    this.#gone.run(blobObjectId);
  }

  drop(blobObjectId: ObjectId): void {
    this.#drop.run(blobObjectId);
  }
}
