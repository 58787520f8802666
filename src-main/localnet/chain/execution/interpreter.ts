/**
 * @file Runs the commands of a programmable transaction.
 */
import { splitBalance, joinBalance } from '../contracts/balance.ts';
import { sites } from '../contracts/abort-sites.ts';
import type { CoinStruct } from '../contracts/layouts.ts';
import {
  ExecutionFailure,
  MoveAbort,
  moveAbortFailure,
  MoveArithmeticError,
} from '../move/abort.ts';
import type { Call } from '../move/call.ts';
import type { FunctionSignature } from '../move/framework.ts';
import { coinContentType } from '../move/object.ts';
import {
  parseMoveType,
  primitive,
  substitute,
  typeText,
  vectorOf,
  type MoveType,
} from '../move/types.ts';
import type { Machine } from './machine.ts';
import type { Argument, Command } from './transaction.ts';
import { argumentFailure, type MoveValue, type Values } from './values.ts';

type CommandOf<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/**
 * Run all commands. The outcome is in `machine` and in what is left in `values`.
 * Throws ExecutionFailure.
 */
export async function runCommands(
  machine: Machine,
  values: Values,
  commands: readonly Command[],
): Promise<void> {
  for (const [index, command] of commands.entries()) {
    try {
      values.pushResults(await runCommand(machine, values, command, index));
    } catch (error) {
      throw asFailure(machine, error, index);
    }
  }
  values.assertAllUsed();
}

function asFailure(machine: Machine, error: unknown, command: number): unknown {
  if (error instanceof MoveAbort) {
    const { site } = error;
    const [packageName = '', module = ''] = site.module.split('::');
    const location = { ...site, address: machine.framework.addressOf(packageName), module };
    return moveAbortFailure(location, command);
  }
  if (error instanceof MoveArithmeticError) {
    return new ExecutionFailure(
      { MovePrimitiveRuntimeError: null },
      'MovePrimitiveRuntimeError(MoveLocationOpt(None))',
      { command },
    );
  }
  return error;
}

async function runCommand(
  machine: Machine,
  values: Values,
  command: Command,
  index: number,
): Promise<readonly MoveValue[]> {
  switch (command.kind) {
    case 'move-call':
      return runMoveCall(machine, values, command, index);
    case 'transfer-objects':
      return transferObjects(machine, values, command, index);
    case 'split-coins':
      return splitCoins(machine, values, command, index);
    case 'merge-coins':
      return mergeCoins(machine, values, command, index);
    case 'make-move-vector':
      return makeVector(machine, values, command, index);
  }
}

async function runMoveCall(
  machine: Machine,
  values: Values,
  command: CommandOf<'move-call'>,
  index: number,
): Promise<readonly MoveValue[]> {
  const { framework } = machine;
  const signature = framework.function(command.package, command.module, command.function);
  if (signature === undefined) {
    throw new ExecutionFailure({ FunctionNotFound: true }, 'FunctionNotFound', { command: index });
  }
  const typeArguments = readTypeArguments(machine, signature, command, index);
  if (command.arguments.length !== signature.parameters.length) {
    throw new ExecutionFailure({ ArityMismatch: true }, 'ArityMismatch', { command: index });
  }
  const given = signature.parameters.map((parameter, position) => {
    const argument = command.arguments[position] as Argument;
    refuseGasByValue(argument, parameter.reference === undefined, index, position);
    const type = substitute(parameter.type, typeArguments);
    return values.use(argument, type, parameter.reference ?? 'by-value', index, position);
  });
  const call = makeCall(machine, signature, typeArguments, given);
  const results = (await signature.run(call)) ?? [];
  return signature.returns.map((type, position) => ({
    type: substitute(type, typeArguments),
    data: results[position],
  }));
}

function refuseGasByValue(
  argument: Argument,
  isByValue: boolean,
  command: number,
  position: number,
): void {
  if (argument.kind === 'gas' && isByValue) {
    throw argumentFailure(command, position, { InvalidGasCoinUsage: true }, 'InvalidGasCoinUsage');
  }
}

function readTypeArguments(
  machine: Machine,
  signature: FunctionSignature,
  command: CommandOf<'move-call'>,
  index: number,
): readonly MoveType[] {
  if (command.typeArguments.length !== signature.typeParameters.length) {
    throw new ExecutionFailure({ TypeArityMismatch: true }, 'TypeArityMismatch', {
      command: index,
    });
  }
  return command.typeArguments.map((text, position) => {
    const type = parseMoveType(text);
    if (type.kind === 'struct' && machine.framework.struct(type) === undefined) {
      throw typeArgumentFailure(index, position, 'TypeNotFound');
    }
    const abilities = machine.framework.abilities(type);
    const needed = signature.typeParameters[position] ?? [];
    if (!needed.every((ability) => abilities.has(ability))) {
      throw typeArgumentFailure(index, position, 'ConstraintNotSatisfied');
    }
    return type;
  });
}

