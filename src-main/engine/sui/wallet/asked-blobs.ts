/** @file The objects that a plan was asked to use, read and checked before anything is built on them. */
import { EngineError } from '#engine/model/engine-error.ts';
import type { ObjectId } from '#engine/model/ids.ts';
import type { BlobObject } from '#engine/model/walrus.ts';
import { blobType, parseBlobObject, parseSharedBlob, sharedBlobType } from '../blob-objects.ts';
import type { ChainObject, ObjectRef } from '../rpc/chain-rpc.ts';
import type { SystemState } from '../system.ts';
import type { PlanContext } from './plan.ts';

export async function readOwned(
  context: PlanContext,
  objectIds: readonly ObjectId[],
): Promise<Map<ObjectId, ChainObject>> {
  const { rpc, versions, signal } = context;
  const objects = await versions.readUpToDate(
    () => rpc.readObjects(objectIds, signal),
    (answer) => answer.filter((object) => object !== undefined),
    signal,
  );
  return new Map(objects.flatMap((object) => (object ? [[object.objectId, object]] : [])));
}

/** A blob that this account may extend: its own, or one that everybody may. */
export function requireHeld(
  context: PlanContext,
  object: ChainObject | undefined,
  objectId: ObjectId,
): {
  readonly ref: ObjectRef;
  readonly blob: BlobObject;
  readonly fundsFrost: bigint;
  readonly shared?: { readonly initialSharedVersion: bigint };
} {
  const isShared = object?.type === sharedBlobType(context.system.typePackageId);
  if (!isShared) return { ...requireBlob(context, object, objectId), fundsFrost: 0n };
  if (object.owner.kind !== 'shared') {
    throw new EngineError('rpc-invalid-answer', `${objectId} is a SharedBlob that is not shared`);
  }
  const { blob, fundsFrost } = parseSharedBlob(object);
  requireLiving(context, blob);
  const { initialSharedVersion } = object.owner;
  return { ref: object, blob, fundsFrost, shared: { initialSharedVersion } };
}

export function requireBlob(
  context: PlanContext,
  object: ChainObject | undefined,
  objectId: ObjectId,
): { readonly ref: ObjectRef; readonly blob: BlobObject } {
  const ref = requireType(object, blobType(context.system.typePackageId), objectId);
  const blob = parseBlobObject(ref);
  if (blob.owner !== context.owner) {
    throw new EngineError('transaction-refused', `blob object ${objectId} is not this account's`, {
      context: { objectId },
    });
  }
  requireLiving(context, blob);
  return { ref, blob };
}

export function requireLiving(
  { system }: PlanContext,
  { blobObjectId, endEpoch }: BlobObject,
): void {
  if (system.epoch < endEpoch) return;
  throw new EngineError('blob-expired', `blob object ${blobObjectId} has expired`, {
    context: { objectId: blobObjectId, endEpoch, epoch: system.epoch },
  });
}

export function requireType(
  object: ChainObject | undefined,
  type: string,
  objectId: ObjectId,
): ChainObject {
  if (object?.type === type) return object;
  throw new EngineError('transaction-refused', `there is no ${type} ${objectId}`, {
    context: { objectId },
  });
}

export function requireExtendable(
  blob: BlobObject,
  targetEndEpoch: number,
  system: SystemState,
): void {
  if (blob.certifiedEpoch === undefined) {
    throw new EngineError(
      'blob-not-certified',
      `blob object ${blob.blobObjectId} is not certified`,
      {
        context: { objectId: blob.blobObjectId },
      },
    );
  }
  requireEpochsAhead(targetEndEpoch - system.epoch, system);
}

export function requireEpochsAhead(epochsAhead: number, system: SystemState): void {
  if (
    Number.isSafeInteger(epochsAhead) &&
    epochsAhead > 0 &&
    epochsAhead <= system.epochsAheadMax
  ) {
    return;
  }
  throw new EngineError(
    'storage-exhausted',
    `storage is sold for 1 to ${String(system.epochsAheadMax)} epochs ahead, not ${String(epochsAhead)}`,
    { context: { epochsAhead, epochsAheadMax: system.epochsAheadMax } },
  );
}
