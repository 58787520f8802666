/**
 * Goal: values in a transaction are used the way Move allows, and failures cost gas only.
 * Method: programmable transactions on a chain of four nodes, executed as they are.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Inputs, type Transaction } from '@mysten/sui/transactions';
import { executeAsIs, openLocalChain, type LocalChain } from '#test/support/local-chain.ts';
import type { SuiObject } from '../move/object.ts';
import { coinBalance } from './finish.ts';

let local: LocalChain;
beforeAll(async () => {
  local = await openLocalChain();
  await local.chain.fund(local.owner, { mist: 1_000_000n });
});
afterAll(async () => {
  await local.close();
});

const objects = () => local.chain.ledger.objects.view();
const get = (id: string): SuiObject => {
  const object = objects().get(id);
  if (object === undefined) throw new Error(`no object ${id}`);
  return object;
};
const given = (transaction: Transaction, { id, version, digest }: SuiObject) =>
  transaction.object(Inputs.ObjectRef({ objectId: id, version: version.toString(), digest }));
const system = (transaction: Transaction, mutable = true) =>
  transaction.object(
    Inputs.SharedObjectRef({
      objectId: local.chain.networkIds.systemObjectId,
      initialSharedVersion: 1,
      mutable,
    }),
  );
const wal = (): SuiObject => {
  const [coin] = objects()
    .owned({ owner: local.owner, limit: 100 })
    .filter(({ type }) => type.endsWith('::wal::WAL>'));
  if (coin === undefined) throw new Error('no WAL');
  return coin;
};
const reserve = (transaction: Transaction, mutable = true) =>
  transaction.moveCall({
    target: `${local.walrusPackage}::system::reserve_space`,
    arguments: [
      system(transaction, mutable),
      transaction.pure.u64(1_000),
      transaction.pure.u32(1),
      given(transaction, wal()),
    ],
  });

/** The failure's text, or undefined for success. */
async function failureOf(fill: (transaction: Transaction) => void): Promise<string | undefined> {
  const { record } = await executeAsIs(local, fill);
  return record.failure?.description;
}

