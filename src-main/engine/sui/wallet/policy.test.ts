/**
 * Goal: whatever was changed in a transaction on its way to the signature, it is not signed.
 * Method: allowed transactions of each kind, then one mutation each of the decoded bytes.
 */
import { bcs } from '@mysten/sui/bcs';
import type { Transaction } from '@mysten/sui/transactions';
import { Inputs } from '@mysten/sui/transactions';
import { describe, expect, test } from 'vitest';
import { epoch, parseObjectId } from '#engine/model/ids.ts';
import {
  buildHonest,
  coin,
  contextWith,
  DIGEST,
  friend,
  owner,
  registered,
  system,
  thief,
} from '#test/support/honest-transaction.ts';
import { checkTransaction, inspectTransaction, type PolicyContext } from './policy.ts';
import {
  addCertifications,
  addDeletions,
  addExchange,
  addExtensions,
  addHeadChange,
  addMerge,
  addRegistrations,
  addShares,
  addTransfer,
} from './programs.ts';

const wal = [coin('0xa1'), coin('0xa2')];
const blob = coin('0xb1');
const sharedBlob = coin('0xb2');
const exchange = {
  objectId: parseObjectId('0xe1'),
  packageId: parseObjectId('0xe2'),
  initialSharedVersion: 4n,
};
const caps = { walFrost: 500n, suiMist: 500n, gasMist: 5_000n };

const common: Omit<PolicyContext, 'kind' | 'quote'> = { ...contextWith(wal), calls: {}, caps };

interface Case {
  readonly context: PolicyContext;
  readonly addCommands: (tx: Transaction) => void;
}

const registration = (costs: { storage: bigint; write: bigint }) => ({
  system,
  blobs: [{ ...registered, storageCostFrost: costs.storage, writeCostFrost: costs.write }],
  epochsAhead: 2,
  walCoins: wal,
  owner,
});
const certificate = {
  signature: new Uint8Array(96),
  signersBitmap: Uint8Array.of(7),
  message: new Uint8Array(40),
  epoch: epoch(1),
  shardWeight: 9,
};

const none = { walFrost: 0n, suiMist: 0n };
const cases: Record<PolicyContext['kind'], Case> = {
  register: {
    context: {
      ...common,
      kind: 'register',
      quote: { walFrost: 16n, suiMist: 0n },
      calls: { reserve_space: 1, register_blob: 1, destroy_zero: 3 },
    },
    addCommands: (tx) => addRegistrations(tx, registration({ storage: 15n, write: 1n })),
  },
  certify: {
    context: {
      ...common,
      kind: 'certify',
      quote: none,
      walCoins: [],
      objects: [blob.objectId],
      calls: { certify_blob: 1, new: 1, add: 1 },
    },
    addCommands: (tx) => {
      addCertifications(tx, system, [{ blob, certificate }]);
      addHeadChange(tx, { fields: [{ key: 0, value: Uint8Array.of(1), replace: false }] }, owner);
    },
  },
  extend: {
    context: {
      ...common,
      kind: 'extend',
      quote: { walFrost: 17n, suiMist: 0n },
      objects: [blob.objectId, sharedBlob.objectId],
      calls: {
        reserve_space_for_epochs: 1,
        extend_blob_with_resource: 1,
        destroy_zero: 2,
        fund: 1,
        extend: 1,
      },
    },
    addCommands: (tx) =>
      addExtensions(tx, {
        system,
        extensions: [
          { blob, storageBytes: 100n, endEpoch: 4, targetEndEpoch: 6, costFrost: 10n },
          {
            blob: sharedBlob,
            storageBytes: 100n,
            endEpoch: 4,
            targetEndEpoch: 6,
            costFrost: 7n,
            shared: { initialSharedVersion: 9n },
          },
        ],
        walCoins: wal,
      }),
  },
  share: {
    context: {
      ...common,
      kind: 'share',
      quote: none,
      walCoins: [],
      objects: [blob.objectId],
      calls: { new: 1 },
    },
    addCommands: (tx) => addShares(tx, system, [blob]),
  },
  delete: {
    context: {
      ...common,
      kind: 'delete',
      quote: none,
      walCoins: [],
      objects: [blob.objectId],
      calls: { delete_blob: 1 },
    },
    addCommands: (tx) => addDeletions(tx, system, [blob], owner),
  },
  exchange: {
    context: {
      ...common,
      kind: 'exchange',
      exchange,
      quote: { walFrost: 0n, suiMist: 400n },
      walCoins: [],
      calls: { exchange_all_for_wal: 1 },
    },
    addCommands: (tx) => addExchange(tx, exchange, 400n, owner),
  },
  transfer: {
    context: {
      ...common,
      kind: 'transfer',
      recipient: friend,
      quote: { walFrost: 30n, suiMist: 20n },
      calls: { destroy_zero: 1 },
    },
    addCommands: (tx) =>
      addTransfer(tx, {
        walType: system.walType,
        mist: 20n,
        frost: 30n,
        walCoins: wal,
        recipient: friend,
      }),
  },
  merge: {
    context: { ...common, kind: 'merge', quote: none },
    addCommands: (tx) => addMerge(tx, wal),
  },
};

