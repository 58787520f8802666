/**
 * @file Turns what is asked into a plan: the exact objects, amounts and commands.
 *
 * Reads what it needs through the context (fresh, see [Note: Lagging endpoint]) and leaves gas and
 * signing to `sign.ts`. What the chain shows done is skipped, so that asking twice costs once.
 */
import assert from 'node:assert/strict';
import type { Transaction } from '@mysten/sui/transactions';
import { EngineError } from '#engine/model/engine-error.ts';
import type { ObjectId, SuiAddress } from '#engine/model/ids.ts';
import {
  encodedBytes,
  storageCostFrost,
  writeCostFrost,
  type BlobObject,
  type Certificate,
} from '#engine/model/walrus.ts';
import { blobType, parseBlobObject, parseSharedBlob, sharedBlobType } from '../blob-objects.ts';
import { BAG_TYPE } from '../head.ts';
import { Exchange, parseStruct } from '../move-structs.ts';
import { listCoins } from '../owned-objects.ts';
import type { ChainObject, ChainRpc, Coin, ObjectRef } from '../rpc/chain-rpc.ts';
import type { SystemState } from '../system.ts';
import { balanceLow, chooseCoins, sumOf } from './coins.ts';
import type { KnownVersions } from './known-versions.ts';
import type { TransactionKind } from './policy.ts';
import {
  addCertifications,
  addDeletions,
  addExchange,
  addExtensions,
  addHeadChange,
  addMerge,
  addRegistrations,
  addReusingRegistration,
  addShares,
  addTransfer,
  type BlobToRegister,
  type HeadField,
  type PricedRegistration,
  type PricedExtension,
} from './programs.ts';
import { chooseSpare, listSpareStorage } from './spare-storage.ts';
import { withTip, type Tip } from './tip.ts';

// The four limits below keep the largest transaction, with all its coins, within Sui's 1,024
// commands, 2,048 inputs and 128 KiB; programs.test.ts builds each.
/** Blobs of one registration. */
export const BLOBS_REGISTERED_MAX = 100;
/** Blobs of one certification, which leaves half of the bytes to the head. */
export const BLOBS_CERTIFIED_MAX = 200;
/** Blobs of one extension. */
export const BLOBS_EXTENDED_MAX = 200;
/** Blobs that are shared in one transaction; Sui lets one make 2,048 objects. */
export const BLOBS_SHARED_MAX = 200;
/** Blobs of one deletion. */
export const BLOBS_DELETED_MAX = 200;
/** A head field is one constant of the transaction; Sui allows 16 KiB for each. */
export const HEAD_FIELD_BYTES_MAX = 16_000;
/** Coins of WAL of one payment, and how many more it merges on the way. */
export const WAL_COINS = { coinsMax: 100, extraCoins: 15 };
/** Coins of one merge. */
export const COINS_MERGED_MAX = 400;
/** Coins that are looked at. */
export const COINS_LISTED_MAX = 2_000;

export interface PlanContext {
  readonly rpc: ChainRpc;
  readonly system: SystemState;
  readonly owner: SuiAddress;
  readonly versions: KnownVersions;
  readonly signal: AbortSignal | undefined;
}

/** A transaction but for its gas. */
export interface Plan {
  readonly kind: TransactionKind;
  readonly walFrost: bigint;
  /** SUI split off the gas coin. */
  readonly suiMist: bigint;
  readonly walCoins: readonly Coin[];
  /** Every other object that it uses, but for System and the exchange. */
  readonly objects: readonly ObjectId[];
  /** How often it calls each Move function at most, by name. */
  readonly calls: Readonly<Record<string, number>>;
  readonly exchange?: { readonly objectId: ObjectId; readonly packageId: ObjectId };
  readonly recipient?: SuiAddress;
  /** Set for a registration that pays an upload relay. */
  readonly tip?: Tip;
  addCommands(tx: Transaction): void;
}

type Planned<Skipped = never> = Promise<{
  readonly plan: Plan | undefined;
  readonly skipped: readonly Skipped[];
}>;

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