describe('a transaction fails', () => {
  test.each<{ name: string; fill: (transaction: Transaction) => void; failure: string | RegExp }>([
    {
      name: 'when a value without drop is left over',
      fill: (transaction) => void reserve(transaction),
      failure: 'UnusedValueWithoutDrop { result_idx: 0, secondary_idx: 0 }',
    },
    {
      name: 'when a value is taken twice',
      fill: (transaction) => {
        const storage = reserve(transaction);
        transaction.transferObjects([storage], local.owner);
        transaction.transferObjects([storage], local.owner);
      },
      failure: 'CommandArgumentError { arg_idx: 0, kind: InvalidValueUsage } in command 2',
    },
    {
      name: 'when an argument has another type',
      fill: (transaction) => {
        transaction.moveCall({
          target: `${local.walrusPackage}::storage_resource::destroy`,
          arguments: [given(transaction, wal())],
        });
      },
      failure: 'CommandArgumentError { arg_idx: 0, kind: TypeMismatch } in command 0',
    },
    {
      name: 'when pure bytes are too long for their type',
      fill: (transaction) => {
        transaction.moveCall({
          target: `${local.walrusPackage}::system::reserve_space`,
          arguments: [
            system(transaction),
            transaction.pure(new Uint8Array(9)),
            transaction.pure.u32(1),
            given(transaction, wal()),
          ],
        });
      },
      failure: 'CommandArgumentError { arg_idx: 1, kind: InvalidBCSBytes } in command 0',
    },
    {
      name: 'when a shared object given for reading is to be changed',
      fill: (transaction) => void reserve(transaction, false),
      failure: 'CommandArgumentError { arg_idx: 0, kind: InvalidObjectByMutRef } in command 0',
    },
    {
      name: 'when a call lacks an argument',
      fill: (transaction) => {
        transaction.moveCall({ target: `${local.walrusPackage}::system::epoch`, arguments: [] });
      },
      failure: 'ArityMismatch in command 0',
    },
    {
      name: 'when a call lacks a type argument',
      fill: (transaction) => {
        transaction.moveCall({ target: '0x2::coin::zero' });
      },
      failure: 'TypeArityMismatch in command 0',
    },
    {
      name: 'when a type argument is of an unknown type',
      fill: (transaction) => {
        transaction.moveCall({
          target: '0x2::bag::remove',
          typeArguments: ['0x2::nothing::Nothing', 'u8'],
          arguments: [transaction.gas, transaction.pure.u8(1)],
        });
      },
      failure: 'TypeArgumentError { argument_idx: 0, kind: TypeNotFound } in command 0',
    },
    {
      name: 'when a type argument lacks an ability',
      fill: (transaction) => {
        transaction.moveCall({
          target: '0x2::bag::contains',
          typeArguments: [`${local.walrusPackage}::metadata::Metadata`],
          arguments: [transaction.gas, transaction.pure.u8(1)],
        });
      },
      failure: 'TypeArgumentError { argument_idx: 0, kind: ConstraintNotSatisfied } in command 0',
    },
    {
      name: 'when several results are named as one',
      fill: (transaction) => {
        transaction.splitCoins(transaction.gas, [1, 2]);
        transaction.transferObjects([{ $kind: 'Result', Result: 0 }], local.owner);
      },
      failure:
        'CommandArgumentError { arg_idx: 0, kind: InvalidResultArity { result_idx: 0 } } in command 1',
    },
    {
      name: 'when the gas coin is given away in a call',
      fill: (transaction) => {
        transaction.moveCall({
          target: '0x2::coin::destroy_zero',
          typeArguments: ['0x2::sui::SUI'],
          arguments: [transaction.gas],
        });
      },
      failure: 'CommandArgumentError { arg_idx: 0, kind: InvalidGasCoinUsage } in command 0',
    },
    {
      name: 'when it spends what is held back for gas',
      fill: (transaction) => {
        const [coin] = transaction.splitCoins(transaction.gas, [99_500_000_000n]);
        transaction.transferObjects([coin], local.owner);
      },
      failure: 'InsufficientCoinBalance in command 0',
    },
    {
      name: 'when it transfers something that is no object',
      fill: (transaction) => {
        const metadata = transaction.moveCall({ target: `${local.walrusPackage}::metadata::new` });
        transaction.transferObjects([metadata], local.owner);
      },
      failure: 'CommandArgumentError { arg_idx: 0, kind: InvalidTransferObject } in command 1',
    },
    {
      name: 'when coins of two types are merged',
      fill: (transaction) => {
        transaction.mergeCoins(transaction.gas, [given(transaction, wal())]);
      },
      failure: 'CommandArgumentError { arg_idx: 1, kind: TypeMismatch } in command 0',
    },
    {
      name: 'when a symbol would not fit',
      fill: (transaction) => {
        transaction.moveCall({
          target: `${local.walrusPackage}::system::register_blob`,
          arguments: [
            system(transaction),
            reserve(transaction),
            transaction.pure.u256(1n),
            transaction.pure.u256(1n),
            transaction.pure.u64(10n ** 12n),
            transaction.pure.u8(1),
            transaction.pure.bool(true),
            given(transaction, wal()),
          ],
        });
      },
      failure: /^MovePrimitiveRuntimeError/,
    },
  ])('$name', async ({ fill, failure }) => {
    const before = wal();
    const told = await failureOf(fill);
    if (typeof failure === 'string') expect(told).toBe(failure);
    else expect(told).toMatch(failure);
    expect(coinBalance(wal())).toBe(coinBalance(before));
  });

  test('and pays for it, with new versions of its inputs and nothing else', async () => {
    const before = wal();
    const { record } = await executeAsIs(local, (transaction) => void reserve(transaction));
    expect(record.events).toEqual([]);
    expect(record.balanceChanges).toHaveLength(1);
    const kinds = record.changes.map(({ idOperation }) => idOperation);
    expect(kinds).toEqual(['none', 'none', 'none']);
    expect(wal().version).toBeGreaterThan(before.version);
    expect(BigInt(record.balanceChanges[0]?.amount ?? 0)).toBe(
      BigInt(record.gasUsed.rebate) -
        BigInt(record.gasUsed.computation) -
        BigInt(record.gasUsed.storage),
    );
  });
});

describe('a transaction may', () => {
  test('use a result that can be copied more than once', async () => {
    const failure = await failureOf((transaction) => {
      const epochs = transaction.moveCall({
        target: `${local.walrusPackage}::system::epoch`,
        arguments: [system(transaction, false)],
      });
      const storages = [1_000, 2_000].map((size) =>
        transaction.moveCall({
          target: `${local.walrusPackage}::system::reserve_space`,
          arguments: [
            system(transaction),
            transaction.pure.u64(size),
            epochs,
            given(transaction, wal()),
          ],
        }),
      );
      transaction.transferObjects(storages, local.owner);
    });
    expect(failure).toBeUndefined();
  });

  test('drop a value that has drop', async () => {
    const failure = await failureOf((transaction) => {
      transaction.moveCall({ target: `${local.walrusPackage}::metadata::new` });
    });
    expect(failure).toBeUndefined();
  });

  test('make a vector of bytes', async () => {
    const failure = await failureOf((transaction) => {
      const bag = transaction.moveCall({ target: '0x2::bag::new' });
      const bytes = transaction.makeMoveVec({
        type: 'u8',
        elements: [transaction.pure.u8(1), transaction.pure.u8(2)],
      });
      transaction.moveCall({
        target: '0x2::bag::add',
        typeArguments: ['u64', 'vector<u8>'],
        arguments: [bag, transaction.pure.u64(0), bytes],
      });
      transaction.transferObjects([bag], local.owner);
    });
    expect(failure).toBeUndefined();
  });

  test('give its gas coin away, less the gas', async () => {
    const other = `0x${'77'.repeat(32)}`;
    const from = await openLocalChain();
    const { record } = await executeAsIs(from, (transaction) => {
      transaction.transferObjects([transaction.gas], other);
    });
    expect(record.failure).toBeUndefined();
    const change = record.balanceChanges.find(({ owner }) => owner === other);
    const { computation, storage, rebate } = record.gasUsed;
    expect(BigInt(change?.amount ?? 0)).toBe(
      100_000_000_000n - BigInt(computation) - BigInt(storage) + BigInt(rebate),
    );
    await from.close();
  });
});