type Data = ReturnType<typeof bcs.TransactionData.parse>;
type Commands = NonNullable<Data['V1']['kind']['ProgrammableTransaction']>['commands'];
const edit = (bytes: Uint8Array, change: (data: Data['V1'], commands: Commands) => void) => {
  const data = bcs.TransactionData.parse(bytes);
  const program = data.V1.kind.ProgrammableTransaction;
  if (!program) throw new Error('not a program');
  change(data.V1, program.commands);
  return bcs.TransactionData.serialize(data).toBytes();
};
const kinds = Object.keys(cases) as PolicyContext['kind'][];

describe('an honest transaction', () => {
  test.each(kinds.map((kind) => ({ kind })))('to $kind is allowed', async ({ kind }) => {
    const { addCommands, context } = cases[kind];
    const checked = checkTransaction(await buildHonest(addCommands), context);
    expect(checked.gasMistMax).toBe(4_000n);
  });

  test('of one kind is not allowed as another', async () => {
    for (const kind of kinds) {
      const bytes = await buildHonest(cases[kind].addCommands);
      for (const other of kinds.filter((one) => one !== kind)) {
        expect(
          () => checkTransaction(bytes, cases[other].context),
          `${kind} as ${other}`,
        ).toThrow();
      }
    }
  });

  test('says which objects it uses up and when it expires', async () => {
    const inspected = inspectTransaction(await buildHonest(cases.delete.addCommands));
    expect(inspected.ownedInputs.map(({ objectId }) => objectId)).toEqual([
      `0x${'d'.repeat(64)}`,
      blob.objectId,
    ]);
    expect(inspected.expiresAfterSuiEpoch).toBe(11n);
  });
});

