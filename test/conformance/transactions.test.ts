/**
 * Goal: the local chain does what the recorded deployment did, to the byte.
 * Method: the ledger starts from the recorded state and executes the recorded transactions with
 * their recorded signatures, in order; effects are compared as BCS, everything else as the JSON
 * that the full node gave. What differs stands in a table with its reason, and nothing else may.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SuiJsonRpcClient } from '@mysten/sui/jsonRpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { WalrusClient } from '@mysten/walrus';
import type { Chain } from '#localnet/chain/chain.ts';
import { decodeTransaction } from '#localnet/chain/execution/transaction.ts';
import { Machine } from '#localnet/chain/execution/machine.ts';
import { transactionDigest } from '#localnet/chain/move/object.ts';
import { normalizeType, parseMoveType } from '#localnet/chain/move/types.ts';
import { callJsonRpc } from '#localnet/chain/rpc/json-methods.ts';
import { dryRunFailure, jsonRpcFailure } from '#localnet/chain/rpc/json-error.ts';
import {
  balanceChangesJson,
  effectsJson,
  eventsJson,
  objectChanges,
} from '#localnet/chain/rpc/json-transactions.ts';
import { createRpcFaults, serveRpc, type RpcServer } from '#localnet/chain/rpc/serve.ts';
import { NodeState } from '#localnet/chain/rpc/node-state.ts';
import { jsonValue } from '#localnet/chain/store/json-value.ts';
import type { StoredTransaction } from '#localnet/chain/store/transaction-table.ts';
import {
  fromBase64,
  isExecuted,
  openRecordedLedger,
  recordedConfirmation,
  recordedContext,
  recordedObject,
  recordedObjects,
  recordedSamples,
  recordedTransactions,
  recordedWalType,
  type ExecutedRecord,
  type RecordedLedger,
  type RecordedTransaction,
} from '#test/support/recorded-ledger.ts';

/** Recorded things that the local chain does differently, by name, with the reason. */
const divergences: Readonly<Record<string, string>> = {
  'chain id': 'each local network has its own identifier, derived from its genesis',
  'WAL coin metadata': 'no metadata object exists here, so there is neither its id nor an icon',
  'WAL total supply': 'there is no treasury: the method is not served',
};

/** Records of transactions that were never executed. */
const refusedNames = [
  'FAIL stale object version (RPC refuses)',
  'FAIL gas budget larger than the gas coins',
  'SDK default expiration (setExpiration not called), JSON-RPC client',
  'FAIL signed by the wrong key (RPC refuses)',
  'SDK certificateFromConfirmations with 2 of 4 confirmations',
  'FAIL delete a blob owned by somebody else (SDK)',
  'FAIL delete a Blob object that does not exist (SDK)',
  'FAIL delete a Blob object that was already deleted (SDK)',
  'FAIL register with no WAL coin (SDK registerBlobTransaction, owner has no WAL)',
];

let world: RecordedLedger;
const outcomes = new Map<string, StoredTransaction>();
const dryRuns = new Map<string, unknown>();

const executedRecords = recordedTransactions.filter(isExecuted);

/** What a dry run of the recorded bytes says now, in the recording's form. */
async function dryRun(record: RecordedTransaction): Promise<unknown> {
  const bytes = fromBase64(record.txBytes ?? '');
  try {
    const { record: simulated } = await world.ledger.simulate(
      decodeTransaction(bytes),
      transactionDigest(bytes),
    );
    const { status, gasUsed } = effectsJson(simulated) as Record<string, unknown>;
    return { status, gasUsed };
  } catch (error) {
    const { code, message } = jsonRpcFailure(dryRunFailure(error));
    return { error: { code, message } };
  }
}

const recordedDryRun = ({ dryRun: told }: RecordedTransaction): unknown =>
  told?.error === undefined
    ? { status: told?.status, gasUsed: told?.gasUsed }
    : { error: told.error };

beforeAll(async () => {
  world = openRecordedLedger();
  for (const record of recordedTransactions) {
    if (record.dryRun !== undefined) dryRuns.set(record.name, await dryRun(record));
    if (!isExecuted(record)) continue;
    world.setSuiEpoch(BigInt(record.effects.executedEpoch));
    const stored = await world.ledger.execute(fromBase64(record.txBytes), record.signatures);
    outcomes.set(record.name, stored);
  }
});

afterAll(() => {
  world.close();
});

/** Compare, or insist that a listed divergence is still one. */
function expectRecorded(name: string, actual: unknown, recorded: unknown): void {
  if (divergences[name] === undefined) expect(actual).toEqual(recorded);
  else expect(actual).not.toEqual(recorded);
}

/** Only what the recording kept of the effects. */
function pick(value: object, keys: object): object {
  return Object.fromEntries(
    Object.keys(keys).map((key) => [key, (value as Record<string, unknown>)[key]]),
  );
}

test('every seed has the digest that was recorded', () => {
  expect(world.wrongSeeds).toEqual([]);
});

