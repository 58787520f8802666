/**
 * @file Blobs as storage nodes know them: from events alone.
 *
 * Burning a Blob emits no event, so a burnt permanent blob stays registered until it expires, as
 * on the real network.
 */
import type {
  BlobStatus,
  CertifiedBlob,
  ChainEvent,
  RegisteredObject,
  StatusEvent,
} from '../chain.ts';
import { epoch, type BlobId, type ObjectId } from '#engine/model/ids.ts';
import type { ChainDatabase } from './database.ts';

interface RegistrationRow {
  readonly object_id: string;
  readonly blob_id: string;
  readonly size_bytes: number;
  readonly deletable: number;
  readonly registered_epoch: number;
  readonly certified_epoch: number | null;
  readonly end_epoch: number;
  readonly register_digest: string;
  readonly register_seq: number;
  readonly certify_digest: string | null;
  readonly certify_seq: number | null;
}

interface BlobRow {
  readonly blob_id: string;
  readonly initial_certified_epoch: number | null;
  readonly invalid_digest: string | null;
  readonly invalid_seq: number | null;
}

type EventOf<Kind extends ChainEvent['kind']> = Extract<ChainEvent, { kind: Kind }>;

export class BlobTable {
  readonly #register;
  readonly #addBlob;
  readonly #certify;
  readonly #certifyBlob;
  readonly #delete;
  readonly #forgetCertification;
  readonly #invalidate;
  readonly #live;
  readonly #object;
  readonly #blob;
  readonly #certified;

