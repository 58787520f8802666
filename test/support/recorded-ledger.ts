/**
 * @file The ledger as it was when the recording of the real deployment began.
 *
 * The recording is complete: what a recorded transaction reads was written by an earlier one or
 * is one of the seeds below, so the recorded transactions run here byte for byte, signatures
 * included. A seed's contents are known from later versions; its recorded digest proves them.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bcs } from '@mysten/sui/bcs';
import { verifyAggregate } from '#engine/codec/bls.ts';
import {
  coinLayout,
  exchangeLayout,
  type SystemStateStruct,
} from '#localnet/chain/contracts/layouts.ts';
import { createFramework } from '#localnet/chain/contracts/packages.ts';
import { Ledger } from '#localnet/chain/ledger.ts';
import {
  SUI_COIN,
  storageCostMist,
  withDigest,
  type Owner,
  type SuiObject,
} from '#localnet/chain/move/object.ts';
import { normalizeType } from '#localnet/chain/move/types.ts';
import { openDatabase } from '#localnet/chain/store/database.ts';
import { innerStateLayouts } from '#localnet/chain/walrus/state-editor.ts';

const VECTORS = new URL('../vectors/real-network/', import.meta.url);
const readVector = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8'));

interface JsonRpcRefusal {
  readonly code: number;
  readonly message: string;
}

export interface RecordedTransaction {
  readonly name: string;
  readonly txBytes?: string;
  readonly signatures?: readonly string[];
  readonly rawEffectsBcs?: string;
  readonly effects?: { readonly executedEpoch: string } & Readonly<Record<string, unknown>>;
  readonly objectChanges?: readonly unknown[];
  readonly balanceChanges?: readonly unknown[];
  readonly events?: readonly unknown[];
  readonly dryRun?: {
    readonly status?: unknown;
    readonly gasUsed?: unknown;
    readonly error?: JsonRpcRefusal;
  };
  readonly rpcError?: JsonRpcRefusal;
  readonly error?: { readonly message: string };
  readonly buildError?: { readonly message: string };
}

/** One that was executed, successfully or not. */
export type ExecutedRecord = RecordedTransaction &
  Required<Pick<RecordedTransaction, 'txBytes' | 'signatures' | 'rawEffectsBcs' | 'effects'>>;

export interface RecordedObject {
  readonly name: string;
  readonly objectId: string;
  readonly type: string;
  readonly version: string;
  readonly digest: string;
  readonly owner: unknown;
  readonly previousTransaction: string;
  readonly storageRebate: string;
  readonly hasPublicTransfer: boolean;
  /** Absent for objects that are gone. */
  readonly bcsBase64?: string;
  readonly getObjectResult?: unknown;
}

export interface RecordedSample {
  readonly name: string;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
  readonly events?: readonly { type: string; parsedJson: object; bcs: string }[];
}

export const recordedTransactions = readVector(
  'real-transactions.json',
) as readonly RecordedTransaction[];

const recorded = readVector('real-objects.json') as {
  readonly objects: readonly RecordedObject[];
  readonly rpcSamples: readonly RecordedSample[];
  readonly context: {
    readonly packages: Readonly<Record<'walrus' | 'walExchange' | 'wal', string>>;
    readonly systemObject: string;
    readonly stakingObject: string;
  };
};

export const recordedObjects = recorded.objects;
export const recordedSamples = recorded.rpcSamples;
export const recordedContext = recorded.context;
export const recordedWalType = recorded.context.packages.wal;

export const isExecuted = (record: RecordedTransaction): record is ExecutedRecord =>
  record.rawEffectsBcs !== undefined;

export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

interface Confirmation {
  readonly serializedMessage: string;
  readonly signature: string;
}

/** What a recorded node signed for blob A, stored for good. */
export function recordedConfirmation(nodeName: string): Confirmation {
  const answers = readVector('real-node-http.json') as readonly {
    readonly name: string;
    readonly node: string;
    readonly body: { readonly success: { readonly data: { readonly signed: Confirmation } } };
  }[];
  const found = answers.find(
    ({ name, node }) => name === 'confirmation permanent ok' && node === nodeName,
  );
  if (found === undefined) throw new Error(`no confirmation by ${nodeName} was recorded`);
  return found.body.success.data.signed;
}

