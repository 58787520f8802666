/**
 * Goal: what we build is what the official client and the recording's author built and a real Sui
 * executed. Method: the same inputs, both decoded, arguments resolved to the values they stand for.
 */
import { bcs } from '@mysten/sui/bcs';
import { Transaction } from '@mysten/sui/transactions';
import { describe, expect, test } from 'vitest';
import { parseBlobId, parseObjectId, parseSuiAddress, epoch } from '#engine/model/ids.ts';
import {
  RECORDED_OWNER,
  recordedObject,
  recordedObjects,
  recordedPackages,
  recordedTransaction,
} from '#test/support/recorded-chain.ts';
import type { Coin } from '../rpc/chain-rpc.ts';
import type { SystemState } from '../system.ts';
import {
  BLOBS_CERTIFIED_MAX,
  BLOBS_DELETED_MAX,
  BLOBS_EXTENDED_MAX,
  BLOBS_REGISTERED_MAX,
  COINS_MERGED_MAX,
  WAL_COINS,
} from './limits.ts';
import {
  addCertifications,
  addDeletions,
  addExchange,
  addExtensions,
  addHeadChange,
  addMerge,
  addRegistrations,
  addTransfer,
} from './programs.ts';
import { GAS_COINS } from './sign.ts';

const owner = parseSuiAddress(RECORDED_OWNER);
const packageId = parseObjectId(recordedPackages.walrus);
const system: SystemState = {
  systemObjectId: parseObjectId(recordedObject('System').objectId),
  initialSharedVersion: 397n,
  typePackageId: packageId,
  callPackageId: packageId,
  walType: recordedPackages.wal,
  epoch: 1,
  shardCount: 13,
  epochsAheadMax: 53,
  storagePriceFrostPerMib: 5n,
  writePriceFrostPerMib: 1n,
};

type Decoded = NonNullable<ReturnType<typeof bcs.TransactionData.parse>['V1']>;
type Program = NonNullable<Decoded['kind']['ProgrammableTransaction']>;

const decode = (bytes: Uint8Array): Program => {
  const program = bcs.TransactionData.parse(bytes).V1.kind.ProgrammableTransaction;
  if (!program) throw new Error('not a program');
  return program;
};

const recordedProgram = (name: string): Program =>
  decode(Buffer.from(recordedTransaction(name).txBytes, 'base64'));

/** Commands with every input replaced by its value, so that the order of inputs does not matter. */
function resolved(program: Program): unknown {
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    if ('Input' in value && typeof value.Input === 'number') return program.inputs[value.Input];
    // `Result` of a command and the first of its results are the same value.
    if ('Result' in value && typeof value.Result === 'number') {
      return { $kind: 'NestedResult', NestedResult: [value.Result, 0] };
    }
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]));
  };
  return resolve(program.commands);
}

async function built(addCommands: (tx: Transaction) => void): Promise<Program> {
  const tx = new Transaction();
  addCommands(tx);
  tx.setSender(owner);
  tx.setGasPrice(1_000);
  tx.setGasBudget(1_000_000);
  tx.setGasPayment([]);
  tx.setExpiration({ None: true });
  return decode(await tx.build());
}

/** The owned input of a recorded transaction with this ID, at the version it was used. */
function usedIn(name: string, objectId: string): Coin {
  for (const input of recordedProgram(name).inputs) {
    const ref = input.Object?.ImmOrOwnedObject;
    if (ref?.objectId === objectId) {
      return {
        objectId: parseObjectId(objectId),
        version: BigInt(ref.version),
        digest: ref.digest,
        balance: 2_000_000_000n,
      };
    }
  }
  throw new Error(`${name} does not use ${objectId}`);
}

const walCoinId = recordedObject('Coin<WAL>').objectId;
const blobA = recordedObject('Blob permanent certified').objectId;
const blobK = recordedObject('Blob deletable certified').objectId;