describe('a mutated transaction is refused:', () => {
  const mutations: {
    name: string;
    kind: PolicyContext['kind'];
    change: (data: Data['V1'], commands: Commands) => void;
  }[] = [
    { name: 'another sender', kind: 'register', change: (d) => void (d.sender = thief) },
    {
      name: 'another gas owner',
      kind: 'register',
      change: (d) => void (d.gasData.owner = thief),
    },
    {
      name: 'gas from the address balance',
      kind: 'register',
      change: (d) => void (d.gasData.payment = []),
    },
    {
      name: 'a coin of WAL as gas',
      kind: 'register',
      change: (d) =>
        d.gasData.payment.push({ objectId: wal[0]?.objectId ?? '', version: '3', digest: DIGEST }),
    },
    {
      name: 'no expiration',
      kind: 'register',
      change: (d) => void (d.expiration = { $kind: 'None', None: true }),
    },
    {
      name: 'a later expiration',
      kind: 'register',
      change: (d) => void (d.expiration = { $kind: 'Epoch', Epoch: 99 }),
    },
    {
      name: 'a Move call in another package',
      kind: 'register',
      change: (_, commands) => editCall(commands, 'register_blob', (c) => void (c.package = thief)),
    },
    {
      name: 'the type package instead of the call package',
      kind: 'register',
      change: (_, commands) =>
        editCall(commands, 'register_blob', (c) => void (c.package = system.typePackageId)),
    },
    {
      name: 'another module',
      kind: 'register',
      change: (_, commands) => editCall(commands, 'register_blob', (c) => void (c.module = 'blob')),
    },
    {
      name: 'a deletion among certifications',
      kind: 'certify',
      change: (_, commands) =>
        editCall(commands, 'certify_blob', (c) => void (c.function = 'delete_blob')),
    },
    {
      name: 'destroy_zero of another coin type',
      kind: 'register',
      change: (_, commands) =>
        editCall(commands, 'destroy_zero', (c) => void (c.typeArguments = ['0x2::sui::SUI'])),
    },
    {
      name: 'a head field of another type',
      kind: 'certify',
      change: (_, commands) =>
        editCall(commands, 'add', (c) => void (c.typeArguments = ['u64', 'u64'])),
    },
    {
      name: 'a whole coin as payment',
      kind: 'register',
      change: (data, commands) =>
        editCall(commands, 'register_blob', (c) => {
          c.arguments.pop();
          c.arguments.push({ $kind: 'Input', Input: inputOf(data, wal[0]?.objectId) });
        }),
    },
    {
      name: 'the gas coin as payment',
      kind: 'register',
      change: (_, commands) =>
        editCall(commands, 'register_blob', (c) => {
          c.arguments.pop();
          c.arguments.push({ $kind: 'GasCoin', GasCoin: true });
        }),
    },
    {
      name: 'a published package',
      kind: 'register',
      change: (_, commands) =>
        commands.push({ $kind: 'Publish', Publish: { modules: [], dependencies: [] } }),
    },
    {
      name: 'a vector of objects',
      kind: 'delete',
      change: (data, commands) =>
        commands.push({
          $kind: 'MakeMoveVec',
          MakeMoveVec: {
            type: null,
            elements: [{ $kind: 'Input', Input: inputOf(data, blob.objectId) }],
          },
        }),
    },
    {
      name: 'a result sent to a thief',
      kind: 'register',
      change: (data, commands) => editRecipient(data, commands, thief),
    },
    {
      name: 'a transfer to another friend',
      kind: 'transfer',
      change: (data, commands) => editRecipient(data, commands, thief),
    },
    {
      name: 'an exchange that pays out to a thief',
      kind: 'exchange',
      change: (data, commands) => editRecipient(data, commands, thief),
    },
    {
      name: 'the blob itself given away',
      kind: 'delete',
      change: (data, commands) =>
        editTransfer(commands, (objects) => {
          objects.push({ $kind: 'Input', Input: inputOf(data, blob.objectId) });
        }),
    },
    {
      name: 'the gas coin given away',
      kind: 'transfer',
      change: (_, commands) =>
        editTransfer(commands, (objects) => {
          objects.push({ $kind: 'GasCoin', GasCoin: true });
        }),
    },
    {
      name: 'a coin of WAL given away whole',
      kind: 'transfer',
      change: (data, commands) =>
        editTransfer(commands, (objects) => {
          objects.push({ $kind: 'Input', Input: inputOf(data, wal[0]?.objectId) });
        }),
    },
    {
      name: 'a larger amount',
      kind: 'transfer',
      change: (data) => editAmount(data, 30n, 31n),
    },
    {
      name: 'a smaller amount',
      kind: 'register',
      change: (data) => editAmount(data, 15n, 14n),
    },
    {
      name: 'a further amount',
      kind: 'register',
      change: (_, commands) => {
        const amounts = commands.find(({ $kind }) => $kind === 'SplitCoins')?.SplitCoins?.amounts;
        amounts?.push(...amounts.slice(0, 1));
      },
    },
    {
      name: 'an amount that is computed',
      kind: 'register',
      change: (_, commands) => {
        const split = commands.find(({ $kind }) => $kind === 'SplitCoins')?.SplitCoins;
        if (split) split.amounts[0] = { $kind: 'Result', Result: 0 };
      },
    },
    {
      name: 'the gas coin split for a registration',
      kind: 'register',
      change: (_, commands) => {
        const split = commands.find(({ $kind }) => $kind === 'SplitCoins')?.SplitCoins;
        if (split) split.coin = { $kind: 'GasCoin', GasCoin: true };
      },
    },
    {
      name: 'an unnamed coin merged',
      kind: 'register',
      change: (data) =>
        editInput(data, wal[1]?.objectId, {
          objectId: `0x${'f'.repeat(64)}`,
          version: '1',
          digest: DIGEST,
        }),
    },
    {
      name: 'another blob than was asked for',
      kind: 'delete',
      change: (data) => editInput(data, blob.objectId, strangerRef),
    },
    {
      name: 'another blob than was asked for',
      kind: 'extend',
      change: (data) => editInput(data, blob.objectId, strangerRef),
    },
    {
      name: 'another blob than was asked for',
      kind: 'share',
      change: (data) => editInput(data, blob.objectId, strangerRef),
    },
    {
      name: 'another bag than the head',
      kind: 'certify',
      change: (data) => editInput(data, blob.objectId, strangerRef),
    },
    {
      name: 'one command more, a deletion',
      kind: 'delete',
      change: (_data, commands) => repeat(commands, 'delete_blob'),
    },
    {
      name: 'one command more, an extension',
      kind: 'extend',
      change: (_data, commands) => repeat(commands, 'extend_blob_with_resource'),
    },
    {
      name: 'one command more, of a shared blob',
      kind: 'extend',
      change: (_data, commands) => repeat(commands, 'extend'),
    },
    {
      name: 'one command more, a head field',
      kind: 'certify',
      change: (_data, commands) => repeat(commands, 'add'),
    },
    {
      name: 'one command more, a registration',
      kind: 'register',
      change: (_data, commands) => repeat(commands, 'register_blob'),
    },
    {
      name: 'one command more, a sharing',
      kind: 'share',
      change: (_data, commands) => repeat(commands, 'new'),
    },
    {
      name: 'a blob shared that was to be deleted',
      kind: 'delete',
      change: (_data, commands) =>
        editCall(commands, 'delete_blob', (call) => {
          call.module = 'shared_blob';
          call.function = 'new';
        }),
    },
    {
      name: 'shared blobs of another package',
      kind: 'extend',
      change: (_data, commands) =>
        editCall(commands, 'fund', (call) => void (call.package = thief)),
    },
    {
      name: 'another shared object',
      kind: 'delete',
      change: (data) => editShared(data, thief),
    },
    {
      name: 'another exchange',
      kind: 'exchange',
      change: (data) => editShared(data, thief),
    },
  ];

  test.each(mutations)('$name ($kind)', async ({ kind, change }) => {
    const { addCommands, context } = cases[kind];
    const bytes = edit(await buildHonest(addCommands), change);
    expect(() => checkTransaction(bytes, context)).toThrowError(
      expect.objectContaining({ code: 'transaction-not-allowed' }) as unknown,
    );
  });

  test('a received object as input', async () => {
    const bytes = await buildHonest((tx) => {
      cases.delete.addCommands(tx);
      tx.object(Inputs.ReceivingRef({ objectId: thief, version: '1', digest: DIGEST }));
    });
    expect(() => checkTransaction(bytes, cases.delete.context)).toThrowError(/neither a value/);
  });

  test.each([
    { name: 'cut short', of: (bytes: Uint8Array) => bytes.subarray(0, -1) },
    {
      name: 'with a byte appended',
      of: (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.of(0)]),
    },
    { name: 'empty', of: () => new Uint8Array() },
  ])('bytes $name', async ({ of }) => {
    const bytes = of(await buildHonest(cases.delete.addCommands));
    expect(() => checkTransaction(bytes, cases.delete.context)).toThrowError(
      expect.objectContaining({ code: 'transaction-not-allowed' }) as unknown,
    );
  });
});

