/**
 * @file Executes one checked transaction: smash the gas coins, run the commands, charge gas,
 * and say what follows. Changes nothing by itself; the ledger commits the outcome.
 */
import { fromBase58 } from '@mysten/sui/utils';
import { coinLayout } from '../contracts/layouts.ts';
import { ExecutionFailure } from '../move/abort.ts';
import type { Framework } from '../move/framework.ts';
import {
  coinContentType,
  storageCostMist,
  SUI_COIN,
  withDigest,
  type Owner,
  type SuiObject,
} from '../move/object.ts';
import { parseMoveType } from '../move/types.ts';
import {
  coinBalance,
  failedChanges,
  rebateMist,
  storageMist,
  succeededChanges,
  type DraftChange,
  type GasCoins,
  type IdOperation,
} from './finish.ts';
import { computationMist, netMist, splitRebate, type GasUsed } from './gas.ts';
import { runCommands } from './interpreter.ts';
import { Machine, type EmittedEvent } from './machine.ts';
import type { ObjectReader } from './objects.ts';
import type { Transaction } from './transaction.ts';
import { Values, type InputSlot } from './values.ts';

/** A transaction whose inputs were checked and loaded (check-inputs.ts). */
export interface CheckedTransaction {
  readonly transaction: Transaction;
  readonly digest: string;
  readonly inputs: readonly CheckedInput[];
  readonly gasCoins: readonly SuiObject[];
  /** Digests of the transactions that published the packages it calls. */
  readonly packageTransactions: readonly string[];
}

export type CheckedInput =
  | { readonly kind: 'pure'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'object';
      readonly object: SuiObject;
      readonly access: 'owned' | 'shared-mutable' | 'read-only';
    };

export interface ObjectChange {
  readonly id: string;
  readonly before: SuiObject | undefined;
  readonly after: SuiObject | undefined;
  readonly idOperation: IdOperation;
}

export interface Outcome {
  readonly digest: string;
  /** Undefined for success. */
  readonly failure: ExecutionFailure | undefined;
  readonly gasUsed: GasUsed;
  /** The version of everything this transaction wrote. */
  readonly version: bigint;
  /** Ascending by id. */
  readonly changes: readonly ObjectChange[];
  readonly gasObjectId: string;
  /** Shared inputs that were only read. */
  readonly readOnlyShared: readonly SuiObject[];
  /** Whether the deny list of regulated coins had to be looked at. */
  readonly readsDenyList: boolean;
  readonly events: readonly EmittedEvent[];
  /** Ascending by bytes. */
  readonly dependencies: readonly string[];
}

/** Run a transaction against `reader`. Never throws for what the transaction itself does wrong. */
export async function executeTransaction(
  checked: CheckedTransaction,
  framework: Framework,
  reader: ObjectReader,
): Promise<Outcome> {
  const { transaction } = checked;
  const gas = smash(checked.gasCoins);
  const machine = new Machine({
    framework,
    reader,
    sender: transaction.sender,
    digest: checked.digest,
  });
  const values = makeValues(framework, checked, gas);
  const failure = await run(machine, values, transaction);
  const settled = settle({ checked, framework, machine, values, gas, failure });
  const version = lamportVersion(checked);
  const changes = settled.changes
    .map((change) => assignVersion(change, checked.digest, version, settled.isStorageFree))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
  return {
    digest: checked.digest,
    failure: settled.failure,
    gasUsed: settled.gasUsed,
    version,
    changes,
    gasObjectId: gas.first.id,
    readOnlyShared: readOnlyShared(checked),
    readsDenyList: settled.failure === undefined && writesOtherCoins(changes),
    events: settled.failure === undefined ? machine.events : [],
    dependencies: dependencies(checked),
  };
}

async function run(
  machine: Machine,
  values: Values,
  transaction: Transaction,
): Promise<ExecutionFailure | undefined> {
  try {
    await runCommands(machine, values, transaction.commands);
    return undefined;
  } catch (error) {
    if (error instanceof ExecutionFailure) return error;
    throw error;
  }
}

function smash(coins: readonly SuiObject[]): GasCoins {
  const [first, ...others] = coins;
  if (first === undefined) throw new TypeError('a transaction needs a gas coin');
  const totalMist = coins.reduce((sum, coin) => sum + coinBalance(coin), 0n);
  return { first, others, totalMist };
}

function makeValues(framework: Framework, checked: CheckedTransaction, gas: GasCoins): Values {
  const inputs = checked.inputs.map((input): InputSlot => {
    if (input.kind === 'pure') return input;
    const type = parseMoveType(input.object.type);
    const data: unknown = framework.layout(type).parse(input.object.contents);
    return { ...input, value: { type, data } };
  });
  // The budget is held back: commands can't spend what the gas may cost.
  const spendable = gas.totalMist - checked.transaction.gas.budget;
  return new Values(framework, inputs, {
    type: parseMoveType(gas.first.type),
    data: { id: gas.first.id, balance: spendable },
  });
}