export async function planExchange(
  context: PlanContext,
  exchangeIds: readonly ObjectId[],
  mist: bigint,
): Planned {
  const { owner } = context;
  const objects = await context.rpc.readObjects(exchangeIds, context.signal);
  for (const object of objects) {
    if (object?.owner.kind !== 'shared') continue;
    const [packageId, ...rest] = object.type.split('::');
    if (packageId === undefined || rest.join('::') !== 'wal_exchange::Exchange') continue;
    const { wal, rate } = parseStruct(Exchange, object.contents, object.objectId);
    const frost = (mist * BigInt(rate.wal)) / BigInt(rate.sui);
    if (frost === 0n || BigInt(wal) < frost) continue;
    const exchange = {
      objectId: object.objectId,
      packageId: packageId as ObjectId,
      initialSharedVersion: object.owner.initialSharedVersion,
    };
    return whole({
      kind: 'exchange',
      walFrost: 0n,
      suiMist: mist,
      walCoins: [],
      objects: [],
      calls: { exchange_all_for_wal: 1 },
      exchange,
      addCommands: (tx) => addExchange(tx, exchange, mist, owner),
    });
  }
  throw new EngineError('balance-low', 'no exchange of this network can give that much WAL', {
    context: { address: owner, mist: String(mist), exchanges: exchangeIds.length },
  });
}

export async function planTransfer(
  context: PlanContext,
  request: { readonly recipient: SuiAddress; readonly mist: bigint; readonly frost: bigint },
): Planned {
  const { recipient, mist, frost } = request;
  assert(mist >= 0n && frost >= 0n && mist + frost > 0n, 'a transfer of nothing');
  const walCoins = frost > 0n ? await chooseWal(context, frost) : [];
  const { walType } = context.system;
  return whole({
    kind: 'transfer',
    walFrost: frost,
    suiMist: mist,
    walCoins,
    objects: [],
    calls: { destroy_zero: 1 },
    recipient,
    addCommands: (tx) => addTransfer(tx, { walType, mist, frost, walCoins, recipient }),
  });
}

export async function planMerge(context: PlanContext): Planned {
  const coins = (await readCoins(context, context.system.walType)).slice(0, COINS_MERGED_MAX);
  if (coins.length < 2) return { plan: undefined, skipped: [] };
  return whole({
    kind: 'merge',
    walFrost: 0n,
    suiMist: 0n,
    walCoins: coins,
    objects: [],
    calls: {},
    addCommands: (tx) => addMerge(tx, coins),
  });
}

/** The account's coins of a type, none of them older than we know. */
export function readCoins(context: PlanContext, coinType: string): Promise<readonly Coin[]> {
  const { rpc, owner, versions, signal } = context;
  return versions.readUpToDate(
    () => listCoins(rpc, { owner, coinType, coinsMax: COINS_LISTED_MAX }, signal),
    (coins) => coins,
    signal,
  );
}

async function chooseWal(context: PlanContext, needed: bigint): Promise<readonly Coin[]> {
  const coins = await readCoins(context, context.system.walType);
  const chosen = chooseCoins(coins, needed, WAL_COINS);
  if (!chosen || chosen.length === 0) throw balanceLow('WAL', needed, sumOf(coins), context.owner);
  return chosen;
}

async function readOwned(
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
function requireHeld(
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

function requireBlob(
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

function requireLiving({ system }: PlanContext, { blobObjectId, endEpoch }: BlobObject): void {
  if (system.epoch < endEpoch) return;
  throw new EngineError('blob-expired', `blob object ${blobObjectId} has expired`, {
    context: { objectId: blobObjectId, endEpoch, epoch: system.epoch },
  });
}

function requireType(
  object: ChainObject | undefined,
  type: string,
  objectId: ObjectId,
): ChainObject {
  if (object?.type === type) return object;
  throw new EngineError('transaction-refused', `there is no ${type} ${objectId}`, {
    context: { objectId },
  });
}

function requireExtendable(blob: BlobObject, targetEndEpoch: number, system: SystemState): void {
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

function requireEpochsAhead(epochsAhead: number, system: SystemState): void {
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

/** Callers split what is more; see the limits above. */
function limit(count: number, max: number, what: string, min = 1): void {
  assert(
    count >= min && count <= max,
    `${String(count)} ${what} in one transaction, ${String(min)} to ${String(max)} are allowed`,
  );
}

function whole(plan: Plan): { readonly plan: Plan; readonly skipped: readonly never[] } {
  return { plan, skipped: [] };
}
