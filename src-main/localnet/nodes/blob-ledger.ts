/**
 * @file What one storage node knows of the chain: a projection of the events it has handled.
 *
 * Nothing but events goes in, so a node that hears of them late answers late, as real ones do.
 * Rebuilt from the chain's history whenever a node starts.
 */
import type { BlobStatus, ChainEvent, StatusEvent } from '#localnet/chain/chain.ts';
import type { BlobId, ObjectId } from '#engine/model/ids.ts';

interface Registration {
  readonly objectId: ObjectId;
  readonly deletable: boolean;
  endEpoch: number;
  isCertified: boolean;
  certifiedEpoch: number | undefined;
  /** The newest event that changed what a permanent blob's status shows. */
  statusEvent: StatusEvent;
}

interface BlobEntry {
  readonly sizeBytes: number;
  readonly registrations: Map<ObjectId, Registration>;
  invalidatedBy: StatusEvent | undefined;
  /** Kept while any certified registration lives, whichever was first. */
  initialCertifiedEpoch: number | undefined;
}

export class BlobLedger {
  readonly #blobs = new Map<BlobId, BlobEntry>();
  readonly #blobOfObject = new Map<ObjectId, BlobId>();
  #epoch: number;
  #handledSequence = 0;

  /** `epoch` is the one before the first event. */
  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Sequence of the newest handled event. */
  get handledSequence(): number {
    return this.#handledSequence;
  }

  handle(event: ChainEvent): void {
    this.#handledSequence = event.sequence;
    switch (event.kind) {
      case 'blob-registered':
        this.#register(event);
        return;
      case 'blob-certified':
        this.#certify(event);
        return;
      case 'blob-deleted':
        this.#delete(event.blobId, event.objectId);
        return;
      case 'blob-invalid': {
        const entry = this.#blobs.get(event.blobId);
        if (entry) entry.invalidatedBy = placeOf(event);
        return;
      }
      case 'epoch-change-start':
        this.#epoch = event.epoch;
        this.#dropExpired();
        return;
      default:
        return;
    }
  }