describe('a cap', () => {
  test.each([
    { name: 'of WAL', kind: 'register' as const, caps: { ...caps, walFrost: 15n } },
    { name: 'of SUI', kind: 'exchange' as const, caps: { ...caps, suiMist: 399n } },
    { name: 'of gas', kind: 'merge' as const, caps: { ...caps, gasMist: 3_999n } },
  ])('$name one below the cost refuses', async ({ kind, caps: lower }) => {
    const { addCommands, context } = cases[kind];
    const bytes = await buildHonest(addCommands);
    expect(() => checkTransaction(bytes, { ...context, caps: lower })).toThrowError(
      expect.objectContaining({ code: 'cap-exceeded' }) as unknown,
    );
  });

  test.each([
    { name: 'of WAL', kind: 'register' as const, caps: { ...caps, walFrost: 16n } },
    { name: 'of SUI', kind: 'exchange' as const, caps: { ...caps, suiMist: 400n } },
    { name: 'of gas', kind: 'merge' as const, caps: { ...caps, gasMist: 4_000n } },
  ])('$name of exactly the cost allows', async ({ kind, caps: exact }) => {
    const { addCommands, context } = cases[kind];
    checkTransaction(await buildHonest(addCommands), { ...context, caps: exact });
  });
});

type MoveCall = NonNullable<Commands[number]['MoveCall']>;
type Arguments = MoveCall['arguments'];