test('every divergence names something that was recorded', () => {
  const names = [...recordedTransactions, ...recordedSamples].map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(divergences)));
});

test('each of the 96 records is executed here, or named below', () => {
  const names = recordedTransactions
    .filter((record) => !isExecuted(record))
    .map(({ name }) => name);
  expect(names).toEqual(refusedNames);
  expect(recordedTransactions).toHaveLength(96);
});

describe.each(executedRecords)('recorded transaction: $name', (record: ExecutedRecord) => {
  const outcome = (): StoredTransaction => {
    const stored = outcomes.get(record.name);
    if (stored === undefined) throw new Error(`${record.name} was not executed`);
    return stored;
  };

  test('has the recorded effects, byte for byte', () => {
    const effects = Buffer.from(outcome().effects).toString('base64');
    expectRecorded(record.name, effects, record.rawEffectsBcs);
  });

  test('is told by JSON-RPC as it was', () => {
    const { record: stored } = outcome();
    const told = {
      effects: pick(effectsJson(stored), record.effects),
      objectChanges: objectChanges(stored),
      balanceChanges: balanceChangesJson(stored),
      events: eventsJson(stored),
    };
    const recorded = {
      effects: record.effects,
      objectChanges: record.objectChanges,
      balanceChanges: record.balanceChanges,
      events: record.events,
    };
    expectRecorded(record.name, told, recorded);
  });
});

describe('a dry run of the recorded bytes', () => {
  const recorded = recordedTransactions.filter((record) => record.dryRun !== undefined);

  test.each(recorded)('$name ends as recorded', (record) => {
    expectRecorded(record.name, dryRuns.get(record.name), recordedDryRun(record));
  });
});

describe('a recorded object', () => {
  const present = recordedObjects.filter((object) => object.bcsBase64 !== undefined);

  test.each(present)('$name is decoded and encoded without a difference', (object) => {
    const { framework } = world.ledger;
    const type = parseMoveType(normalizeType(object.type));
    const contents = fromBase64(object.bcsBase64 ?? '');
    const layout =
      type.kind === 'struct' && type.name === 'Field'
        ? fieldLayout(object.type)
        : framework.layout(type);
    expect(Buffer.from(layout.serialize(layout.parse(contents)).toBytes())).toEqual(
      Buffer.from(contents),
    );
  });

  test.each(present)('$name is on the chain after the last transaction', (object) => {
    const { digest, ...known } = recordedObject(object);
    expect(digest).toBe(object.digest);
    expect(world.ledger.objects.view().get(object.objectId)).toEqual({ ...known, digest });
  });

  const gone = recordedObjects.filter((object) => object.getObjectResult !== undefined);

  test.each(gone)('$name is refused as recorded', async (object) => {
    expect(await ask('sui_getObject', [object.objectId])).toEqual(object.getObjectResult);
  });
});

function fieldLayout(type: string) {
  const { framework } = world.ledger;
  const parsed = parseMoveType(normalizeType(type));
  if (parsed.kind !== 'struct') throw new TypeError(`${type} is not a struct`);
  return new Machine({
    framework,
    reader: world.ledger.objects.view(),
    sender: '',
    digest: '',
  }).fieldLayout(parsed);
}

async function ask(method: string, params: readonly unknown[]): Promise<unknown> {
  const node = new NodeState(world.ledger, createRpcFaults());
  const answer = await callJsonRpc(method, params, { node, profile: 'sui-1.55' });
  return JSON.parse(JSON.stringify(answer)) as unknown;
}

describe('a recorded JSON-RPC answer', () => {
  const samples = recordedSamples.filter((sample) => sample.method !== undefined);

  test.each(samples)('$name is the same', async ({ name, method, params, result }) => {
    const answer = await ask(method ?? '', params ?? []).catch((error: unknown) => error);
    expectRecorded(name, answer, result);
  });

  const events = recordedSamples.filter((sample) => sample.events !== undefined);

  test.each(events)('$name has the layout of ours', ({ events: told = [] }) => {
    for (const event of told) {
      const layout = world.ledger.framework.layout(parseMoveType(normalizeType(event.type)));
      const parsed = layout.parse(fromBase64(event.bcs)) as object;
      expect(jsonValue(parsed)).toEqual(event.parsedJson);
    }
  });
});