interface Settlement {
  readonly changes: readonly DraftChange[];
  readonly gasUsed: GasUsed;
  readonly failure: ExecutionFailure | undefined;
  /** Nothing was charged for storage: what is written keeps its old rebate. */
  readonly isStorageFree: boolean;
}

interface Run {
  readonly checked: CheckedTransaction;
  readonly framework: Framework;
  readonly machine: Machine;
  readonly values: Values;
  readonly gas: GasCoins;
  readonly failure: ExecutionFailure | undefined;
}

/** Charge gas; a transaction that can't pay for itself fails. */
function settle(run: Run): Settlement {
  const { checked, framework, gas, failure } = run;
  const { budget, price } = checked.transaction.gas;
  const { commands } = checked.transaction;
  const computation = computationMist(commands, framework, price, failure?.command);
  if (computation <= budget) {
    if (failure === undefined) {
      const changes = succeededChanges(run.machine, run.values, gas, budget);
      const gasUsed = usedGas(changes, computation);
      if (netMist(gasUsed) <= budget) {
        return { changes: charge(changes, gas, gasUsed), gasUsed, failure, isStorageFree: false };
      }
    }
    const changes = failedChanges(run.values.inputs, gas);
    const gasUsed = usedGas(changes, computation);
    if (netMist(gasUsed) <= budget) {
      const reason = failure ?? insufficientGas();
      const charged = charge(changes, gas, gasUsed);
      return { changes: charged, gasUsed, failure: reason, isStorageFree: false };
    }
  }
  const changes = failedChanges(run.values.inputs, gas);
  const gasUsed = {
    computationMist: budget,
    storageMist: 0n,
    rebateMist: 0n,
    nonRefundableMist: 0n,
  };
  const charged = charge(changes, gas, gasUsed);
  return { changes: charged, gasUsed, failure: insufficientGas(), isStorageFree: true };
}

const insufficientGas = (): ExecutionFailure =>
  new ExecutionFailure({ InsufficientGas: true }, 'InsufficientGas');

function usedGas(changes: readonly DraftChange[], computation: bigint): GasUsed {
  return {
    computationMist: computation,
    storageMist: storageMist(changes),
    ...splitRebate(rebateMist(changes)),
  };
}

function charge(
  changes: readonly DraftChange[],
  gas: GasCoins,
  gasUsed: GasUsed,
): readonly DraftChange[] {
  return changes.map((change) => {
    if (change.id !== gas.first.id || change.after === undefined) return change;
    const coin = coinLayout.parse(change.after.contents);
    const contents = coinLayout
      .serialize({ id: coin.id, balance: coin.balance - netMist(gasUsed) })
      .toBytes();
    return { ...change, after: { ...change.after, contents } };
  });
}

function lamportVersion(checked: CheckedTransaction): bigint {
  const versions = [
    ...checked.gasCoins.map((coin) => coin.version),
    ...checked.inputs.flatMap((input) => (input.kind === 'object' ? [input.object.version] : [])),
  ];
  return versions.reduce((highest, version) => (version > highest ? version : highest), 0n) + 1n;
}

function assignVersion(
  change: DraftChange,
  digest: string,
  version: bigint,
  isStorageFree: boolean,
): ObjectChange {
  const { id, before, after, idOperation } = change;
  if (after === undefined) return { id, before, after, idOperation };
  const owner: Owner =
    after.owner.kind === 'newly-shared' ? { kind: 'shared', initialVersion: version } : after.owner;
  const object = withDigest({
    id,
    version,
    type: after.type,
    owner,
    hasPublicTransfer: after.hasPublicTransfer,
    contents: after.contents,
    previousTransaction: digest,
    storageRebate: isStorageFree
      ? (before?.storageRebate ?? 0n)
      : storageCostMist(after.type, after.contents.length),
  });
  return { id, before, after: object, idOperation };
}

function readOnlyShared(checked: CheckedTransaction): SuiObject[] {
  return checked.inputs.flatMap((input) =>
    input.kind === 'object' && input.access === 'read-only' && input.object.owner.kind === 'shared'
      ? [input.object]
      : [],
  );
}

/** Whoever receives coins other than SUI is looked up in the deny list. */
function writesOtherCoins(changes: readonly ObjectChange[]): boolean {
  return changes.some(
    ({ after }) =>
      after?.owner.kind === 'address' &&
      after.type !== SUI_COIN &&
      coinContentType(after.type) !== undefined,
  );
}

/** Who wrote the inputs. Dynamic fields don't count. */
function dependencies(checked: CheckedTransaction): string[] {
  const digests = new Set<string>(checked.packageTransactions);
  for (const coin of checked.gasCoins) digests.add(coin.previousTransaction);
  for (const input of checked.inputs) {
    if (input.kind === 'object') digests.add(input.object.previousTransaction);
  }
  return [...digests].sort(compareDigests);
}

function compareDigests(left: string, right: string): number {
  return Buffer.compare(fromBase58(left), fromBase58(right));
}
