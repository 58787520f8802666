/**
 * @file Contract events as storage nodes are told them.
 */
import {
  blobIdFromBytes,
  epoch,
  type ObjectId,
  type TransactionDigest,
} from '#engine/model/ids.ts';
import type { ChainEvent } from '../chain.ts';
import { u256ToBytes } from '../move/layouts.ts';

interface Place {
  readonly sequence: number;
  readonly txDigest: string;
  readonly eventSeq: number;
  readonly checkpoint: number;
}

/** Fields of all Walrus events; each event has its own subset. */
interface Fields {
  readonly epoch: number;
  readonly next_epoch: number;
  readonly blob_id: bigint;
  readonly object_id: string;
  readonly size: bigint;
  readonly encoding_type: number;
  readonly end_epoch: number;
  readonly deletable: boolean;
  readonly is_extension: boolean;
  readonly was_certified: boolean;
  readonly shards: readonly number[];
  readonly storage_price: bigint;
  readonly write_price: bigint;
}

/** The event, or undefined for one that nodes ignore. `name` is the struct's name. */
export function chainEvent(name: string, value: object, place: Place): ChainEvent | undefined {
  const fields = value as Fields;
  const common = {
    sequence: place.sequence,
    txDigest: place.txDigest as TransactionDigest,
    eventSeq: place.eventSeq,
    checkpoint: place.checkpoint,
    epoch: epoch(name === 'EpochParametersSelected' ? fields.next_epoch - 1 : fields.epoch),
  };
  switch (name) {
    case 'BlobRegistered':
      return {
        ...common,
        kind: 'blob-registered',
        ...blob(fields),
        sizeBytes: Number(fields.size),
        encodingType: fields.encoding_type,
        deletable: fields.deletable,
      };
    case 'BlobCertified':
      return {
        ...common,
        kind: 'blob-certified',
        ...blob(fields),
        deletable: fields.deletable,
        isExtension: fields.is_extension,
      };
    case 'BlobDeleted':
      return {
        ...common,
        kind: 'blob-deleted',
        ...blob(fields),
        wasCertified: fields.was_certified,
      };
    case 'InvalidBlobID':
      return { ...common, kind: 'blob-invalid', blobId: blobId(fields.blob_id) };
    case 'EpochParametersSelected':
      return {
        ...common,
        kind: 'epoch-parameters-selected',
        nextEpoch: epoch(fields.next_epoch),
      };
    case 'EpochChangeStart':
      return { ...common, kind: 'epoch-change-start' };
    case 'ShardsReceived':
      return { ...common, kind: 'shards-received', shards: fields.shards };
    case 'EpochChangeDone':
      return { ...common, kind: 'epoch-change-done' };
    case 'PricesUpdated':
      return {
        ...common,
        kind: 'prices-updated',
        storagePriceFrostPerMib: fields.storage_price,
        writePriceFrostPerMib: fields.write_price,
      };
    default:
      return undefined;
  }
}

const blobId = (value: bigint) => blobIdFromBytes(u256ToBytes(value));

const blob = (fields: Fields) => ({
  blobId: blobId(fields.blob_id),
  objectId: fields.object_id as ObjectId,
  endEpoch: epoch(fields.end_epoch),
});
