/**
 * Goal: the contracts abort where the real ones do, also where the recording never went.
 * Method: one transaction per row on a chain of four nodes; module, function and code are compared.
 * The recorded aborts are in test/conformance/transactions.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Inputs, type Transaction } from '@mysten/sui/transactions';
import {
  blobIdOf,
  blobMessage,
  certificate,
  certifyBlob,
  executeAsIs,
  openLocalChain,
  registerBlob,
  type LocalChain,
} from '#test/support/local-chain.ts';

let local: LocalChain;
/** Storage for epochs 1 to 4, for epochs 1 to 3, and for epochs 8 to 10. */
let storages: { early: string; short: string; late: string };
/** Registered in epoch 1 until 2, and never certified. */
let uncertified: string;
/** Certified in epoch 1, until 2. */
let expired: string;
/** Certified in epoch 1, until 4. */
let certified: string;

const expiredBlob = { rootByte: 1, epochs: 1, deletable: true };
const uncertifiedBlob = { rootByte: 2, epochs: 1 };
const certifiedBlob = { rootByte: 3, epochs: 3 };
const freshBlob = { rootByte: 4, epochs: 5 };
let fresh: string;

beforeAll(async () => {
  local = await openLocalChain();
  expired = await registerBlob(local, expiredBlob);
  await certifyBlob(local, expired, expiredBlob);
  uncertified = await registerBlob(local, uncertifiedBlob);
  certified = await registerBlob(local, certifiedBlob);
  await certifyBlob(local, certified, certifiedBlob);
  storages = { early: await reserve(1, 4), short: await reserve(1, 3), late: await reserve(8, 10) };
  await local.chain.advanceEpoch();
  fresh = await registerBlob(local, freshBlob);
});
afterAll(async () => {
  await local.close();
});

type Target = (transaction: Transaction) => unknown;

const object = (transaction: Transaction, id: string) => {
  const found = local.chain.ledger.objects.view().get(id);
  if (found === undefined) throw new Error(`no object ${id}`);
  if (found.owner.kind !== 'shared') {
    const { version, digest } = found;
    const ref = { objectId: id, version: version.toString(), digest };
    return transaction.object(Inputs.ObjectRef(ref));
  }
  const initialSharedVersion = found.owner.initialVersion.toString();
  return transaction.object(
    Inputs.SharedObjectRef({ objectId: id, initialSharedVersion, mutable: true }),
  );
};
const system = (transaction: Transaction) =>
  object(transaction, local.chain.networkIds.systemObjectId);
const coin = (type: string): string => {
  const found = local.chain.ledger.objects
    .view()
    .owned({ owner: local.owner, limit: 100 })
    .find((owned) => owned.type.endsWith(`${type}>`));
  if (found === undefined) throw new Error(`no ${type}`);
  return found.id;
};
const wal = (transaction: Transaction) => object(transaction, coin('::wal::WAL'));
const call = (
  transaction: Transaction,
  name: string,
  ...values: NonNullable<Parameters<Transaction['moveCall']>[0]['arguments']>
) => transaction.moveCall({ target: `${local.walrusPackage}::${name}`, arguments: values });

async function reserve(start: number, end: number): Promise<string> {
  const { record } = await executeAsIs(local, (transaction) => {
    const storage = call(
      transaction,
      'system::reserve_space_for_epochs',
      system(transaction),
      transaction.pure.u64(500_000),
      transaction.pure.u32(start),
      transaction.pure.u32(end),
      wal(transaction),
    );
    transaction.transferObjects([storage], local.owner);
  });
  const created = record.changes.find(({ after }) => after?.type.endsWith('::Storage'));
  return created?.id ?? '';
}

