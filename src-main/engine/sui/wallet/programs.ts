/**
 * @file The Move programs we run, one function each, as commands of an SDK transaction.
 *
 * Every object is named with its exact version, every amount is a constant: nothing is left for a
 * node to fill in. `policy.ts` checks the finished bytes independently of what is written here.
 *
 * [Note: Exact payment] What a call may cost is split off into a coin of its own, and what remains
 * of it must be zero (`coin::destroy_zero`). If the price changed since it was read, the whole
 * transaction aborts instead of costing something else.
 */
import assert from 'node:assert/strict';
import { Inputs, type Transaction, type TransactionObjectArgument } from '@mysten/sui/transactions';
import { blobIdToBytes, type BlobId, type ObjectId, type SuiAddress } from '#engine/model/ids.ts';
import type { Certificate } from '#engine/model/walrus.ts';
import type { Coin, ObjectRef } from '../rpc/chain-rpc.ts';
import type { SystemState } from '../system.ts';
import type { SpareStorage } from './spare-storage.ts';

/** RS2, the only encoding that storage nodes take. */
const ENCODING_TYPE_RS2 = 1;

/** A blob as `register_blob` wants it. */
export interface BlobToRegister {
  readonly blobId: BlobId;
  /** 32 bytes. */
  readonly rootHash: Uint8Array;
  /** Unencoded. */
  readonly sizeBytes: number;
  readonly deletable: boolean;
}

export interface PricedRegistration extends BlobToRegister {
  /** What `reserve_space` takes: the encoded size. */
  readonly storageBytes: bigint;
  readonly storageCostFrost: bigint;
  readonly writeCostFrost: bigint;
}

export interface PricedExtension {
  readonly blob: ObjectRef;
  readonly storageBytes: bigint;
  readonly endEpoch: number;
  readonly targetEndEpoch: number;
  /** What the account pays; for a shared blob what its own funds lack. */
  readonly costFrost: bigint;
  /** Set for a SharedBlob: it pays out of its funds, which anyone may add to. */
  readonly shared?: { readonly initialSharedVersion: bigint };
}

export interface BlobCertification {
  readonly blob: ObjectRef;
  readonly certificate: Certificate;
}

/** A field of the head to write. `replace` when the bag has one under this key. */
export interface HeadField {
  readonly key: number;
  readonly value: Uint8Array;
  readonly replace: boolean;
}

export interface HeadChange {
  /** The bag that holds the head; absent for the first publication, which makes one. */
  readonly bag?: ObjectRef | undefined;
  readonly fields: readonly HeadField[];
}

/** Reserve storage from now for `epochsAhead` epochs and register each blob on it. */
export function addRegistrations(
  tx: Transaction,
  request: {
    readonly system: SystemState;
    readonly blobs: readonly PricedRegistration[];
    readonly epochsAhead: number;
    readonly walCoins: readonly Coin[];
    readonly owner: SuiAddress;
  },
): void {
  const { system, blobs, epochsAhead, walCoins, owner } = request;
  const costs = blobs.flatMap((blob) => [blob.writeCostFrost, blob.storageCostFrost]);
  const payment = splitWal(tx, system.walType, walCoins, costs);
  const registered = blobs.map((blob, index) => {
    const writeCoin = payment.coinAt(2 * index);
    const storageCoin = payment.coinAt(2 * index + 1);
    const storage = tx.moveCall({
      target: `${system.callPackageId}::system::reserve_space`,
      arguments: [
        systemInput(tx, system, true),
        tx.pure.u64(blob.storageBytes),
        tx.pure.u32(epochsAhead),
        storageCoin,
      ],
    });
    destroyZero(tx, system.walType, storageCoin);
    return registerOn(tx, system, blob, storage, writeCoin);
  });
  payment.finish();
  tx.transferObjects(registered, tx.pure.address(owner));
}

/**
 * Register a blob on storage that the account has, bought on to `endEpoch` where it ends before.
 *
 * What has passed of each piece is cut off and thrown away, the rest joined, and exactly what the
 * blob needs cut from it; what is left over stays ours.
 */
