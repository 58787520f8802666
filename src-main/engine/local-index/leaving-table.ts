/** @file Packs that are given up: ours, and those that other devices of the vault have condemned. */
import type { Database, Statement } from 'better-sqlite3';
import type { BlobId, DeviceId } from '../model/ids.ts';

export interface LeavingPack {
  readonly blobId: BlobId;
  /** Who condemned it; undefined: this device, which owns it. */
  readonly deviceId: DeviceId | undefined;
  /** Of ours: when our head condemned it, and the sequence of that head. */
  readonly condemned: { readonly epoch: number; readonly sequence: number } | undefined;
}

interface Row {
  blob_id: string;
  device_id: string | null;
  condemned_epoch: number | null;
  condemned_sequence: number | null;
}

const read = (row: Row): LeavingPack => ({
  blobId: row.blob_id as BlobId,
  deviceId: (row.device_id ?? undefined) as DeviceId | undefined,
  condemned:
    row.condemned_epoch === null || row.condemned_sequence === null
      ? undefined
      : { epoch: row.condemned_epoch, sequence: row.condemned_sequence },
});

export class LeavingTable {
  readonly #all: Statement<[], Row>;
  readonly #add: Statement;
  readonly #condemned: Statement;
  readonly #drop: Statement;

  constructor(database: Database) {
    this.#all = database.prepare('SELECT * FROM leaving ORDER BY blob_id');
    this.#add = database.prepare(
      'INSERT INTO leaving VALUES (?, ?, NULL, NULL) ON CONFLICT (blob_id) DO NOTHING',
    );
    this.#condemned = database.prepare(
      'UPDATE leaving SET condemned_epoch = ?, condemned_sequence = ? WHERE blob_id = ?',
    );
    this.#drop = database.prepare('DELETE FROM leaving WHERE blob_id = ?');
  }

  all(): LeavingPack[] {
    return this.#all.all().map(read);
  }

  /** From now on nothing new relies on the pack. */
  add(blobId: BlobId, deviceId?: DeviceId): void {
    this.#add.run(blobId, deviceId ?? null);
  }

  recordCondemned(blobId: BlobId, epoch: number, sequence: number): void {
    this.#condemned.run(epoch, sequence, blobId);
  }

  drop(blobId: BlobId): void {
    this.#drop.run(blobId);
  }
}