/** Certify `objectId` with a message changed by `spoil`, signed by all. */
const certify =
  (objectId: () => string, message: () => Uint8Array): Target =>
  (transaction) => {
    const bytes = message();
    const { signature, bitmap } = certificate(local, bytes, [0, 1, 2, 3]);
    return call(
      transaction,
      'system::certify_blob',
      system(transaction),
      object(transaction, objectId()),
      ...[signature, bitmap, bytes].map((part) => transaction.pure.vector('u8', part)),
    );
  };
const freshMessage = (): Uint8Array => blobMessage(2, blobIdOf(freshBlob));

const registerIn =
  (storage: () => string): Target =>
  (transaction) => {
    const blob = call(
      transaction,
      'system::register_blob',
      system(transaction),
      object(transaction, storage()),
      transaction.pure.u256(1n),
      transaction.pure.u256(1n),
      transaction.pure.u64(1_000),
      transaction.pure.u8(1),
      transaction.pure.bool(true),
      wal(transaction),
    );
    transaction.transferObjects([blob], local.owner);
  };

const exchange = (name: string, coinType: string, amount?: bigint): Target => {
  return (transaction) => {
    const { framework } = local.chain.ledger;
    const id = local.chain.networkIds.exchangeObjectIds[0] ?? '';
    const given =
      coinType === 'SUI' ? transaction.gas : object(transaction, coin(`::wal::${coinType}`));
    const result = transaction.moveCall({
      target: `${framework.addressOf('exchange')}::wal_exchange::${name}`,
      arguments: [
        object(transaction, id),
        given,
        ...(amount === undefined ? [] : [transaction.pure.u64(amount)]),
      ],
    });
    transaction.transferObjects([result], local.owner);
  };
};

const onStorages = (name: string, first: () => string, second: () => string): Target => {
  return (transaction) =>
    call(
      transaction,
      `storage_resource::${name}`,
      object(transaction, first()),
      object(transaction, second()),
    );
};

