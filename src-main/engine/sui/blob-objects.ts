/**
 * @file Blob objects: which ones an account owns, and how long each is paid for.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { blobIdFromBytes, epoch, type ObjectId, type SuiAddress } from '#engine/model/ids.ts';
import type { BlobObject } from '#engine/model/walrus.ts';
import { Blob, parseStruct, SharedBlob } from './move-structs.ts';
import type { ChainObject, ChainRpc } from './rpc/chain-rpc.ts';
import { listOwned } from './owned-objects.ts';

/** A vault of 10 TB in packs of 128 MiB has 80,000 blobs; anything beyond is not ours. */
const BLOB_OBJECTS_MAX = 200_000;

export const blobType = (typePackageId: ObjectId): string => `${typePackageId}::blob::Blob`;

export const sharedBlobType = (typePackageId: ObjectId): string =>
  `${typePackageId}::shared_blob::SharedBlob`;

/** The Blob and SharedBlob objects with these IDs; undefined for one that is gone. */
export async function readBlobObjects(
  rpc: ChainRpc,
  typePackageId: ObjectId,
  objectIds: readonly ObjectId[],
  signal?: AbortSignal,
): Promise<Map<ObjectId, BlobObject | undefined>> {
  const objects = await rpc.readObjects(objectIds, signal);
  return new Map(
    objectIds.map((objectId, index) => {
      const object = objects[index];
      return [objectId, object && parseAnyBlob(object, typePackageId)];
    }),
  );
}

/** The type of an object never changes: an ID that was a blob's cannot become anything else. */
export function parseAnyBlob(object: ChainObject, typePackageId: ObjectId): BlobObject {
  if (object.type === blobType(typePackageId)) return parseBlobObject(object);
  if (object.type === sharedBlobType(typePackageId)) return parseSharedBlob(object).blob;
  throw new EngineError('rpc-invalid-answer', `object ${object.objectId} is no blob`, {
    context: { objectId: object.objectId, type: object.type },
  });
}

/** All Blob objects of an account, page by page. */
export async function* listBlobObjects(
  rpc: ChainRpc,
  typePackageId: ObjectId,
  owner: SuiAddress,
  signal?: AbortSignal,
): AsyncGenerator<BlobObject> {
  const request = { owner, type: blobType(typePackageId), itemsMax: BLOB_OBJECTS_MAX };
  for await (const object of listOwned(rpc, request, signal)) yield parseBlobObject(object);
}

export function parseBlobObject(object: ChainObject): BlobObject {
  const { owner } = object;
  return {
    ...readBlob(object, parseStruct(Blob, object.contents, object.objectId)),
    owner: owner.kind === 'address' ? owner.address : undefined,
    isShared: false,
  };
}

/** A shared blob, and the WAL that lies in it for its extensions. */
export function parseSharedBlob(object: ChainObject): {
  readonly blob: BlobObject;
  readonly fundsFrost: bigint;
} {
  const { blob, funds } = parseStruct(SharedBlob, object.contents, object.objectId);
  return {
    blob: { ...readBlob(object, blob), owner: undefined, isShared: true },
    fundsFrost: BigInt(funds),
  };
}

function readBlob(
  object: ChainObject,
  blob: ReturnType<typeof Blob.parse>,
): Omit<BlobObject, 'owner' | 'isShared'> {
  return {
    blobObjectId: object.objectId,
    blobId: blobIdFromBytes(blob.blob_id),
    registeredEpoch: epoch(blob.registered_epoch),
    certifiedEpoch: blob.certified_epoch === null ? undefined : epoch(blob.certified_epoch),
    startEpoch: epoch(blob.storage.start_epoch),
    endEpoch: epoch(blob.storage.end_epoch),
    sizeBytes: Number(blob.size),
    storageSizeBytes: BigInt(blob.storage.storage_size),
    deletable: blob.deletable,
    version: object.version,
  };
}