describe('a program', () => {
  test('to register equals the recorded one of the official client', async () => {
    const name = 'reserve_space+register_blob permanent, 3 epochs (SDK registerBlobTransaction)';
    const a = recordedObjects.context.blobs['A'];
    if (!a) throw new Error('blob A is recorded');
    const ours = await built((tx) =>
      addRegistrations(tx, {
        system,
        blobs: [
          {
            blobId: parseBlobId(a.blobId),
            rootHash: rootHashOf(name),
            sizeBytes: a.len,
            deletable: false,
            storageBytes: 13_416n,
            storageCostFrost: 15n,
            writeCostFrost: 1n,
          },
        ],
        epochsAhead: 3,
        walCoins: [usedIn(name, walCoinId)],
        owner,
      }),
    );
    expect(resolved(ours)).toEqual(resolved(recordedProgram(name)));
  });

  test('to certify equals the recorded one', async () => {
    const name = 'certify permanent with 3 signers of weight 9 of 13 (minimum quorum)';
    const [, , signature, bitmap, message] = recordedProgram(name).inputs.map(pureBytes);
    const ours = await built((tx) =>
      addCertifications(tx, system, [
        {
          blob: usedIn(name, blobA),
          certificate: {
            signature: vectorOf(signature),
            signersBitmap: vectorOf(bitmap),
            message: vectorOf(message),
            epoch: epoch(1),
            shardWeight: 9,
          },
        },
      ]),
    );
    expect(resolved(ours)).toEqual(resolved(recordedProgram(name)));
  });

  test('to extend with bought storage equals the recorded one', async () => {
    const name = 'reserve_space_for_epochs + extend_blob_with_resource (blob K, 2 more epochs)';
    const ours = await built((tx) =>
      addExtensions(tx, {
        system,
        extensions: [
          {
            blob: usedIn(name, blobK),
            storageBytes: 17_056n,
            endEpoch: 4,
            targetEndEpoch: 6,
            costFrost: 10n,
          },
        ],
        walCoins: [usedIn(name, walCoinId)],
      }),
    );
    expect(resolved(ours)).toEqual(resolved(recordedProgram(name)));
  });

  test('to delete equals the recorded one of the official client', async () => {
    const name =
      'delete certified deletable blob (SDK deleteBlobTransaction; Storage returned to owner)';
    const deleted = recordedObjects.objects.find((one) => one.name.startsWith('deleted Blob'));
    const ours = await built((tx) =>
      addDeletions(tx, system, [usedIn(name, deleted?.objectId ?? '')], owner),
    );
    expect(resolved(ours)).toEqual(resolved(recordedProgram(name)));
  });

  test('to exchange SUI for WAL equals the recorded one', async () => {
    const exchange = {
      objectId: parseObjectId(recordedObject('Exchange').objectId),
      initialSharedVersion: 400n,
      packageId: parseObjectId(recordedPackages.walExchange),
    };
    const ours = await built((tx) => addExchange(tx, exchange, 2_000_000_000n, owner));
    expect(resolved(ours)).toEqual(resolved(recordedProgram('exchange_all_for_wal')));
  });
});

describe('a payment', () => {
  const coin = (id: string, balance: bigint): Coin => ({
    objectId: parseObjectId(id),
    version: 5n,
    digest: '4tuuvGk75tT7xYeEhHR6W2orpBmvKrCyEr5t9rb6Xkg9',
    balance,
  });
  const commandsOf = async (walCoins: readonly Coin[], frost: bigint): Promise<string[]> => {
    const request = { walType: system.walType, mist: 0n, frost, walCoins, recipient: owner };
    const program = await built((tx) => addTransfer(tx, request));
    return program.commands.map(({ $kind, MoveCall }) => MoveCall?.function ?? $kind);
  };

  test('of less than a coin leaves the rest in it', async () => {
    expect(await commandsOf([coin('0x1', 10n)], 9n)).toEqual(['SplitCoins', 'TransferObjects']);
  });

  test('of exactly a coin leaves no empty coin behind', async () => {
    expect(await commandsOf([coin('0x1', 10n)], 10n)).toEqual([
      'SplitCoins',
      'destroy_zero',
      'TransferObjects',
    ]);
  });

  test('from several coins merges them first', async () => {
    expect(await commandsOf([coin('0x1', 10n), coin('0x2', 5n)], 12n)).toEqual([
      'MergeCoins',
      'SplitCoins',
      'TransferObjects',
    ]);
  });
});

describe('a head', () => {
  const bag = {
    objectId: parseObjectId('0xba'),
    version: 9n,
    digest: '4tuuvGk75tT7xYeEhHR6W2orpBmvKrCyEr5t9rb6Xkg9',
  };
  const callsOf = (program: Program) =>
    program.commands.map(({ $kind, MoveCall }) =>
      MoveCall ? `${MoveCall.module}::${MoveCall.function}` : $kind,
    );

  test('is published first by making its bag', async () => {
    const fields = [{ key: 0, value: new Uint8Array(8_000), replace: false }];
    const program = await built((tx) => addHeadChange(tx, { fields }, owner));
    expect(callsOf(program)).toEqual(['bag::new', 'bag::add', 'TransferObjects']);
  });

  test('is changed by replacing fields', async () => {
    const fields = [
      { key: 0, value: Uint8Array.of(1), replace: true },
      { key: 3, value: Uint8Array.of(2), replace: false },
    ];
    const program = await built((tx) => addHeadChange(tx, { bag, fields }, owner));
    expect(callsOf(program)).toEqual(['bag::remove', 'bag::add', 'bag::add']);
  });

  test('is written under typed keys', async () => {
    const fields = [{ key: 7, value: Uint8Array.of(1, 2), replace: false }];
    const program = await built((tx) => addHeadChange(tx, { bag, fields }, owner));
    expect(program.commands[0]?.MoveCall?.typeArguments).toEqual(['u64', 'vector<u8>']);
    const [, key, value] = program.inputs.map(pureBytes);
    expect(Buffer.from(key ?? []).toString('hex')).toBe('0700000000000000');
    expect(Buffer.from(value ?? []).toString('hex')).toBe('020102');
  });
});