describe('a contract aborts', () => {
  test.each<{ name: string; fill: Target; place: string; code: number }>([
    {
      name: 'when a blob is registered before its storage begins',
      fill: registerIn(() => storages.late),
      place: 'blob::new',
      code: 2,
    },
    {
      name: 'when an expired blob is certified',
      fill: certify(
        () => uncertified,
        () => blobMessage(2, blobIdOf(uncertifiedBlob)),
      ),
      place: 'blob::certify_with_certified_msg',
      code: 2,
    },
    {
      name: 'when an expired blob is extended',
      fill: (transaction) =>
        call(
          transaction,
          'system::extend_blob',
          system(transaction),
          object(transaction, expired),
          transaction.pure.u32(1),
          wal(transaction),
        ),
      place: 'blob::assert_certified_not_expired',
      code: 2,
    },
    {
      name: 'when an expired blob is deleted',
      fill: (transaction) => {
        const storage = call(
          transaction,
          'system::delete_blob',
          system(transaction),
          object(transaction, expired),
        );
        transaction.transferObjects([storage], local.owner);
      },
      place: 'blob::delete',
      code: 2,
    },
    {
      name: 'when a blob is extended by storage that ends no later',
      fill: (transaction) =>
        call(
          transaction,
          'system::extend_blob_with_resource',
          system(transaction),
          object(transaction, certified),
          object(transaction, storages.early),
        ),
      place: 'blob::extend_with_resource',
      code: 2,
    },
    {
      name: 'when a blob is extended by storage that does not follow',
      fill: (transaction) =>
        call(
          transaction,
          'system::extend_blob_with_resource',
          system(transaction),
          object(transaction, certified),
          object(transaction, storages.late),
        ),
      place: 'storage_resource::fuse_periods',
      code: 1,
    },
    {
      name: 'when amounts of other epochs are joined',
      fill: onStorages(
        'fuse_amount',
        () => storages.early,
        () => storages.short,
      ),
      place: 'storage_resource::fuse_amount',
      code: 1,
    },
    {
      name: 'when periods with a gap are joined',
      fill: onStorages(
        'fuse',
        () => storages.early,
        () => storages.late,
      ),
      place: 'storage_resource::fuse_periods',
      code: 1,
    },
    {
      name: 'when more is split off than there is',
      fill: (transaction) => {
        const rest = call(
          transaction,
          'storage_resource::split_by_size',
          object(transaction, storages.early),
          transaction.pure.u64(500_001),
        );
        transaction.transferObjects([rest], local.owner);
      },
      place: 'storage_resource::split_by_size',
      code: 2,
    },
    {
      name: 'when attributes are taken that are not there',
      fill: (transaction) =>
        call(transaction, 'blob::take_metadata', object(transaction, certified)),
      place: 'blob::take_metadata',
      code: 8,
    },
    {
      name: 'for a certificate of another epoch',
      fill: certify(
        () => fresh,
        () => blobMessage(1, blobIdOf(freshBlob)),
      ),
      place: 'messages::new_certified_message',
      code: 1,
    },
    {
      name: 'for a message of another kind',
      fill: certify(
        () => fresh,
        () => freshMessage().with(0, 2),
      ),
      place: 'messages::certify_blob_message',
      code: 2,
    },
    {
      name: 'for a message of another version',
      fill: certify(
        () => fresh,
        () => freshMessage().with(1, 1),
      ),
      place: 'messages::new_certified_message',
      code: 3,
    },
    {
      name: 'for a message of another application',
      fill: certify(
        () => fresh,
        () => freshMessage().with(2, 0),
      ),
      place: 'messages::new_certified_message',
      code: 0,
    },
    {
      name: 'for an unknown persistence',
      fill: certify(
        () => fresh,
        () => freshMessage().with(39, 2),
      ),
      place: 'messages::peel_blob_persistence_type',
      code: 4,
    },
    {
      name: 'for a message that ends early',
      fill: certify(
        () => fresh,
        () => freshMessage().slice(0, 20),
      ),
      place: 'bcs::peel_u8',
      code: 0,
    },
    {
      name: 'when more SUI is exchanged than the coin holds',
      fill: exchange('exchange_for_wal', 'SUI', 10n ** 15n),
      place: 'wal_exchange::exchange_for_wal',
      code: 1,
    },
    {
      name: 'when the exchange has too little SUI',
      fill: exchange('exchange_for_sui', 'WAL', 1n),
      place: 'wal_exchange::exchange_all_for_sui',
      code: 0,
    },
    {
      name: 'when a subsidy is for no epoch',
      fill: (transaction) =>
        call(
          transaction,
          'system::add_subsidy',
          system(transaction),
          wal(transaction),
          transaction.pure.u32(0),
        ),
      place: 'system_state_inner::add_subsidy',
      code: 2,
    },
  ])('$name', async ({ fill, place, code }) => {
    const { record } = await executeAsIs(local, (transaction) => {
      fill(transaction);
    });
    const { abort } = record.failure ?? {};
    expect(record.failure?.description).toMatch(/^MoveAbort/);
    expect(`${abort?.module ?? ''}::${abort?.function ?? ''}`).toBe(place);
    expect(abort?.code).toBe(String(code));
  });

  test('never where a subsidy, an exchange there and back and a split are in order', async () => {
    const { record } = await executeAsIs(local, (transaction) => {
      const half = call(
        transaction,
        'storage_resource::split_by_size',
        object(transaction, storages.early),
        transaction.pure.u64(200_000),
      );
      call(transaction, 'storage_resource::fuse', object(transaction, storages.early), half);
      call(
        transaction,
        'system::add_subsidy',
        system(transaction),
        transaction.splitCoins(wal(transaction), [100]),
        transaction.pure.u32(3),
      );
      exchange('exchange_for_wal', 'SUI', 1_000n)(transaction);
      exchange('exchange_for_sui', 'WAL', 600n)(transaction);
    });
    expect(record.failure).toBeUndefined();
  });
});