  #register(event: ChainEvent & { kind: 'blob-registered' }): void {
    let entry = this.#blobs.get(event.blobId);
    if (!entry) {
      entry = {
        sizeBytes: event.sizeBytes,
        registrations: new Map(),
        invalidatedBy: undefined,
        initialCertifiedEpoch: undefined,
      };
      this.#blobs.set(event.blobId, entry);
    }
    entry.registrations.set(event.objectId, {
      objectId: event.objectId,
      deletable: event.deletable,
      endEpoch: event.endEpoch,
      isCertified: false,
      certifiedEpoch: undefined,
      statusEvent: placeOf(event),
    });
    this.#blobOfObject.set(event.objectId, event.blobId);
  }

  #certify(event: ChainEvent & { kind: 'blob-certified' }): void {
    const entry = this.#blobs.get(event.blobId);
    const registration = entry?.registrations.get(event.objectId);
    if (!entry || !registration) return;
    registration.isCertified = true;
    registration.certifiedEpoch ??= event.epoch;
    registration.endEpoch = event.endEpoch;
    registration.statusEvent = placeOf(event);
    entry.initialCertifiedEpoch ??= event.epoch;
  }

  #delete(blobId: BlobId, objectId: ObjectId): void {
    const entry = this.#blobs.get(blobId);
    this.#blobOfObject.delete(objectId);
    if (!entry) return;
    entry.registrations.delete(objectId);
    this.#settle(blobId, entry);
  }

  #dropExpired(): void {
    for (const [blobId, entry] of this.#blobs) {
      for (const { objectId, endEpoch } of entry.registrations.values()) {
        if (endEpoch > this.#epoch) continue;
        entry.registrations.delete(objectId);
        this.#blobOfObject.delete(objectId);
      }
      this.#settle(blobId, entry);
    }
  }

  #settle(blobId: BlobId, entry: BlobEntry): void {
    const registrations = [...entry.registrations.values()];
    if (!registrations.some(({ isCertified }) => isCertified)) {
      entry.initialCertifiedEpoch = undefined;
    }
    // An invalid blob stays known: nobody may store it again.
    if (registrations.length === 0 && !entry.invalidatedBy) this.#blobs.delete(blobId);
  }

  /** Whether a live registration exists and the blob was not invalidated. */
  isRegistered(blobId: BlobId): boolean {
    const entry = this.#blobs.get(blobId);
    return entry !== undefined && !entry.invalidatedBy && entry.registrations.size > 0;
  }

  isCertified(blobId: BlobId): boolean {
    const entry = this.#blobs.get(blobId);
    return entry !== undefined && isCertifiedEntry(entry);
  }

  invalidation(blobId: BlobId): StatusEvent | undefined {
    return this.#blobs.get(blobId)?.invalidatedBy;
  }

  /** The live registration of an object, with the blob it names. */
  registration(
    objectId: ObjectId,
  ): { readonly blobId: BlobId; readonly deletable: boolean } | undefined {
    const blobId = this.#blobOfObject.get(objectId);
    if (blobId === undefined) return undefined;
    const registration = this.#blobs.get(blobId)?.registrations.get(objectId);
    return registration && { blobId, deletable: registration.deletable };
  }

  hasPermanentRegistration(blobId: BlobId): boolean {
    const registrations = this.#blobs.get(blobId)?.registrations.values() ?? [];
    return [...registrations].some(({ deletable }) => !deletable);
  }

  /** All certified, valid blobs, in no particular order. */
  certifiedBlobs(): readonly {
    readonly blobId: BlobId;
    readonly sizeBytes: number;
    readonly certifiedEpoch: number;
  }[] {
    return [...this.#blobs]
      .filter(([, entry]) => isCertifiedEntry(entry))
      .map(([blobId, entry]) => ({
        blobId,
        sizeBytes: entry.sizeBytes,
        certifiedEpoch: entry.initialCertifiedEpoch ?? 0,
      }));
  }

  /** The `data` of `GET /v1/blobs/{id}/status`. */
  blobStatus(blobId: BlobId): BlobStatus {
    const entry = this.#blobs.get(blobId);
    if (!entry) return 'nonexistent';
    if (entry.invalidatedBy) return { invalid: { event: entry.invalidatedBy } };
    const all = [...entry.registrations.values()];
    if (all.length === 0) return 'nonexistent';
    const deletable = all.filter((one) => one.deletable);
    const deletableCounts = {
      count_deletable_total: deletable.length,
      count_deletable_certified: deletable.filter((one) => one.isCertified).length,
    };
    const initialCertifiedEpoch = entry.initialCertifiedEpoch ?? null;
    const shown = longestLived(all.filter((one) => !one.deletable));
    if (!shown) return { deletable: { initialCertifiedEpoch, deletableCounts } };
    return {
      permanent: {
        endEpoch: shown.endEpoch,
        isCertified: shown.isCertified,
        statusEvent: shown.statusEvent,
        deletableCounts,
        initialCertifiedEpoch,
      },
    };
  }
}

/** Certified ones first, then the one that ends last, then the one that was there first. */
function longestLived(permanent: readonly Registration[]): Registration | undefined {
  return permanent.reduce<Registration | undefined>((best, one) => {
    if (!best) return one;
    if (one.isCertified !== best.isCertified) return one.isCertified ? one : best;
    return one.endEpoch > best.endEpoch ? one : best;
  }, undefined);
}

function isCertifiedEntry(entry: BlobEntry): boolean {
  return (
    !entry.invalidatedBy && [...entry.registrations.values()].some(({ isCertified }) => isCertified)
  );
}

function placeOf(event: ChainEvent): StatusEvent {
  return { txDigest: event.txDigest, eventSeq: String(event.eventSeq) };
}
