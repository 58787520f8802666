/**
 * @file `walrus::blob`: one registration of a blob, from register to delete.
 */
import { assertMove } from '../move/abort.ts';
import type { Call } from '../move/call.ts';
import type { FunctionDeclaration, StructDeclaration } from '../move/framework.ts';
import { sites } from './abort-sites.ts';
import type { CertifiedBlobMessage } from './certificate.ts';
import { deriveBlobId, encodedBlobLength } from './encoding.ts';
import { blobLayout, type BlobStruct, type StorageStruct } from './layouts.ts';
import { dropMetadata } from './metadata.ts';
import { fusePeriods } from './storage-resource.ts';

export const blobStructs: readonly StructDeclaration[] = [
  { name: 'walrus::blob::Blob', abilities: ['key', 'store'], layout: () => blobLayout },
];

export interface NewBlob {
  readonly storage: StorageStruct;
  readonly blobId: bigint;
  readonly rootHash: bigint;
  readonly size: bigint;
  readonly encodingType: number;
  readonly deletable: boolean;
}

/** `blob::new`. */
export function newBlob(
  call: Call,
  fields: NewBlob,
  epoch: number,
  shardCount: number,
): BlobStruct {
  const { storage, size, encodingType } = fields;
  const id = call.newId();
  assertMove(epoch >= storage.start_epoch && epoch < storage.end_epoch, sites.newOutsideStorage);
  const encodedBytes = encodedBlobLength(size, encodingType, shardCount);
  assertMove(encodedBytes <= storage.storage_size, sites.storageTooSmall);
  const derived = deriveBlobId(fields.rootHash, encodingType, size);
  assertMove(derived === fields.blobId, sites.newInvalidBlobId);
  call.emit('walrus::events::BlobRegistered', {
    epoch,
    blob_id: fields.blobId,
    size,
    encoding_type: encodingType,
    end_epoch: storage.end_epoch,
    deletable: fields.deletable,
    object_id: id,
  });
  return {
    id,
    registered_epoch: epoch,
    blob_id: fields.blobId,
    size,
    encoding_type: encodingType,
    certified_epoch: null,
    storage,
    deletable: fields.deletable,
  };
}

/** `certify_with_certified_msg`. */
export function certifyBlob(
  call: Call,
  blob: BlobStruct,
  epoch: number,
  message: CertifiedBlobMessage,
): void {
  assertMove(blob.blob_id === message.blobId, sites.certifyInvalidBlobId);
  assertMove(blob.certified_epoch === null, sites.alreadyCertified);
  assertMove(epoch < blob.storage.end_epoch, sites.certifyExpired);
  const isDeletable = message.deletableObjectId !== undefined;
  assertMove(blob.deletable === isDeletable, sites.persistenceMismatch);
  if (isDeletable) assertMove(message.deletableObjectId === blob.id, sites.otherBlobObject);
  blob.certified_epoch = epoch;
  emitCertified(call, blob, false);
}

export function assertCertifiedNotExpired(blob: BlobStruct, epoch: number): void {
  assertMove(blob.certified_epoch !== null, sites.notCertified);
  assertMove(epoch < blob.storage.end_epoch, sites.expired);
}

/** `extend_with_resource`. */
export function extendWithResource(
  call: Call,
  blob: BlobStruct,
  extension: StorageStruct,
  epoch: number,
): void {
  assertCertifiedNotExpired(blob, epoch);
  assertMove(extension.end_epoch > blob.storage.end_epoch, sites.extensionNotLater);
  fusePeriods(call, blob.storage, extension);
  emitCertified(call, blob, true);
}

export function emitCertified(call: Call, blob: BlobStruct, isExtension: boolean): void {
  call.emit('walrus::events::BlobCertified', {
    epoch: blob.certified_epoch,
    blob_id: blob.blob_id,
    end_epoch: blob.storage.end_epoch,
    deletable: blob.deletable,
    object_id: blob.id,
    is_extension: isExtension,
  });
}

/** `blob::delete`: the storage comes back. */
export function deleteBlob(call: Call, blob: BlobStruct, epoch: number): StorageStruct {
  dropMetadata(call, blob.id);
  assertMove(blob.deletable, sites.notDeletable);
  assertMove(blob.storage.end_epoch > epoch, sites.deleteExpired);
  call.deleteId(blob.id);
  call.emit('walrus::events::BlobDeleted', {
    epoch,
    blob_id: blob.blob_id,
    end_epoch: blob.storage.end_epoch,
    object_id: blob.id,
    was_certified: blob.certified_epoch !== null,
  });
  return blob.storage;
}

const BLOB = 'walrus::blob::Blob';

export const blobFunctions: readonly FunctionDeclaration[] = [
  {
    module: 'walrus::blob',
    signature: `burn(${BLOB})`,
    run: (call) => {
      const blob = call.argument<BlobStruct>(0);
      dropMetadata(call, blob.id);
      call.deleteId(blob.id);
      call.deleteId(blob.storage.id);
      return [];
    },
  },
  {
    module: 'walrus::blob',
    signature: `object_id(&${BLOB}): sui::object::ID`,
    run: (call) => [call.argument<BlobStruct>(0).id],
  },
  {
    module: 'walrus::blob',
    signature: `blob_id(&${BLOB}): u256`,
    run: (call) => [call.argument<BlobStruct>(0).blob_id],
  },
  {
    module: 'walrus::blob',
    signature: `end_epoch(&${BLOB}): u32`,
    run: (call) => [call.argument<BlobStruct>(0).storage.end_epoch],
  },
  {
    module: 'walrus::blob',
    signature: `is_deletable(&${BLOB}): bool`,
    run: (call) => [call.argument<BlobStruct>(0).deletable],
  },
];
