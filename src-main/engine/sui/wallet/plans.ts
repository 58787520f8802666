/**
 * @file Turns what is asked of blobs into a plan: the exact objects, amounts and commands.
 *
 * Reads what it needs through the context (fresh, see [Note: Lagging endpoint]) and leaves gas and
 * signing to `sign.ts`. What the chain shows done is skipped, so that asking twice costs once.
 */
import assert from 'node:assert/strict';
import type { ObjectId } from '#engine/model/ids.ts';
import {
  encodedBytes,
  storageCostFrost,
  writeCostFrost,
  type Certificate,
} from '#engine/model/walrus.ts';
import { BAG_TYPE } from '../head.ts';
import type { ObjectRef } from '../rpc/chain-rpc.ts';
import {
  readOwned,
  requireHeld,
  requireBlob,
  requireType,
  requireExtendable,
  requireEpochsAhead,
} from './asked-blobs.ts';
import { chooseWal } from './coin-plans.ts';
import {
  BLOBS_REGISTERED_MAX,
  BLOBS_CERTIFIED_MAX,
  BLOBS_EXTENDED_MAX,
  BLOBS_SHARED_MAX,
  BLOBS_DELETED_MAX,
  HEAD_FIELD_BYTES_MAX,
  limit,
} from './limits.ts';
import { whole, type Plan, type PlanContext, type Planned } from './plan.ts';
import {
  addCertifications,
  addDeletions,
  addExtensions,
  addHeadChange,
  addRegistrations,
  addReusingRegistration,
  addShares,
  type BlobToRegister,
  type HeadField,
  type PricedRegistration,
  type PricedExtension,
} from './programs.ts';
import { chooseSpare, listSpareStorage } from './spare-storage.ts';
import { withTip, type Tip } from './tip.ts';

export interface RegistrationRequest {
  readonly blobs: readonly BlobToRegister[];
  /** How long: a number of epochs from now, or the epoch at whose start it ends. */
  readonly duration: { readonly epochs: number } | { readonly endEpoch: number };
  /** A single blob may use storage that the account has, instead of buying all of it. */
  readonly mayReuse?: boolean;
  /** What an upload relay gets for storing a single blob. */
  readonly tip?: Tip | undefined;
}

export interface CertificationRequest {
  readonly certificates: readonly {
    readonly blobObjectId: ObjectId;
    readonly certificate: Certificate;
  }[];
  /** What to publish with them. Without `bag` a new one is made. */
  readonly head?: {
    readonly bag?: ObjectId | undefined;
    readonly fields: readonly HeadField[];
  };
}

export interface ExtensionRequest {
  readonly blobObjectId: ObjectId;
  readonly targetEndEpoch: number;
}

export async function planRegistration(
  context: PlanContext,
  request: RegistrationRequest,
): Planned {
  const { tip } = request;
  assert(!tip || request.blobs.length === 1, 'a tip is for one blob');
  const planned = await planStorage(context, request);
  return tip && planned.plan ? whole(withTip(planned.plan, tip)) : planned;
}

async function planStorage(context: PlanContext, request: RegistrationRequest): Planned {
  const { system, owner } = context;
  limit(request.blobs.length, BLOBS_REGISTERED_MAX, 'blobs to register');
  const { duration } = request;
  const epochsAhead = 'epochs' in duration ? duration.epochs : duration.endEpoch - system.epoch;
  requireEpochsAhead(epochsAhead, system);
  const blobs = request.blobs.map((blob) => {
    const storageBytes = encodedBytes(blob.sizeBytes, system.shardCount);
    return {
      ...blob,
      storageBytes,
      storageCostFrost: storageCostFrost(storageBytes, epochsAhead, system.storagePriceFrostPerMib),
      writeCostFrost: writeCostFrost(storageBytes, system.writePriceFrostPerMib),
    };
  });
  const [only] = blobs;
  if (request.mayReuse === true && only && blobs.length === 1) {
    const reusing = await planReuse(context, only, system.epoch + epochsAhead);
    if (reusing) return reusing;
  }
  const walFrost = blobs.reduce((sum, b) => sum + b.storageCostFrost + b.writeCostFrost, 0n);
  const walCoins = await chooseWal(context, walFrost);
  return whole({
    kind: 'register',
    walFrost,
    suiMist: 0n,
    walCoins,
    objects: [],
    calls: {
      reserve_space: blobs.length,
      register_blob: blobs.length,
      // Two coins for each, and the one that is used up.
      destroy_zero: 2 * blobs.length + 1,
    },
    addCommands: (tx) => addRegistrations(tx, { system, blobs, epochsAhead, walCoins, owner }),
  });
}