export function addReusingRegistration(
  tx: Transaction,
  request: {
    readonly system: SystemState;
    readonly blob: PricedRegistration;
    readonly pieces: readonly SpareStorage[];
    readonly endEpoch: number;
    readonly walCoins: readonly Coin[];
    readonly owner: SuiAddress;
  },
): void {
  const { system, blob, pieces, endEpoch, walCoins, owner } = request;
  const { epoch, walType } = system;
  const call = (name: string, ...args: TransactionObjectArgument[]) =>
    tx.moveCall({
      target: `${system.callPackageId}::storage_resource::${name}`,
      arguments: args,
    });
  const isTopUp = blob.storageCostFrost > 0n;
  const costs = isTopUp ? [blob.writeCostFrost, blob.storageCostFrost] : [blob.writeCostFrost];
  const payment = splitWal(tx, walType, walCoins, costs);
  const aligned = pieces.map(({ ref, startEpoch }) => {
    const input = ownedInput(tx, ref);
    if (startEpoch >= epoch) return { storage: input, isNew: false };
    const storage = call('split_by_epoch', input, tx.pure.u32(epoch));
    call('destroy', input);
    return { storage, isNew: true };
  });
  const [first, ...others] = aligned;
  assert(first, 'storage is reused in one piece at least');
  for (const { storage } of others) call('fuse_amount', first.storage, storage);
  const total = pieces.reduce((sum, { storageBytes }) => sum + storageBytes, 0n);
  const rest = total - blob.storageBytes;
  const storage =
    rest > 0n ? call('split_by_size', first.storage, tx.pure.u64(rest)) : first.storage;
  if (isTopUp) {
    const coin = payment.coinAt(1);
    const bought = tx.moveCall({
      target: `${system.callPackageId}::system::reserve_space_for_epochs`,
      arguments: [
        systemInput(tx, system, true),
        tx.pure.u64(blob.storageBytes),
        tx.pure.u32(pieces[0]?.endEpoch ?? epoch),
        tx.pure.u32(endEpoch),
        coin,
      ],
    });
    destroyZero(tx, walType, coin);
    call('fuse_periods', storage, bought);
  }
  const registered = registerOn(tx, system, blob, storage, payment.coinAt(0));
  payment.finish();
  const kept = rest > 0n && first.isNew ? [first.storage] : [];
  tx.transferObjects([registered, ...kept], tx.pure.address(owner));
}

/** Register a blob on storage; its price is paid by `coin`, to the last FROST. */
function registerOn(
  tx: Transaction,
  system: SystemState,
  blob: BlobToRegister,
  storage: TransactionObjectArgument,
  coin: TransactionObjectArgument,
): TransactionObjectArgument {
  const blobObject = tx.moveCall({
    target: `${system.callPackageId}::system::register_blob`,
    arguments: [
      systemInput(tx, system, true),
      storage,
      // [Note: 256-bit numbers are bytes], move-structs.ts.
      tx.pure(blobIdToBytes(blob.blobId)),
      tx.pure(blob.rootHash),
      tx.pure.u64(blob.sizeBytes),
      tx.pure.u8(ENCODING_TYPE_RS2),
      tx.pure.bool(blob.deletable),
      coin,
    ],
  });
  destroyZero(tx, system.walType, coin);
  return blobObject;
}

/** Certify each blob with its certificate. */
export function addCertifications(
  tx: Transaction,
  system: SystemState,
  certifications: readonly BlobCertification[],
): void {
  for (const { blob, certificate } of certifications) {
    tx.moveCall({
      target: `${system.callPackageId}::system::certify_blob`,
      arguments: [
        systemInput(tx, system, false),
        ownedInput(tx, blob),
        tx.pure.vector('u8', certificate.signature),
        tx.pure.vector('u8', certificate.signersBitmap),
        tx.pure.vector('u8', certificate.message),
      ],
    });
  }
}