  constructor(database: ChainDatabase) {
    this.#register = database.prepare(
      `INSERT INTO registration (object_id, blob_id, size_bytes, deletable, registered_epoch, end_epoch, register_digest, register_seq)
       VALUES (@objectId, @blobId, @sizeBytes, @deletable, @epoch, @endEpoch, @txDigest, @eventSeq)`,
    );
    this.#addBlob = database.prepare<[string]>(
      'INSERT INTO blob (blob_id) VALUES (?) ON CONFLICT DO NOTHING',
    );
    this.#certify = database.prepare(
      `UPDATE registration SET certified_epoch = coalesce(certified_epoch, @epoch), end_epoch = @endEpoch, certify_digest = @txDigest, certify_seq = @eventSeq
       WHERE object_id = @objectId`,
    );
    this.#certifyBlob = database.prepare(
      'UPDATE blob SET initial_certified_epoch = coalesce(initial_certified_epoch, @epoch) WHERE blob_id = @blobId',
    );
    this.#delete = database.prepare<[string]>(
      'UPDATE registration SET deleted = 1 WHERE object_id = ?',
    );
    this.#forgetCertification = database.prepare(
      `UPDATE blob SET initial_certified_epoch = NULL WHERE blob_id = @blobId AND NOT EXISTS (
         SELECT 1 FROM registration WHERE blob_id = @blobId AND deleted = 0 AND certified_epoch IS NOT NULL)`,
    );
    this.#invalidate = database.prepare(
      `INSERT INTO blob (blob_id, invalid_digest, invalid_seq) VALUES (@blobId, @txDigest, @eventSeq)
       ON CONFLICT (blob_id) DO UPDATE SET invalid_digest = coalesce(invalid_digest, @txDigest), invalid_seq = coalesce(invalid_seq, @eventSeq)`,
    );
    this.#live = database.prepare<[string, number], RegistrationRow>(
      'SELECT * FROM registration WHERE blob_id = ? AND deleted = 0 AND end_epoch > ? ORDER BY rowid',
    );
    this.#object = database.prepare<[string, number], RegistrationRow>(
      'SELECT * FROM registration WHERE object_id = ? AND deleted = 0 AND end_epoch > ?',
    );
    this.#blob = database.prepare<[string], BlobRow>('SELECT * FROM blob WHERE blob_id = ?');
    this.#certified = database.prepare<
      { epoch: number; after: string; limit: number },
      { blob_id: string; initial_certified_epoch: number; size_bytes: number }
    >(
      `SELECT blob.blob_id, blob.initial_certified_epoch, max(registration.size_bytes) AS size_bytes
       FROM blob JOIN registration USING (blob_id)
       WHERE blob.initial_certified_epoch IS NOT NULL AND blob.invalid_digest IS NULL AND blob.blob_id > @after
         AND registration.deleted = 0 AND registration.certified_epoch IS NOT NULL AND registration.end_epoch > @epoch
       GROUP BY blob.blob_id ORDER BY blob.blob_id LIMIT @limit`,
    );
  }

  /** Take note of an event. */
  apply(event: ChainEvent): void {
    switch (event.kind) {
      case 'blob-registered':
        this.#applyRegistered(event);
        return;
      case 'blob-certified':
        this.#certify.run(bound(event, ['epoch', 'endEpoch', 'txDigest', 'eventSeq', 'objectId']));
        this.#certifyBlob.run(bound(event, ['epoch', 'blobId']));
        return;
      case 'blob-deleted':
        this.#delete.run(event.objectId);
        this.#forgetCertification.run(bound(event, ['blobId']));
        return;
      case 'blob-invalid':
        this.#invalidate.run(bound(event, ['blobId', 'txDigest', 'eventSeq']));
        return;
      case 'epoch-parameters-selected':
      case 'epoch-change-start':
      case 'shards-received':
      case 'epoch-change-done':
      case 'prices-updated':
        return;
    }
  }

  isRegistered(blobId: BlobId, currentEpoch: number): boolean {
    return !this.isInvalid(blobId) && this.#live.all(blobId, currentEpoch).length > 0;
  }

  isCertified(blobId: BlobId, currentEpoch: number): boolean {
    return (
      !this.isInvalid(blobId) &&
      this.#live.all(blobId, currentEpoch).some((row) => row.certified_epoch !== null)
    );
  }

  isInvalid(blobId: BlobId): boolean {
    return (this.#blob.get(blobId)?.invalid_digest ?? null) !== null;
  }

  object(objectId: ObjectId, currentEpoch: number): RegisteredObject | undefined {
    const row = this.#object.get(objectId, currentEpoch);
    if (row === undefined) return undefined;
    return {
      objectId,
      blobId: row.blob_id as BlobId,
      sizeBytes: row.size_bytes,
      deletable: row.deletable === 1,
      registeredEpoch: epoch(row.registered_epoch),
      certifiedEpoch: row.certified_epoch === null ? undefined : epoch(row.certified_epoch),
      endEpoch: epoch(row.end_epoch),
    };
  }

  certified(currentEpoch: number, after: string, limit: number): CertifiedBlob[] {
    return this.#certified.all({ epoch: currentEpoch, after, limit }).map((row) => ({
      blobId: row.blob_id as BlobId,
      initialCertifiedEpoch: epoch(row.initial_certified_epoch),
      sizeBytes: row.size_bytes,
    }));
  }

  /** The status that storage nodes report: invalid, else permanent, else deletable. */
  status(blobId: BlobId, currentEpoch: number): BlobStatus {
    const blob = this.#blob.get(blobId);
    if (blob?.invalid_digest != null) {
      return { invalid: { event: statusEvent(blob.invalid_digest, blob.invalid_seq ?? 0) } };
    }
    const rows = this.#live.all(blobId, currentEpoch);
    const deletable = rows.filter((row) => row.deletable === 1);
    const deletableCounts = {
      count_deletable_total: deletable.length,
      count_deletable_certified: deletable.filter((row) => row.certified_epoch !== null).length,
    };
    const initialCertifiedEpoch = blob?.initial_certified_epoch ?? null;
    const permanent = rows.filter((row) => row.deletable === 0);
    const certified = permanent.filter((row) => row.certified_epoch !== null);
    const longest = latestEnding(certified.length > 0 ? certified : permanent);
    if (longest !== undefined) {
      const isCertified = longest.certified_epoch !== null;
      return {
        permanent: {
          endEpoch: longest.end_epoch,
          isCertified,
          statusEvent: isCertified
            ? statusEvent(longest.certify_digest ?? '', longest.certify_seq ?? 0)
            : statusEvent(longest.register_digest, longest.register_seq),
          deletableCounts,
          initialCertifiedEpoch,
        },
      };
    }
    if (deletable.length === 0) return 'nonexistent';
    return { deletable: { initialCertifiedEpoch, deletableCounts } };
  }

  #applyRegistered(event: EventOf<'blob-registered'>): void {
    this.#addBlob.run(event.blobId);
    this.#register.run({
      ...bound(event, [
        'objectId',
        'blobId',
        'sizeBytes',
        'epoch',
        'endEpoch',
        'txDigest',
        'eventSeq',
      ]),
      deletable: event.deletable ? 1 : 0,
    });
  }
}

/** Only the named fields, since a statement refuses parameters that it doesn't name. */
function bound<Event, Key extends keyof Event>(event: Event, keys: readonly Key[]) {
  return Object.fromEntries(keys.map((key) => [key, event[key]]));
}

/** The first of those that end last. */
function latestEnding(rows: readonly RegistrationRow[]): RegistrationRow | undefined {
  let latest = rows[0];
  for (const row of rows) if (row.end_epoch > (latest?.end_epoch ?? 0)) latest = row;
  return latest;
}

const statusEvent = (txDigest: string, eventSeq: number): StatusEvent => ({
  txDigest,
  eventSeq: String(eventSeq),
});
