/**
 * @file A transaction as the machine executes it, whatever it was decoded from.
 */
import { bcs } from '@mysten/sui/bcs';
import { normalizeSuiAddress } from '@mysten/sui/utils';
import { InputRefused } from './refusal.ts';

export interface ObjectRef {
  readonly objectId: string;
  readonly version: bigint;
  readonly digest: string;
}

export type TransactionInput =
  | { readonly kind: 'pure'; readonly bytes: Uint8Array }
  | { readonly kind: 'owned'; readonly ref: ObjectRef }
  | {
      readonly kind: 'shared';
      readonly objectId: string;
      readonly initialVersion: bigint;
      readonly isMutable: boolean;
    };

export type Argument =
  | { readonly kind: 'gas' }
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'result'; readonly index: number }
  | { readonly kind: 'nested-result'; readonly index: number; readonly subIndex: number };

export type Command =
  | {
      readonly kind: 'move-call';
      readonly package: string;
      readonly module: string;
      readonly function: string;
      readonly typeArguments: readonly string[];
      readonly arguments: readonly Argument[];
    }
  | {
      readonly kind: 'transfer-objects';
      readonly objects: readonly Argument[];
      readonly recipient: Argument;
    }
  | {
      readonly kind: 'split-coins';
      readonly coin: Argument;
      readonly amounts: readonly Argument[];
    }
  | {
      readonly kind: 'merge-coins';
      readonly destination: Argument;
      readonly sources: readonly Argument[];
    }
  | {
      readonly kind: 'make-move-vector';
      readonly type: string | undefined;
      readonly elements: readonly Argument[];
    };

export type Expiration =
  | { readonly kind: 'none' }
  | { readonly kind: 'epoch'; readonly epoch: bigint }
  | {
      readonly kind: 'valid-during';
      readonly minEpoch: bigint | undefined;
      readonly maxEpoch: bigint | undefined;
      readonly chain: string;
      readonly nonce: number;
    };

export interface GasData {
  readonly payment: readonly ObjectRef[];
  readonly owner: string;
  readonly price: bigint;
  readonly budget: bigint;
}

export interface Transaction {
  readonly sender: string;
  readonly inputs: readonly TransactionInput[];
  readonly commands: readonly Command[];
  readonly gas: GasData;
  readonly expiration: Expiration;
}

type Data = Extract<typeof bcs.TransactionData.$inferType, { V1: unknown }>['V1'];
type ProgrammableKind = Extract<Data['kind'], { ProgrammableTransaction: unknown }>;
type BcsProgrammable = ProgrammableKind['ProgrammableTransaction'];
type BcsInput = BcsProgrammable['inputs'][number];
type BcsCommand = BcsProgrammable['commands'][number];
type BcsArgument = Extract<BcsCommand, { SplitCoins: unknown }>['SplitCoins']['coin'];

/** Decode BCS TransactionData. Throws InputRefused for what this chain doesn't execute. */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  let data: typeof bcs.TransactionData.$inferType;
  try {
    data = bcs.TransactionData.parse(bytes);
  } catch (error) {
    throw new InputRefused('malformed', `Deserialization error: ${String(error)}`);
  }
  const { sender, kind, gasData, expiration } = data.V1;
  if (kind.ProgrammableTransaction === undefined) {
    throw new InputRefused('unsupported', 'only programmable transactions are accepted');
  }
  return {
    sender: normalizeSuiAddress(sender),
    inputs: kind.ProgrammableTransaction.inputs.map(decodeInput),
    commands: kind.ProgrammableTransaction.commands.map(decodeCommand),
    gas: {
      payment: gasData.payment.map(decodeRef),
      owner: normalizeSuiAddress(gasData.owner),
      price: BigInt(gasData.price),
      budget: BigInt(gasData.budget),
    },
    expiration: decodeExpiration(expiration),
  };
}

interface BcsRef {
  readonly objectId: string;
  readonly version: string;
  readonly digest: string;
}

const decodeRef = (ref: BcsRef): ObjectRef => ({
  objectId: normalizeSuiAddress(ref.objectId),
  version: BigInt(ref.version),
  digest: ref.digest,
});

function decodeInput(input: BcsInput): TransactionInput {
  if (input.Pure !== undefined) {
    return { kind: 'pure', bytes: new Uint8Array(Buffer.from(input.Pure.bytes, 'base64')) };
  }
  const object = input.Object;
  if (object?.ImmOrOwnedObject !== undefined) {
    return { kind: 'owned', ref: decodeRef(object.ImmOrOwnedObject) };
  }
  if (object?.SharedObject !== undefined) {
    return {
      kind: 'shared',
      objectId: normalizeSuiAddress(object.SharedObject.objectId),
      initialVersion: BigInt(object.SharedObject.initialSharedVersion),
      isMutable: object.SharedObject.mutable,
    };
  }
  throw new InputRefused('unsupported', `inputs of kind ${input.$kind} are not accepted here`);
}

function decodeCommand(command: BcsCommand): Command {
  if (command.MoveCall !== undefined) {
    const call = command.MoveCall;
    return {
      kind: 'move-call',
      package: normalizeSuiAddress(call.package),
      module: call.module,
      function: call.function,
      typeArguments: call.typeArguments,
      arguments: call.arguments.map(decodeArgument),
    };
  }
  if (command.TransferObjects !== undefined) {
    return {
      kind: 'transfer-objects',
      objects: command.TransferObjects.objects.map(decodeArgument),
      recipient: decodeArgument(command.TransferObjects.address),
    };
  }
  if (command.SplitCoins !== undefined) {
    return {
      kind: 'split-coins',
      coin: decodeArgument(command.SplitCoins.coin),
      amounts: command.SplitCoins.amounts.map(decodeArgument),
    };
  }
  if (command.MergeCoins !== undefined) {
    return {
      kind: 'merge-coins',
      destination: decodeArgument(command.MergeCoins.destination),
      sources: command.MergeCoins.sources.map(decodeArgument),
    };
  }
  if (command.MakeMoveVec !== undefined) {
    return {
      kind: 'make-move-vector',
      type: command.MakeMoveVec.type ?? undefined,
      elements: command.MakeMoveVec.elements.map(decodeArgument),
    };
  }
  throw new InputRefused('unsupported', `commands of kind ${command.$kind} are not accepted here`);
}

function decodeArgument(argument: BcsArgument): Argument {
  if (argument.Input !== undefined) return { kind: 'input', index: argument.Input };
  if (argument.Result !== undefined) return { kind: 'result', index: argument.Result };
  if (argument.NestedResult !== undefined) {
    const [index, subIndex] = argument.NestedResult;
    return { kind: 'nested-result', index, subIndex };
  }
  return { kind: 'gas' };
}

function decodeExpiration(expiration: Data['expiration']): Expiration {
  if (expiration.Epoch !== undefined) return { kind: 'epoch', epoch: BigInt(expiration.Epoch) };
  if (expiration.ValidDuring !== undefined) {
    const { minEpoch, maxEpoch, chain, nonce } = expiration.ValidDuring;
    return {
      kind: 'valid-during',
      minEpoch: minEpoch === null ? undefined : BigInt(minEpoch),
      maxEpoch: maxEpoch === null ? undefined : BigInt(maxEpoch),
      chain,
      nonce,
    };
  }
  if (expiration.Validity !== undefined) {
    throw new InputRefused('unsupported', 'expirations of kind Validity are not accepted here');
  }
  return { kind: 'none' };
}