/** Write fields of the account's head, making its bag first if there is none. */
export function addHeadChange(tx: Transaction, change: HeadChange, owner: SuiAddress): void {
  const bag = change.bag
    ? ownedInput(tx, change.bag)
    : tx.moveCall({ target: '0x2::bag::new', arguments: [] });
  const typeArguments = ['u64', 'vector<u8>'];
  for (const { key, value, replace } of change.fields) {
    if (replace) {
      // Returns the old bytes, which may be dropped.
      tx.moveCall({
        target: '0x2::bag::remove',
        typeArguments,
        arguments: [bag, tx.pure.u64(key)],
      });
    }
    tx.moveCall({
      target: '0x2::bag::add',
      typeArguments,
      arguments: [bag, tx.pure.u64(key), tx.pure.vector('u8', value)],
    });
  }
  if (!change.bag) tx.transferObjects([bag], tx.pure.address(owner));
}

/**
 * Extend each blob from its end epoch to the target.
 *
 * Storage for exactly the missing period is bought and joined: done twice, the second time aborts,
 * since the periods are no longer adjacent.
 */
export function addExtensions(
  tx: Transaction,
  request: {
    readonly system: SystemState;
    readonly extensions: readonly PricedExtension[];
    readonly walCoins: readonly Coin[];
  },
): void {
  const { system, extensions, walCoins } = request;
  const costs = extensions.map(({ costFrost }) => costFrost);
  const payment = splitWal(tx, system.walType, walCoins, costs);
  extensions.forEach((extension, index) => {
    const coin = payment.coinAt(index);
    if (extension.shared) {
      addSharedExtension(tx, system, extension, extension.shared, coin);
      return;
    }
    const storage = tx.moveCall({
      target: `${system.callPackageId}::system::reserve_space_for_epochs`,
      arguments: [
        systemInput(tx, system, true),
        tx.pure.u64(extension.storageBytes),
        tx.pure.u32(extension.endEpoch),
        tx.pure.u32(extension.targetEndEpoch),
        coin,
      ],
    });
    destroyZero(tx, system.walType, coin);
    tx.moveCall({
      target: `${system.callPackageId}::system::extend_blob_with_resource`,
      arguments: [systemInput(tx, system, true), ownedInput(tx, extension.blob), storage],
    });
  });
  payment.finish();
}

/**
 * The contract knows only "so many epochs more" for a shared blob. Two payers at once are kept
 * apart by the furthest end that is sold, to which shared blobs are always extended.
 */
function addSharedExtension(
  tx: Transaction,
  system: SystemState,
  extension: PricedExtension,
  shared: NonNullable<PricedExtension['shared']>,
  coin: TransactionObjectArgument,
): void {
  const sharedBlob = tx.object(
    Inputs.SharedObjectRef({
      objectId: extension.blob.objectId,
      initialSharedVersion: String(shared.initialSharedVersion),
      mutable: true,
    }),
  );
  tx.moveCall({
    target: `${system.callPackageId}::shared_blob::fund`,
    arguments: [sharedBlob, coin],
  });
  tx.moveCall({
    target: `${system.callPackageId}::shared_blob::extend`,
    arguments: [
      sharedBlob,
      systemInput(tx, system, true),
      tx.pure.u32(extension.targetEndEpoch - extension.endEpoch),
    ],
  });
}

/** Make blobs shared: from then on anyone can pay for them, and nobody can take them back. */
export function addShares(tx: Transaction, system: SystemState, blobs: readonly ObjectRef[]): void {
  for (const blob of blobs) {
    tx.moveCall({
      target: `${system.callPackageId}::shared_blob::new`,
      arguments: [ownedInput(tx, blob)],
    });
  }
}

/** Delete deletable blobs; their storage stays ours for reuse. */
export function addDeletions(
  tx: Transaction,
  system: SystemState,
  blobs: readonly ObjectRef[],
  owner: SuiAddress,
): void {
  const storages = blobs.map((blob) =>
    tx.moveCall({
      target: `${system.callPackageId}::system::delete_blob`,
      arguments: [systemInput(tx, system, false), ownedInput(tx, blob)],
    }),
  );
  tx.transferObjects(storages, tx.pure.address(owner));
}