/** Undefined when the account has no storage that would do. */
async function planReuse(
  context: PlanContext,
  blob: PricedRegistration,
  endEpoch: number,
): Promise<Awaited<Planned> | undefined> {
  const { rpc, system, owner, versions, signal } = context;
  const spare = await versions.readUpToDate(
    () => listSpareStorage(rpc, system, owner, signal),
    (found) => found.map(({ ref }) => ref),
    signal,
  );
  const pieces = chooseSpare(spare, blob.storageBytes, { epoch: system.epoch, endEpoch });
  if (!pieces?.[0]) return undefined;
  const missing = Math.max(0, endEpoch - pieces[0].endEpoch);
  const price = system.storagePriceFrostPerMib;
  const priced = { ...blob, storageCostFrost: storageCostFrost(blob.storageBytes, missing, price) };
  const walFrost = priced.storageCostFrost + priced.writeCostFrost;
  const walCoins = await chooseWal(context, walFrost);
  const cut = pieces.filter(({ startEpoch }) => startEpoch < system.epoch).length;
  return whole({
    kind: 'register',
    walFrost,
    suiMist: 0n,
    walCoins,
    objects: pieces.map(({ ref }) => ref.objectId),
    calls: {
      split_by_epoch: cut,
      destroy: cut,
      fuse_amount: pieces.length - 1,
      split_by_size: 1,
      reserve_space_for_epochs: 1,
      fuse_periods: 1,
      register_blob: 1,
      destroy_zero: 3,
    },
    addCommands: (tx) =>
      addReusingRegistration(tx, { system, blob: priced, pieces, endEpoch, walCoins, owner }),
  });
}

export async function planCertification(
  context: PlanContext,
  request: CertificationRequest,
): Planned<CertificationRequest['certificates'][number]> {
  const { system, owner } = context;
  limit(request.certificates.length, BLOBS_CERTIFIED_MAX, 'blobs to certify', 0);
  for (const { key, value } of request.head?.fields ?? []) {
    limit(value.length, HEAD_FIELD_BYTES_MAX, `bytes of head field ${String(key)}`, 0);
  }
  const ids = request.certificates.map(({ blobObjectId }) => blobObjectId);
  const bagId = request.head?.bag;
  const objects = await readOwned(context, bagId === undefined ? ids : [...ids, bagId]);
  const bag = bagId === undefined ? undefined : requireType(objects.get(bagId), BAG_TYPE, bagId);
  const certifications: { blob: ObjectRef; certificate: Certificate }[] = [];
  const skipped: CertificationRequest['certificates'][number][] = [];
  for (const one of request.certificates) {
    const { ref, blob } = requireBlob(context, objects.get(one.blobObjectId), one.blobObjectId);
    if (blob.certifiedEpoch !== undefined) skipped.push(one);
    else certifications.push({ blob: ref, certificate: one.certificate });
  }
  const head = request.head && { bag, fields: request.head.fields };
  const fields = head?.fields ?? [];
  if (certifications.length === 0 && !head) return { plan: undefined, skipped };
  const plan: Plan = {
    kind: 'certify',
    walFrost: 0n,
    suiMist: 0n,
    walCoins: [],
    objects: ids.concat(bagId ?? []),
    calls: {
      certify_blob: certifications.length,
      new: head && !bag ? 1 : 0,
      add: fields.length,
      remove: fields.filter(({ replace }) => replace).length,
    },
    addCommands: (tx) => {
      addCertifications(tx, system, certifications);
      if (head) addHeadChange(tx, head, owner);
    },
  };
  return { plan, skipped };
}