const strangerRef = { objectId: `0x${'f'.repeat(64)}`, version: '1', digest: DIGEST };

/** The same call once more. */
function repeat(commands: Commands, name: string): void {
  const command = commands.find((one) => one.MoveCall?.function === name);
  if (!command) throw new Error(`no call of ${name}`);
  commands.push(structuredClone(command));
}

function editCall(commands: Commands, name: string, change: (call: MoveCall) => void): void {
  const call = commands.find(({ MoveCall }) => MoveCall?.function === name)?.MoveCall;
  if (!call) throw new Error(`no call of ${name}`);
  change(call);
}

function editTransfer(commands: Commands, change: (objects: Arguments) => void): void {
  const transfer = commands.find(({ TransferObjects }) => TransferObjects)?.TransferObjects;
  if (!transfer) throw new Error('no transfer');
  change(transfer.objects);
}

function inputsOf(data: Data['V1']) {
  return data.kind.ProgrammableTransaction?.inputs ?? [];
}

function inputOf(data: Data['V1'], objectId: string | undefined): number {
  return inputsOf(data).findIndex((one) => one.Object?.ImmOrOwnedObject?.objectId === objectId);
}

function editRecipient(data: Data['V1'], commands: Commands, to: string): void {
  const address = commands.find(({ TransferObjects }) => TransferObjects)?.TransferObjects?.address;
  const input = address?.Input === undefined ? undefined : inputsOf(data)[address.Input];
  if (!input?.Pure) throw new Error('no recipient');
  input.Pure.bytes = Buffer.from(to.slice(2), 'hex').toString('base64');
}

function editAmount(data: Data['V1'], from: bigint, to: bigint): void {
  const text = (amount: bigint) => bcs.u64().serialize(amount).toBase64();
  const input = inputsOf(data).find(({ Pure }) => Pure?.bytes === text(from));
  if (!input?.Pure) throw new Error(`no amount ${String(from)}`);
  input.Pure.bytes = text(to);
}

function editInput(
  data: Data['V1'],
  objectId: string | undefined,
  to: { objectId: string; version: string; digest: string },
): void {
  const input = inputsOf(data)[inputOf(data, objectId)];
  if (!input?.Object?.ImmOrOwnedObject) throw new Error('no such input');
  Object.assign(input.Object.ImmOrOwnedObject, to);
}

function editShared(data: Data['V1'], objectId: string): void {
  const shared = inputsOf(data).find(({ Object }) => Object?.SharedObject)?.Object?.SharedObject;
  if (!shared) throw new Error('no shared object');
  shared.objectId = objectId;
}