describe('a bag', () => {
  const add = (transaction: Transaction, bag: SuiObject, key: bigint, bytes: number[]) =>
    transaction.moveCall({
      target: '0x2::bag::add',
      typeArguments: ['u64', 'vector<u8>'],
      arguments: [
        given(transaction, bag),
        transaction.pure.u64(key),
        transaction.pure.vector('u8', bytes),
      ],
    });
  const remove = (transaction: Transaction, bag: SuiObject, key: bigint, type = 'vector<u8>') =>
    transaction.moveCall({
      target: '0x2::bag::remove',
      typeArguments: ['u64', type],
      arguments: [given(transaction, bag), transaction.pure.u64(key)],
    });

  async function makeBag(): Promise<() => SuiObject> {
    const { record } = await executeAsIs(local, (transaction) => {
      const bag = transaction.moveCall({ target: '0x2::bag::new' });
      transaction.moveCall({
        target: '0x2::bag::add',
        typeArguments: ['u64', 'vector<u8>'],
        arguments: [bag, transaction.pure.u64(0), transaction.pure.vector('u8', [1, 2, 3])],
      });
      transaction.transferObjects([bag], local.owner);
    });
    const created = record.changes.find(({ after }) => after?.type.endsWith('::bag::Bag'));
    return () => get(created?.id ?? '');
  }
  const fields = (bag: SuiObject) => objects().owned({ owner: bag.id, limit: 10 });

  test('keeps its values as objects of its own, and takes them out again', async () => {
    const bag = await makeBag();
    const [field] = fields(bag());
    expect(field?.type).toMatch(/::dynamic_field::Field<u64, vector<u8>>$/);
    expect(field?.contents.length).toBe(32 + 8 + 1 + 3);
    const { record } = await executeAsIs(local, (transaction) => {
      remove(transaction, bag(), 0n);
    });
    expect(record.changes.find(({ id }) => id === field?.id)?.idOperation).toBe('deleted');
    expect(fields(bag())).toEqual([]);
    expect(local.chain.ledger.objects.view().tombstone(field?.id ?? '')?.kind).toBe('deleted');
  });

  test('replaces a value in one transaction, under the same id with a new version', async () => {
    const bag = await makeBag();
    const [before] = fields(bag());
    await executeAsIs(local, (transaction) => {
      remove(transaction, bag(), 0n);
      add(transaction, bag(), 0n, [1, 2, 3]);
    });
    const [after] = fields(bag());
    expect(after?.id).toBe(before?.id);
    expect(after?.version).toBeGreaterThan(before?.version ?? 0n);
  });

  test.each<{ name: string; fill: (t: Transaction, bag: SuiObject) => void; failure: RegExp }>([
    {
      name: 'refuses a key that is taken',
      fill: (transaction, bag) => void add(transaction, bag, 0n, [9]),
      failure: /dynamic_field.*Some\("add"\) }, 0\)/,
    },
    {
      name: 'refuses a key that is not there',
      fill: (transaction, bag) => void remove(transaction, bag, 1n),
      failure: /dynamic_field.*}, 1\)/,
    },
    {
      name: 'refuses a value of another type',
      fill: (transaction, bag) => void remove(transaction, bag, 0n, 'u64'),
      failure: /dynamic_field.*}, 2\)/,
    },
    {
      name: 'that holds something is not destroyed',
      fill: (transaction, bag) => {
        transaction.moveCall({
          target: '0x2::bag::destroy_empty',
          arguments: [given(transaction, bag)],
        });
      },
      failure: /bag.*destroy_empty.*}, 0\)/,
    },
  ])('$name', async ({ fill, failure }) => {
    const bag = await makeBag();
    const told = await failureOf((transaction) => {
      fill(transaction, bag());
    });
    expect(told).toMatch(failure);
  });

  test('holds objects, which then have no place of their own', async () => {
    const bag = await makeBag();
    const coinType = `0x2::coin::Coin<${local.walType}>`;
    const coin = wal();
    await executeAsIs(local, (transaction) => {
      transaction.moveCall({
        target: '0x2::bag::add',
        typeArguments: ['u64', coinType],
        arguments: [given(transaction, bag()), transaction.pure.u64(7n), given(transaction, coin)],
      });
    });
    expect(objects().get(coin.id)).toBeUndefined();
    expect(objects().tombstone(coin.id)?.kind).toBe('wrapped');
    const { record } = await executeAsIs(local, (transaction) => {
      const taken = remove(transaction, bag(), 7n, coinType);
      transaction.transferObjects([taken], local.owner);
    });
    const change = record.changes.find(({ id }) => id === coin.id);
    expect(change).toMatchObject({ idOperation: 'none' });
    expect(change?.before).toBeUndefined();
    expect(coinBalance(get(coin.id))).toBe(coinBalance(coin));
  });
});