export async function planExtension(
  context: PlanContext,
  requests: readonly ExtensionRequest[],
): Planned<ExtensionRequest> {
  const { system } = context;
  limit(requests.length, BLOBS_EXTENDED_MAX, 'blobs to extend');
  const objects = await readOwned(
    context,
    requests.map(({ blobObjectId }) => blobObjectId),
  );
  const skipped: ExtensionRequest[] = [];
  const extensions = requests.flatMap((request): PricedExtension[] => {
    const { blobObjectId, targetEndEpoch } = request;
    const held = requireHeld(context, objects.get(blobObjectId), blobObjectId);
    const { blob, fundsFrost } = held;
    if (blob.endEpoch >= targetEndEpoch) {
      skipped.push(request);
      return [];
    }
    requireExtendable(blob, targetEndEpoch, system);
    const storageBytes = blob.storageSizeBytes;
    const epochs = targetEndEpoch - blob.endEpoch;
    const price = storageCostFrost(storageBytes, epochs, system.storagePriceFrostPerMib);
    return [
      {
        blob: held.ref,
        storageBytes,
        endEpoch: blob.endEpoch,
        targetEndEpoch,
        costFrost: price > fundsFrost ? price - fundsFrost : 0n,
        ...(held.shared ? { shared: held.shared } : {}),
      },
    ];
  });
  if (extensions.length === 0) return { plan: undefined, skipped };
  const walFrost = extensions.reduce((sum, { costFrost }) => sum + costFrost, 0n);
  const walCoins = await chooseWal(context, walFrost);
  const sharedCount = extensions.filter(({ shared }) => shared).length;
  const ownCount = extensions.length - sharedCount;
  const plan: Plan = {
    kind: 'extend',
    walFrost,
    suiMist: 0n,
    walCoins,
    objects: extensions.map(({ blob }) => blob.objectId),
    calls: {
      reserve_space_for_epochs: ownCount,
      extend_blob_with_resource: ownCount,
      destroy_zero: ownCount + 1,
      fund: sharedCount,
      extend: sharedCount,
    },
    addCommands: (tx) => addExtensions(tx, { system, extensions, walCoins }),
  };
  return { plan, skipped };
}

/** Share certified permanent blobs; those that are shared already have other IDs. */
export async function planSharing(
  context: PlanContext,
  blobObjectIds: readonly ObjectId[],
): Planned {
  const { system } = context;
  limit(blobObjectIds.length, BLOBS_SHARED_MAX, 'blobs to share');
  const objects = await readOwned(context, blobObjectIds);
  const refs = blobObjectIds.map((id) => {
    const { ref, blob } = requireBlob(context, objects.get(id), id);
    // Shared, a deletable blob could never be deleted, and its certificate would name no owner.
    assert(!blob.deletable, 'a deletable blob is not shared');
    return ref;
  });
  return whole({
    kind: 'share',
    walFrost: 0n,
    suiMist: 0n,
    walCoins: [],
    objects: blobObjectIds,
    calls: { new: refs.length },
    addCommands: (tx) => addShares(tx, system, refs),
  });
}

export async function planDeletion(
  context: PlanContext,
  blobObjectIds: readonly ObjectId[],
): Planned {
  const { system, owner } = context;
  limit(blobObjectIds.length, BLOBS_DELETED_MAX, 'blobs to delete');
  const objects = await readOwned(context, blobObjectIds);
  const refs = blobObjectIds.map((id) => requireBlob(context, objects.get(id), id).ref);
  return whole({
    kind: 'delete',
    walFrost: 0n,
    suiMist: 0n,
    walCoins: [],
    objects: blobObjectIds,
    calls: { delete_blob: refs.length },
    addCommands: (tx) => addDeletions(tx, system, refs, owner),
  });
}
