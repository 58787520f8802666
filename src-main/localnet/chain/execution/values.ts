/**
 * @file Values that pass between the commands of a transaction, used the way Move allows.
 *
 * A value without `copy` can be taken once; one without `drop` must be taken. References live for
 * one command only, so borrowing needs no bookkeeping beyond "is it still there".
 */
import { ExecutionFailure, type FailureStatus } from '../move/abort.ts';
import type { Framework } from '../move/framework.ts';
import type { SuiObject } from '../move/object.ts';
import { typeText, type MoveType } from '../move/types.ts';
import type { Argument } from './transaction.ts';

export interface MoveValue {
  readonly type: MoveType;
  readonly data: unknown;
}

/** A place that holds a value until it is taken. */
interface Slot {
  value: MoveValue | undefined;
}

export type InputSlot =
  | { readonly kind: 'pure'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'object';
      readonly object: SuiObject;
      readonly access: 'owned' | 'shared-mutable' | 'read-only';
      value: MoveValue | undefined;
    };

/** What a command wants an argument for. */
export type Use = 'by-value' | 'mutable' | 'immutable';

type ArgumentProblem = Extract<
  FailureStatus,
  { CommandArgumentError: unknown }
>['CommandArgumentError']['kind'];

/** An argument that cannot be what the command needs. */
export function argumentFailure(
  command: number,
  index: number,
  problem: ArgumentProblem,
  text: string,
): ExecutionFailure {
  return new ExecutionFailure(
    { CommandArgumentError: { argIdx: index, kind: problem } },
    `CommandArgumentError { arg_idx: ${String(index)}, kind: ${text} }`,
    { command },
  );
}

/** Inputs and results so far. */
export class Values {
  readonly inputs: InputSlot[];
  readonly gas: { value: MoveValue | undefined } | undefined;
  readonly #results: Slot[][] = [];
  readonly #framework: Framework;

  constructor(framework: Framework, inputs: InputSlot[], gas: MoveValue | undefined) {
    this.#framework = framework;
    this.inputs = inputs;
    this.gas = gas === undefined ? undefined : { value: gas };
  }

  pushResults(values: readonly MoveValue[]): void {
    this.#results.push(values.map((value) => ({ value })));
  }

  /**
   * The value of an argument of a known type.
   * Throws ExecutionFailure when it is of another type, taken, or not usable in this way.
   */
  use(argument: Argument, type: MoveType, use: Use, command: number, index: number): MoveValue {
    const pure = this.#pure(argument);
    if (pure !== undefined) return this.#decodePure(pure, type, use, command, index);
    const value = this.useAny(argument, use, command, index);
    if (typeText(value.type) !== typeText(type)) {
      throw argumentFailure(command, index, { TypeMismatch: true }, 'TypeMismatch');
    }
    return value;
  }

  /** As `use`, for an argument that may have any type but isn't pure bytes. */
  useAny(argument: Argument, use: Use, command: number, index: number): MoveValue {
    const slot = this.#slot(argument, use, command, index);
    const { value } = slot;
    if (value === undefined) {
      throw argumentFailure(command, index, { InvalidValueUsage: true }, 'InvalidValueUsage');
    }
    const isCopied = use !== 'by-value' || this.#framework.abilities(value.type).has('copy');
    if (!isCopied) slot.value = undefined;
    return value;
  }

  /** The type an argument has now, without using it. Undefined for pure bytes. */
  typeOf(argument: Argument): MoveType | undefined {
    switch (argument.kind) {
      case 'gas':
        return this.gas?.value?.type;
      case 'input': {
        const input = this.inputs[argument.index];
        return input?.kind === 'object' ? input.value?.type : undefined;
      }
      case 'result':
        return this.#results[argument.index]?.[0]?.value?.type;
      case 'nested-result':
        return this.#results[argument.index]?.[argument.subIndex]?.value?.type;
    }
  }