/** Who published each package: a dependency of every call into it. */
const PUBLISHED_BY = {
  walrus: 'EBzn3v3dJgnU7V9XbQyBZgPp1MQjL3C3oqA66uFhtpHB',
  exchange: 'CFQM4HrRbtrpbBJ4D6jrTfbnroe4oF8PLPUdK7rCdSpm',
  sui: 'DGxv9wuT4kcyoTacTqjJFRGvQfEj5yyrnoSNmCX1Ytj4',
  wal: 'EzZChoSUgBKpUqAT7u5e8AFqvjB3HBa5EdxJEvvYh7xc',
};

/** Who wrote the seeds: three faucet transactions, by the version of their coins, and others. */
const FAUCET_TRANSACTIONS: Readonly<Record<string, string>> = {
  '7': '6PkBae5JdebobCDjffQfjRQDCU5qQN3PMmmaR1X7EP7m',
  '8': '4AAU6mHLPQt7CpHQ5SmTYRhFcQ7YhmgkB9ngcE9MJH1Z',
  '9': '77PrfH6rdbCcnfws3dZ8sNbEAN2pcJwZZGmFnPfMnkBo',
};
const EXCHANGE_TRANSACTION = 'FPYAAkku5RPisFsmSFrjdjk5XC3ZHR76GWLdpDxPpX3Z';
const SYSTEM_TRANSACTION = '6m3YtpiWKEozdmCsFrvNNAJGswnTGTM5t8CLzfP98QMH';
const STAKING_TRANSACTION = 'DqeELbw98Vx4d3MuRVwoF1iDoDs5hrW5vmRd4MhW6is8';
const FAUCET_COIN_MIST = 200_000_000_000n;
/** SUI in the exchange before the recording, from the nodes' own purchases. */
const EXCHANGE_SEED_MIST = 6_000_000_000n;
/** A blob was registered for two epochs before the recording began. */
const USED_BEFORE_BYTES = 10_353_044n;
const REWARDS_BEFORE: Readonly<Record<number, bigint>> = { 1: 66n, 2: 55n };

export interface RecordedLedger {
  readonly ledger: Ledger;
  /** Names of seeds whose digest isn't the recorded one. */
  readonly wrongSeeds: readonly string[];
  /** The Sui epoch of the transactions to come. */
  setSuiEpoch(epoch: bigint): void;
  close(): void;
}

/** Open a ledger with everything that was there before the first recorded transaction. */
export function openRecordedLedger(): RecordedLedger {
  const dir = mkdtempSync(join(tmpdir(), 'floe-recorded-ledger-'));
  const database = openDatabase(dir);
  const framework = createFramework(
    {
      walrus: recorded.context.packages.walrus,
      wal: recordedWalType.split('::')[0] ?? '',
      exchange: recorded.context.packages.walExchange,
    },
    verifyAggregate,
  );
  let suiEpoch = 10n;
  const ledger = new Ledger({
    database,
    framework,
    nowMs: () => 1,
    suiEpoch: () => suiEpoch,
    chainIdentifier: '11111111111111111111111111111111',
    packageTransactions: new Map(
      Object.entries(PUBLISHED_BY).map(([name, digest]) => [framework.addressOf(name), digest]),
    ),
  });
  const wrongSeeds: string[] = [];
  for (const seed of findSeeds()) {
    const object = makeSeed(seed);
    if (object.digest !== seed.digest) wrongSeeds.push(seed.id);
    ledger.objects.write({ ...object, digest: seed.digest }, 1);
  }
  for (const object of recordedObjects) {
    const isUntouched = /^(StakingInner|StakingPool)/.test(object.name);
    if (isUntouched) ledger.objects.write(recordedObject(object), 1);
  }
  return {
    ledger,
    wrongSeeds,
    setSuiEpoch: (value) => {
      suiEpoch = value;
    },
    close: () => {
      database.close();
      rmSync(dir, { recursive: true });
    },
  };
}

interface Seed {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly owner: Owner;
}