describe('the largest transaction', () => {
  const digest = '4tuuvGk75tT7xYeEhHR6W2orpBmvKrCyEr5t9rb6Xkg9';
  const refs = (count: number, of: number): Coin[] =>
    Array.from({ length: count }, (_, index) => ({
      objectId: parseObjectId(`0x${(of * 100_000 + index).toString(16)}`),
      version: 2n ** 40n,
      digest,
      balance: 1n,
    }));
  const walCoins = refs(WAL_COINS.coinsMax, 1);
  const certificate = {
    signature: new Uint8Array(96),
    signersBitmap: new Uint8Array(25),
    message: new Uint8Array(72),
    epoch: epoch(1),
    shardWeight: 667,
  };
  const blob = {
    blobId: parseBlobId('u-mOIiScoH3Zd01VRjQfghqctBvp8-wn-vm19Bkr4TY'),
    rootHash: new Uint8Array(32),
    sizeBytes: 1,
    deletable: true,
    storageBytes: 1n,
    storageCostFrost: 1n,
    writeCostFrost: 1n,
  };
  const cases: { name: string; addCommands: (tx: Transaction) => void }[] = [
    {
      name: 'to register',
      addCommands: (tx) =>
        addRegistrations(tx, {
          system,
          blobs: Array.from({ length: BLOBS_REGISTERED_MAX }, () => blob),
          epochsAhead: 53,
          walCoins,
          owner,
        }),
    },
    {
      name: 'to certify, with a head',
      addCommands: (tx) => {
        const blobs = refs(BLOBS_CERTIFIED_MAX, 2);
        addCertifications(
          tx,
          system,
          blobs.map((one) => ({ blob: one, certificate })),
        );
        const fields = [8_192, ...Array.from({ length: 50 }, () => 512)].map((sizeBytes, key) => ({
          key,
          value: new Uint8Array(sizeBytes),
          replace: true,
        }));
        addHeadChange(tx, { bag: refs(1, 3)[0], fields }, owner);
      },
    },
    {
      name: 'to extend',
      addCommands: (tx) => {
        const extensions = refs(BLOBS_EXTENDED_MAX, 2).map((one) => ({
          blob: one,
          storageBytes: 1n,
          endEpoch: 1,
          targetEndEpoch: 2,
          costFrost: 1n,
        }));
        addExtensions(tx, { system, extensions, walCoins });
      },
    },
    {
      name: 'to delete',
      addCommands: (tx) => addDeletions(tx, system, refs(BLOBS_DELETED_MAX, 2), owner),
    },
    { name: 'to merge', addCommands: (tx) => addMerge(tx, refs(COINS_MERGED_MAX, 2)) },
  ];

  test.each(cases)('$name fits what Sui accepts', async ({ addCommands }) => {
    const tx = new Transaction();
    addCommands(tx);
    tx.setSender(owner);
    tx.setGasPrice(1_000);
    tx.setGasBudget(1_000_000);
    tx.setGasPayment(
      refs(GAS_COINS.coinsMax, 4).map(({ objectId, version }) => ({
        objectId,
        version: String(version),
        digest,
      })),
    );
    tx.setExpiration({ None: true });
    const bytes = await tx.build();
    const { inputs, commands } = decode(bytes);
    expect(bytes.length).toBeLessThanOrEqual(128 * 1024);
    expect(commands.length).toBeLessThanOrEqual(1_024);
    expect(inputs.length).toBeLessThanOrEqual(2_048);
  });
});

function pureBytes(input: Program['inputs'][number]): Uint8Array | undefined {
  return input.Pure && new Uint8Array(Buffer.from(input.Pure.bytes, 'base64'));
}

function vectorOf(bytes: Uint8Array | undefined): Uint8Array {
  return new Uint8Array(bcs.byteVector().parse(bytes ?? new Uint8Array()));
}

/** The second of the two 32-byte constants of a registration. */
function rootHashOf(name: string): Uint8Array {
  const hashes = recordedProgram(name)
    .inputs.map(pureBytes)
    .filter((bytes) => bytes?.length === 32);
  return hashes[1] ?? new Uint8Array();
}