function typeArgumentFailure(
  command: number,
  position: number,
  kind: 'TypeNotFound' | 'ConstraintNotSatisfied',
): ExecutionFailure {
  const problem =
    kind === 'TypeNotFound' ? { TypeNotFound: true } : { ConstraintNotSatisfied: true };
  return new ExecutionFailure(
    { TypeArgumentError: { argumentIdx: position, kind: problem } },
    `TypeArgumentError { argument_idx: ${String(position)}, kind: ${kind} }`,
    { command },
  );
}

function makeCall(
  machine: Machine,
  signature: FunctionSignature,
  typeArguments: readonly MoveType[],
  given: readonly MoveValue[],
): Call {
  const place = { packageId: signature.address, module: signature.module };
  return {
    typeArguments,
    sender: machine.sender,
    fields: machine.fields,
    type: (text) => machine.framework.type(text),
    argument: <Value>(position: number) => given[position]?.data as Value,
    newId: () => machine.newId(),
    deleteId: (id) => {
      machine.deleteId(id);
    },
    emit: (type, value) => {
      machine.emit(place, machine.framework.type(type), value);
    },
    share: (type, value) => {
      machine.write({
        id: value.id,
        type: machine.framework.type(type),
        value,
        owner: { kind: 'newly-shared' },
      });
    },
    transfer: (type, value, recipient) => {
      machine.write({
        id: value.id,
        type,
        value,
        owner: { kind: 'address', address: recipient },
      });
    },
  };
}

function transferObjects(
  machine: Machine,
  values: Values,
  command: CommandOf<'transfer-objects'>,
  index: number,
): readonly MoveValue[] {
  const taken = command.objects.map((argument, position) => {
    const value = values.useAny(argument, 'by-value', index, position);
    const abilities = machine.framework.abilities(value.type);
    if (!abilities.has('key') || !abilities.has('store')) {
      throw argumentFailure(
        index,
        position,
        { InvalidTransferObject: true },
        'InvalidTransferObject',
      );
    }
    return value;
  });
  const recipient = values.use(
    command.recipient,
    primitive('address'),
    'by-value',
    index,
    command.objects.length,
  ).data as string;
  for (const { type, data } of taken) {
    const { id } = data as { id: string };
    machine.write({ id, type, value: data, owner: { kind: 'address', address: recipient } });
  }
  return [];
}

function useCoin(
  values: Values,
  argument: Argument,
  use: 'by-value' | 'mutable',
  command: number,
  position: number,
): MoveValue {
  const value = values.useAny(argument, use, command, position);
  if (coinContentType(typeText(value.type)) === undefined) {
    throw argumentFailure(command, position, { TypeMismatch: true }, 'TypeMismatch');
  }
  return value;
}

function splitCoins(
  machine: Machine,
  values: Values,
  command: CommandOf<'split-coins'>,
  index: number,
): readonly MoveValue[] {
  const { type, data } = useCoin(values, command.coin, 'mutable', index, 0);
  const coin = data as CoinStruct;
  const amounts = command.amounts.map(
    (argument, position) =>
      values.use(argument, primitive('u64'), 'by-value', index, position + 1).data as bigint,
  );
  return amounts.map((amount) => {
    if (coin.balance < amount) {
      throw new ExecutionFailure({ InsufficientCoinBalance: true }, 'InsufficientCoinBalance', {
        command: index,
      });
    }
    coin.balance = splitBalance(coin.balance, amount);
    return { type, data: { id: machine.newId(), balance: amount } };
  });
}

function mergeCoins(
  machine: Machine,
  values: Values,
  command: CommandOf<'merge-coins'>,
  index: number,
): readonly MoveValue[] {
  const destination = useCoin(values, command.destination, 'mutable', index, 0);
  const coin = destination.data as CoinStruct;
  for (const [position, argument] of command.sources.entries()) {
    refuseGasByValue(argument, true, index, position + 1);
    const source = useCoin(values, argument, 'by-value', index, position + 1);
    if (typeText(source.type) !== typeText(destination.type)) {
      throw argumentFailure(index, position + 1, { TypeMismatch: true }, 'TypeMismatch');
    }
    const { id, balance } = source.data as CoinStruct;
    if (id === coin.id) throw new MoveAbort(sites.balanceOverflow);
    machine.deleteId(id);
    coin.balance = joinBalance(coin.balance, balance);
  }
  return [];
}

function makeVector(
  machine: Machine,
  values: Values,
  command: CommandOf<'make-move-vector'>,
  index: number,
): readonly MoveValue[] {
  const head = command.elements[0];
  const type =
    command.type !== undefined
      ? parseMoveType(command.type)
      : head === undefined
        ? undefined
        : values.typeOf(head);
  if (type === undefined || (command.type === undefined && !isObject(machine, type))) {
    throw argumentFailure(
      index,
      0,
      { InvalidMakeMoveVecNonObjectArgument: true },
      'InvalidMakeMoveVecNonObjectArgument',
    );
  }
  const elements = command.elements.map((argument, position) => {
    refuseGasByValue(argument, true, index, position);
    return values.use(argument, type, 'by-value', index, position).data;
  });
  const isBytes = type.kind === 'primitive' && type.name === 'u8';
  const data = isBytes ? new Uint8Array(elements as number[]) : elements;
  return [{ type: vectorOf(type), data }];
}

const isObject = (machine: Machine, type: MoveType): boolean =>
  machine.framework.abilities(type).has('key');