/** Objects that recorded transactions read without any of them having written them. */
function findSeeds(): Seed[] {
  const seeds: Seed[] = [];
  const known = new Set<string>();
  for (const record of recordedTransactions.filter(isExecuted)) {
    const effects = bcs.TransactionEffects.parse(fromBase64(record.rawEffectsBcs));
    for (const [id, change] of effects.V2?.changedObjects ?? []) {
      if (change.inputState.Exist !== undefined && !known.has(id)) {
        const [[version, digest], owner] = change.inputState.Exist;
        seeds.push({ id, version, digest, owner: readOwner(owner) });
      }
      known.add(id);
    }
  }
  return seeds;
}

function readOwner(owner: {
  AddressOwner?: string | undefined;
  ObjectOwner?: string | undefined;
  Shared?: { initialSharedVersion?: string; initial_shared_version?: number } | undefined;
}): Owner {
  if (owner.AddressOwner !== undefined) return { kind: 'address', address: owner.AddressOwner };
  if (owner.ObjectOwner !== undefined) return { kind: 'object', address: owner.ObjectOwner };
  const version = owner.Shared?.initialSharedVersion ?? owner.Shared?.initial_shared_version ?? 0;
  return { kind: 'shared', initialVersion: BigInt(version) };
}

/** A recorded object as the chain keeps it. */
export function recordedObject(object: RecordedObject): SuiObject {
  return withDigest({
    id: object.objectId,
    version: BigInt(object.version),
    type: normalizeType(object.type),
    owner: readOwner(object.owner as Parameters<typeof readOwner>[0]),
    hasPublicTransfer: object.hasPublicTransfer,
    contents: fromBase64(object.bcsBase64 ?? ''),
    previousTransaction: object.previousTransaction,
    storageRebate: BigInt(object.storageRebate),
  });
}

function makeSeed(seed: Seed): SuiObject {
  const { type, hasPublicTransfer, contents, previousTransaction } = seedContents(seed);
  return withDigest({
    id: seed.id,
    version: BigInt(seed.version),
    type,
    owner: seed.owner,
    hasPublicTransfer,
    contents,
    previousTransaction,
    storageRebate: storageCostMist(type, contents.length),
  });
}

function seedContents(
  seed: Seed,
): Pick<SuiObject, 'type' | 'hasPublicTransfer' | 'contents' | 'previousTransaction'> {
  const later = recordedObjects.find(({ objectId }) => objectId === seed.id);
  if (later?.bcsBase64 === undefined) {
    return {
      type: SUI_COIN,
      hasPublicTransfer: true,
      contents: coinLayout.serialize({ id: seed.id, balance: FAUCET_COIN_MIST }).toBytes(),
      previousTransaction: FAUCET_TRANSACTIONS[seed.version] ?? '',
    };
  }
  const { type, hasPublicTransfer } = recordedObject(later);
  const contents = fromBase64(later.bcsBase64);
  if (later.name === 'Exchange') {
    return {
      type,
      hasPublicTransfer,
      contents: exchangeBefore(contents),
      previousTransaction: EXCHANGE_TRANSACTION,
    };
  }
  if (later.name.startsWith('SystemStateInner')) {
    return {
      type,
      hasPublicTransfer,
      contents: systemBefore(contents),
      previousTransaction: SYSTEM_TRANSACTION,
    };
  }
  const previousTransaction = later.name === 'Staking' ? STAKING_TRANSACTION : SYSTEM_TRANSACTION;
  return { type, hasPublicTransfer, contents, previousTransaction };
}

function exchangeBefore(contents: Uint8Array): Uint8Array {
  const exchange = exchangeLayout.parse(contents);
  const wal = exchange.wal + exchange.sui - EXCHANGE_SEED_MIST;
  return exchangeLayout.serialize({ ...exchange, wal, sui: EXCHANGE_SEED_MIST }).toBytes();
}

function systemBefore(contents: Uint8Array): Uint8Array {
  const field = innerStateLayouts.system.parse(contents);
  const state: SystemStateStruct = field.value;
  state.used_capacity_size = USED_BEFORE_BYTES;
  for (const account of state.future_accounting.ring_buffer) {
    const rewards = REWARDS_BEFORE[account.epoch];
    account.used_capacity = rewards === undefined ? 0n : USED_BEFORE_BYTES;
    account.rewards_to_distribute = rewards ?? 0n;
  }
  return innerStateLayouts.system.serialize(field).toBytes();
}