  /** Results that nobody took and that Move doesn't let go. */
  assertAllUsed(): void {
    for (const [resultIndex, slots] of this.#results.entries()) {
      for (const [secondaryIndex, { value }] of slots.entries()) {
        if (value === undefined || this.#framework.abilities(value.type).has('drop')) continue;
        throw new ExecutionFailure(
          { UnusedValueWithoutDrop: { resultIdx: resultIndex, secondaryIdx: secondaryIndex } },
          `UnusedValueWithoutDrop { result_idx: ${String(resultIndex)}, secondary_idx: ${String(secondaryIndex)} }`,
        );
      }
    }
  }

  #pure(argument: Argument): Uint8Array | undefined {
    if (argument.kind !== 'input') return undefined;
    const input = this.inputs[argument.index];
    return input?.kind === 'pure' ? input.bytes : undefined;
  }

  #decodePure(
    bytes: Uint8Array,
    type: MoveType,
    use: Use,
    command: number,
    index: number,
  ): MoveValue {
    if (!this.#isPureType(type) || use === 'mutable') {
      throw argumentFailure(command, index, { TypeMismatch: true }, 'TypeMismatch');
    }
    const layout = this.#framework.layout(type);
    try {
      const data: unknown = layout.parse(bytes);
      // Trailing bytes are an error in Move; the parser leaves them unread.
      if (layout.serialize(data).toBytes().length === bytes.length) return { type, data };
    } catch {
      // Falls through to the one refusal.
    }
    throw argumentFailure(command, index, { InvalidBCSBytes: true }, 'InvalidBCSBytes');
  }

  #isPureType(type: MoveType): boolean {
    if (type.kind === 'primitive') return type.name !== 'signer';
    if (type.kind === 'vector') return this.#isPureType(type.element);
    if (type.kind !== 'struct') return false;
    if (type.name === 'Option') return type.typeArguments.every((of) => this.#isPureType(of));
    return type.name === 'String' || type.name === 'ID';
  }

  #slot(argument: Argument, use: Use, command: number, index: number): Slot {
    switch (argument.kind) {
      case 'gas':
        if (this.gas === undefined) {
          throw argumentFailure(command, index, { InvalidValueUsage: true }, 'InvalidValueUsage');
        }
        return this.gas;
      case 'input':
        return this.#inputSlot(argument.index, use, command, index);
      case 'result': {
        const results = this.#results[argument.index];
        if (results === undefined) throw outOfBounds(command, index, argument.index);
        if (results.length !== 1 || results[0] === undefined) {
          throw argumentFailure(
            command,
            index,
            { InvalidResultArity: { resultIdx: argument.index } },
            `InvalidResultArity { result_idx: ${String(argument.index)} }`,
          );
        }
        return results[0];
      }
      case 'nested-result': {
        const results = this.#results[argument.index];
        if (results === undefined) throw outOfBounds(command, index, argument.index);
        const slot = results[argument.subIndex];
        if (slot !== undefined) return slot;
        throw argumentFailure(
          command,
          index,
          {
            SecondaryIndexOutOfBounds: {
              resultIdx: argument.index,
              secondaryIdx: argument.subIndex,
            },
          },
          `SecondaryIndexOutOfBounds { result_idx: ${String(argument.index)}, secondary_idx: ${String(argument.subIndex)} }`,
        );
      }
    }
  }

  #inputSlot(position: number, use: Use, command: number, index: number): Slot {
    const input = this.inputs[position];
    if (input === undefined) throw outOfBounds(command, index, position);
    if (input.kind === 'pure') {
      throw argumentFailure(command, index, { TypeMismatch: true }, 'TypeMismatch');
    }
    if (use === 'mutable' && input.access === 'read-only') {
      throw argumentFailure(
        command,
        index,
        { InvalidObjectByMutRef: true },
        'InvalidObjectByMutRef',
      );
    }
    if (use === 'by-value' && input.access !== 'owned') {
      throw argumentFailure(command, index, { InvalidObjectByValue: true }, 'InvalidObjectByValue');
    }
    return input;
  }
}

function outOfBounds(command: number, index: number, position: number): ExecutionFailure {
  return argumentFailure(
    command,
    index,
    { IndexOutOfBounds: { idx: position } },
    `IndexOutOfBounds { idx: ${String(position)} }`,
  );
}
