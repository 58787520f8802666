/**
 * @file Completes a transaction that a gRPC client left open: versions of its objects, which
 * shared ones it changes, gas coins, budget, price.
 */
import { GrpcTypes } from '@mysten/sui/grpc';
import { normalizeSuiAddress } from '@mysten/sui/utils';
import { encodeTransaction } from '../execution/encode.ts';
import {
  estimateBudget,
  GAS_COINS_MAX,
  REFERENCE_GAS_PRICE,
  BUDGET_MIST_MAX,
} from '../execution/gas.ts';
import { coinBalance } from '../execution/finish.ts';
import type {
  Argument,
  Command,
  ObjectRef,
  Transaction,
  TransactionInput,
} from '../execution/transaction.ts';
import type { Framework } from '../move/framework.ts';
import { transactionDigest, type SuiObject } from '../move/object.ts';
import type { ObjectView } from '../store/object-table.ts';
import { invalidArgument, notFound } from './grpc-error.ts';
import type { NodeState } from './node-state.ts';
import { readCommands, readExpiration, readRef } from './proto-transaction.ts';

const { Input_InputKind: InputKind } = GrpcTypes;
/** What a simulation may spend while the budget is still unknown: 50 SUI. */
const SIMULATION_BUDGET_MIST = 50_000_000_000n;

/** The transaction, complete but for gas when `selectGas` is false and none was given. */
export async function resolveTransaction(
  message: GrpcTypes.Transaction,
  selectGas: boolean,
  node: NodeState,
): Promise<Transaction> {
  const data = message.kind?.data;
  if (data?.oneofKind !== 'programmableTransaction') {
    throw invalidArgument('only programmable transactions are accepted');
  }
  const view = node.objects();
  const { framework } = node.ledger;
  const commands = readCommands(data.programmableTransaction.commands);
  const inputs = data.programmableTransaction.inputs.map((input, index) =>
    resolveInput(input, index, commands, framework, view),
  );
  const sender = normalizeSuiAddress(message.sender ?? '0x0');
  const { gasPayment: gas } = message;
  const payment = (gas?.objects ?? []).map((ref) => resolveRef(ref, view));
  const open: Transaction = {
    sender,
    inputs,
    commands,
    gas: {
      payment,
      owner: normalizeSuiAddress(gas?.owner ?? sender),
      price: gas?.price ?? REFERENCE_GAS_PRICE,
      budget: gas?.budget ?? SIMULATION_BUDGET_MIST,
    },
    expiration: readExpiration(message.expiration),
  };
  if (!selectGas) return open;
  const budget = gas?.budget ?? (await estimate(open, node, view));
  const selected = payment.length > 0 ? payment : selectCoins(open, budget, node);
  return { ...open, gas: { ...open.gas, payment: selected, budget } };
}

async function estimate(open: Transaction, node: NodeState, view: ObjectView): Promise<bigint> {
  const unpaid = { ...open, gas: { ...open.gas, payment: [] } };
  const digest = transactionDigest(encodeTransaction(unpaid));
  const { outcome } = await node.ledger.simulate(unpaid, digest, view);
  return estimateBudget(outcome.gasUsed, open.gas.price);
}

/** Coins that cover the budget; all of them when the commands use the gas coin. */
function selectCoins(open: Transaction, budget: bigint, node: NodeState): ObjectRef[] {
  const used = new Set(
    open.inputs.flatMap((input) => (input.kind === 'owned' ? [input.ref.objectId] : [])),
  );
  const coins = node
    .coins(open.gas.owner, '0x2::sui::SUI')
    .filter((coin) => !used.has(coin.id))
    .sort((left, right) => (coinBalance(left) > coinBalance(right) ? -1 : 1))
    .slice(0, GAS_COINS_MAX);
  const usesGasCoin = open.commands.some((command) =>
    argumentsOf(command).some((argument) => argument.kind === 'gas'),
  );
  const selected: SuiObject[] = [];
  let total = 0n;
  for (const coin of coins) {
    if (total >= budget && !usesGasCoin) break;
    selected.push(coin);
    total += coinBalance(coin);
  }
  if (total < budget || budget > BUDGET_MIST_MAX) {
    throw invalidArgument(
      `Unable to perform gas selection due to insufficient SUI balance for account ${open.gas.owner} to satisfy required budget ${String(budget)}.`,
    );
  }
  return selected.map(refOf);
}

const refOf = (object: SuiObject): ObjectRef => ({
  objectId: object.id,
  version: object.version,
  digest: object.digest,
});

function resolveRef(message: GrpcTypes.ObjectReference, view: ObjectView): ObjectRef {
  return readRef(message) ?? refOf(find(message.objectId, view));
}

function find(id: string | undefined, view: ObjectView): SuiObject {
  const normalized = normalizeSuiAddress(id ?? '');
  const object = view.get(normalized);
  if (object === undefined) throw notFound(`Object ${normalized} not found`);
  return object;
}

function resolveInput(
  input: GrpcTypes.Input,
  index: number,
  commands: readonly Command[],
  framework: Framework,
  view: ObjectView,
): TransactionInput {
  if (input.pure !== undefined) return { kind: 'pure', bytes: input.pure };
  if (input.literal !== undefined || input.fundsWithdrawal !== undefined) {
    throw invalidArgument(`input ${String(index)} is of a kind that is not accepted`);
  }
  if (input.objectId === undefined) throw invalidArgument(`input ${String(index)} is empty`);
  const object = find(input.objectId, view);
  const { owner } = object;
  if (owner.kind === 'shared') {
    const isMutable = input.mutable ?? isUsedMutably(index, commands, framework);
    const initialVersion =
      input.kind === InputKind.SHARED && input.version !== undefined
        ? input.version
        : owner.initialVersion;
    return { kind: 'shared', objectId: object.id, initialVersion, isMutable };
  }
  const { objectId, version, digest } = input;
  const given = readRef({
    objectId,
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { digest }),
  });
  return { kind: 'owned', ref: given ?? refOf(object) };
}

function argumentsOf(command: Command): readonly Argument[] {
  switch (command.kind) {
    case 'move-call':
      return command.arguments;
    case 'transfer-objects':
      return [...command.objects, command.recipient];
    case 'split-coins':
      return [command.coin, ...command.amounts];
    case 'merge-coins':
      return [command.destination, ...command.sources];
    case 'make-move-vector':
      return command.elements;
  }
}

/** Whether some command takes the input other than by `&`. */
function isUsedMutably(index: number, commands: readonly Command[], framework: Framework): boolean {
  return commands.some((command) =>
    argumentsOf(command).some((argument, position) => {
      if (argument.kind !== 'input' || argument.index !== index) return false;
      if (command.kind !== 'move-call') return true;
      const signature = framework.function(command.package, command.module, command.function);
      return signature?.parameters[position]?.reference !== 'immutable';
    }),
  );
}