describe('a transaction that the recorded node refused', () => {
  const find = (name: string): RecordedTransaction => {
    const record = recordedTransactions.find((known) => known.name === name);
    if (record === undefined) throw new Error(`no record ${name}`);
    return record;
  };

  /** Where the refused transaction stood in the recording: before the one after it. */
  async function refusedThen(name: string): Promise<unknown> {
    const fresh = openRecordedLedger();
    try {
      for (const record of recordedTransactions) {
        if (record.name === name) break;
        if (!isExecuted(record)) continue;
        fresh.setSuiEpoch(BigInt(record.effects.executedEpoch));
        await fresh.ledger.execute(fromBase64(record.txBytes), record.signatures);
      }
      const bytes = fromBase64(find(name).txBytes ?? '');
      return await fresh.ledger.check(bytes).catch((error: unknown) => {
        const { code, message } = jsonRpcFailure(error);
        return { code, message };
      });
    } finally {
      fresh.close();
    }
  }

  test.each([
    'FAIL stale object version (RPC refuses)',
    'FAIL gas budget larger than the gas coins',
    'FAIL delete a blob owned by somebody else (SDK)',
  ])('%s is refused in the same words', async (name) => {
    expect(await refusedThen(name)).toEqual(find(name).rpcError);
  });

  test('FAIL signed by the wrong key (RPC refuses) is refused in the same words', async () => {
    const record = executedRecords.at(-1);
    const bytes = fromBase64(record?.txBytes ?? '');
    const { sender } = decodeTransaction(bytes);
    const other = Ed25519Keypair.generate();
    const { signature } = await other.signTransaction(bytes);
    const refused = await world.ledger
      .execute(bytes, [signature])
      .catch((error: unknown) => jsonRpcFailure(error));
    const recorded = find('FAIL signed by the wrong key (RPC refuses)').rpcError;
    expect(refused).toMatchObject({
      code: recorded?.code,
      message: recorded?.message.replace(
        /0x\w+ is absent \["0x\w+"\]/,
        `${sender} is absent ["${other.toSuiAddress()}"]`,
      ),
    });
  });
});

describe('what the official client said over JSON-RPC', () => {
  const owner = '0xf47c8bb58a187f8fc0eec349570c079c01070a945a5d22c71be6ab0f62443f1e';
  let server: RpcServer;
  let client: SuiJsonRpcClient;
  let walrus: WalrusClient;

  beforeAll(async () => {
    server = await serveRpc({
      chain: { ledger: world.ledger } as Chain,
      port: 0,
      transports: ['json-rpc', 'grpc-web'],
      profile: 'sui-1.55',
    });
    client = new SuiJsonRpcClient({ network: 'localnet', url: server.url });
    walrus = new WalrusClient({
      suiClient: client,
      packageConfig: {
        systemObjectId: recordedContext.systemObject,
        stakingPoolId: recordedContext.stakingObject,
      },
    });
  });

  afterAll(async () => {
    await server.close();
  });

  const recordedMessage = (name: string): string => {
    const record = recordedTransactions.find((known) => known.name === name);
    return (record?.buildError ?? record?.error)?.message ?? `no record ${name}`;
  };

  const build = async (transaction: Transaction): Promise<string> => {
    transaction.setSender(owner);
    transaction.setExpiration({ None: true });
    return transaction.build({ client }).then(
      () => 'built',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  };

  test.each([
    { name: 'FAIL delete a Blob object that does not exist (SDK)', id: `0x${'ab'.repeat(32)}` },
    {
      name: 'FAIL delete a Blob object that was already deleted (SDK)',
      id: '0x85f9df37d90cda6e8a94fed68eecd31c16cf872d8ee48fb9d5ec3967a0757411',
    },
  ])('$name is said again', async ({ name, id }) => {
    const transaction = walrus.deleteBlobTransaction({ owner, blobObjectId: id });
    expect(await build(transaction)).toBe(recordedMessage(name));
  });

  test('FAIL register with no WAL coin (SDK) is said again', async () => {
    const transaction = walrus.registerBlobTransaction({
      size: 500,
      epochs: 3,
      blobId: 'u-mOIiScoH3Zd01VRjQfghqctBvp8-wn-vm19Bkr4TY',
      rootHash: new Uint8Array(32),
      deletable: false,
      owner,
    });
    const name = 'FAIL register with no WAL coin (SDK registerBlobTransaction, owner has no WAL)';
    expect(await build(transaction)).toBe(recordedMessage(name));
    expect(recordedMessage(name)).toContain(recordedWalType);
  });

  test('its default expiration is refused', async () => {
    const transaction = new Transaction();
    transaction.setSender(recordedSender);
    transaction.transferObjects([transaction.splitCoins(transaction.gas, [1])], owner);
    const said = await transaction.build({ client }).catch((error: unknown) => error);
    expect(said).toMatchObject({
      message: recordedMessage(
        'SDK default expiration (setExpiration not called), JSON-RPC client',
      ),
    });
  });

  test('a certificate from two of four recorded confirmations is refused as it was', async () => {
    const name = 'SDK certificateFromConfirmations with 2 of 4 confirmations';
    const confirmed = ['dryrun-node-1', 'dryrun-node-2'].map(recordedConfirmation);
    const said = await walrus
      .certificateFromConfirmations({
        confirmations: [...confirmed, null, null],
        blobId: 'u-mOIiScoH3Zd01VRjQfghqctBvp8-wn-vm19Bkr4TY',
        blobObjectId: recordedContext.systemObject,
        deletable: false,
      })
      .catch((error: unknown) => error);
    expect(said).toMatchObject({ message: recordedMessage(name) });
  });
});

const recordedSender = decodeTransaction(fromBase64(executedRecords[0]?.txBytes ?? '')).sender;