/** An exchange of SUI for WAL, a shared object. */
export interface ExchangeObject {
  readonly objectId: ObjectId;
  readonly initialSharedVersion: bigint;
  readonly packageId: ObjectId;
}

/** Exchange `mist` of the gas coin for WAL. */
export function addExchange(
  tx: Transaction,
  exchange: ExchangeObject,
  mist: bigint,
  owner: SuiAddress,
): void {
  const [sui] = tx.splitCoins(tx.gas, [tx.pure.u64(mist)]);
  const wal = tx.moveCall({
    target: `${exchange.packageId}::wal_exchange::exchange_all_for_wal`,
    arguments: [
      tx.object(
        Inputs.SharedObjectRef({
          objectId: exchange.objectId,
          initialSharedVersion: String(exchange.initialSharedVersion),
          mutable: true,
        }),
      ),
      sui,
    ],
  });
  tx.transferObjects([wal], tx.pure.address(owner));
}

/** Send exact amounts to another account: SUI out of the gas coin, WAL out of `walCoins`. */
export function addTransfer(
  tx: Transaction,
  request: {
    readonly walType: string;
    readonly mist: bigint;
    readonly frost: bigint;
    readonly walCoins: readonly Coin[];
    readonly recipient: SuiAddress;
  },
): void {
  const { walType, mist, frost, walCoins, recipient } = request;
  const coins: TransactionObjectArgument[] = [];
  if (mist > 0n) coins.push(tx.splitCoins(tx.gas, [tx.pure.u64(mist)])[0]);
  if (frost > 0n) {
    const payment = splitWal(tx, walType, walCoins, [frost]);
    coins.push(payment.coinAt(0));
    payment.finish();
  }
  tx.transferObjects(coins, tx.pure.address(recipient));
}

/** Merge coins into the first. */
export function addMerge(tx: Transaction, coins: readonly ObjectRef[]): void {
  const [first, ...rest] = coins.map((coin) => ownedInput(tx, coin));
  if (first && rest.length > 0) tx.mergeCoins(first, rest);
}

/** Merge the coins given and split exact amounts off; see [Note: Exact payment]. */
function splitWal(
  tx: Transaction,
  walType: string,
  walCoins: readonly Coin[],
  amounts: readonly bigint[],
): { coinAt(index: number): TransactionObjectArgument; finish(): void } {
  const [base, ...others] = walCoins.map((coin) => ownedInput(tx, coin));
  assert(base, 'a payment needs a coin');
  if (others.length > 0) tx.mergeCoins(base, others);
  const split = tx.splitCoins(
    base,
    amounts.map((amount) => tx.pure.u64(amount)),
  );
  const held = walCoins.reduce((sum, { balance }) => sum + balance, 0n);
  const spent = amounts.reduce((sum, amount) => sum + amount, 0n);
  return {
    coinAt(index) {
      const coin = split[index];
      assert(coin, `no coin ${String(index)} was split`);
      return coin;
    },
    finish() {
      // A coin that is used up would stay behind as an object of value zero.
      if (held === spent) destroyZero(tx, walType, base);
    },
  };
}

function destroyZero(tx: Transaction, walType: string, coin: TransactionObjectArgument): void {
  tx.moveCall({
    target: '0x2::coin::destroy_zero',
    typeArguments: [walType],
    arguments: [coin],
  });
}

/** The SDK makes one input of all, mutable if any use is. */
function systemInput(tx: Transaction, system: SystemState, mutable: boolean) {
  return tx.object(
    Inputs.SharedObjectRef({
      objectId: system.systemObjectId,
      initialSharedVersion: String(system.initialSharedVersion),
      mutable,
    }),
  );
}

function ownedInput(tx: Transaction, ref: ObjectRef) {
  const { objectId, version, digest } = ref;
  return tx.object(Inputs.ObjectRef({ objectId, version: String(version), digest }));
}
