/**
 * @file Transactions as protobuf messages, in both directions.
 */
import { GrpcTypes } from '@mysten/sui/grpc';
import { normalizeSuiAddress } from '@mysten/sui/utils';
import type {
  Argument,
  Command,
  Expiration,
  ObjectRef,
  Transaction,
  TransactionInput,
} from '../execution/transaction.ts';
import { invalidArgument } from './grpc-error.ts';

const {
  Argument_ArgumentKind: ArgumentKind,
  Input_InputKind: InputKind,
  TransactionExpiration_TransactionExpirationKind: ExpirationKind,
} = GrpcTypes;

/** The message of a fully resolved transaction. */
export function transactionMessage(
  transaction: Transaction,
  digest: string,
  bytes: Uint8Array,
): GrpcTypes.Transaction {
  return GrpcTypes.Transaction.create({
    bcs: { name: 'TransactionData', value: bytes },
    digest,
    version: 1,
    kind: {
      kind: GrpcTypes.TransactionKind_Kind.PROGRAMMABLE_TRANSACTION,
      data: {
        oneofKind: 'programmableTransaction',
        programmableTransaction: {
          inputs: transaction.inputs.map(inputMessage),
          commands: transaction.commands.map(commandMessage),
        },
      },
    },
    sender: transaction.sender,
    gasPayment: {
      objects: transaction.gas.payment.map((ref) => ({ ...ref })),
      owner: transaction.gas.owner,
      price: transaction.gas.price,
      budget: transaction.gas.budget,
    },
    expiration: expirationMessage(transaction.expiration),
  });
}

function inputMessage(input: TransactionInput): GrpcTypes.Input {
  switch (input.kind) {
    case 'pure':
      return GrpcTypes.Input.create({ kind: InputKind.PURE, pure: input.bytes });
    case 'owned':
      return GrpcTypes.Input.create({ kind: InputKind.IMMUTABLE_OR_OWNED, ...input.ref });
    case 'shared':
      return GrpcTypes.Input.create({
        kind: InputKind.SHARED,
        objectId: input.objectId,
        version: input.initialVersion,
        mutable: input.isMutable,
      });
  }
}

function argumentMessage(argument: Argument): GrpcTypes.Argument {
  switch (argument.kind) {
    case 'gas':
      return { kind: ArgumentKind.GAS };
    case 'input':
      return { kind: ArgumentKind.INPUT, input: argument.index };
    case 'result':
      return { kind: ArgumentKind.RESULT, result: argument.index };
    case 'nested-result':
      return {
        kind: ArgumentKind.RESULT,
        result: argument.index,
        subresult: argument.subIndex,
      };
  }
}

function commandMessage(command: Command): GrpcTypes.Command {
  switch (command.kind) {
    case 'move-call':
      return {
        command: {
          oneofKind: 'moveCall',
          moveCall: {
            package: command.package,
            module: command.module,
            function: command.function,
            typeArguments: [...command.typeArguments],
            arguments: command.arguments.map(argumentMessage),
          },
        },
      };
    case 'transfer-objects':
      return {
        command: {
          oneofKind: 'transferObjects',
          transferObjects: {
            objects: command.objects.map(argumentMessage),
            address: argumentMessage(command.recipient),
          },
        },
      };
    case 'split-coins':
      return {
        command: {
          oneofKind: 'splitCoins',
          splitCoins: {
            coin: argumentMessage(command.coin),
            amounts: command.amounts.map(argumentMessage),
          },
        },
      };
    case 'merge-coins':
      return {
        command: {
          oneofKind: 'mergeCoins',
          mergeCoins: {
            coin: argumentMessage(command.destination),
            coinsToMerge: command.sources.map(argumentMessage),
          },
        },
      };
    case 'make-move-vector':
      return {
        command: {
          oneofKind: 'makeMoveVector',
          makeMoveVector: {
            ...(command.type === undefined ? {} : { elementType: command.type }),
            elements: command.elements.map(argumentMessage),
          },
        },
      };
  }
}

function expirationMessage(expiration: Expiration): GrpcTypes.TransactionExpiration {
  switch (expiration.kind) {
    case 'none':
      return GrpcTypes.TransactionExpiration.create({ kind: ExpirationKind.NONE });
    case 'epoch':
      return GrpcTypes.TransactionExpiration.create({
        kind: ExpirationKind.EPOCH,
        epoch: expiration.epoch,
      });
    case 'valid-during':
      return GrpcTypes.TransactionExpiration.create({
        kind: ExpirationKind.VALID_DURING,
        ...(expiration.minEpoch === undefined ? {} : { minEpoch: expiration.minEpoch }),
        ...(expiration.maxEpoch === undefined ? {} : { epoch: expiration.maxEpoch }),
        chain: expiration.chain,
        nonce: expiration.nonce,
      });
  }
}

/** Commands of a message. Throws GrpcFailure for what this chain doesn't execute. */
export function readCommands(messages: readonly GrpcTypes.Command[]): Command[] {
  return messages.map(({ command }): Command => {
    switch (command.oneofKind) {
      case 'moveCall':
        return {
          kind: 'move-call',
          package: normalizeSuiAddress(command.moveCall.package ?? ''),
          module: command.moveCall.module ?? '',
          function: command.moveCall.function ?? '',
          typeArguments: command.moveCall.typeArguments,
          arguments: command.moveCall.arguments.map(readArgument),
        };
      case 'transferObjects':
        return {
          kind: 'transfer-objects',
          objects: command.transferObjects.objects.map(readArgument),
          recipient: readArgument(command.transferObjects.address),
        };
      case 'splitCoins':
        return {
          kind: 'split-coins',
          coin: readArgument(command.splitCoins.coin),
          amounts: command.splitCoins.amounts.map(readArgument),
        };
      case 'mergeCoins':
        return {
          kind: 'merge-coins',
          destination: readArgument(command.mergeCoins.coin),
          sources: command.mergeCoins.coinsToMerge.map(readArgument),
        };
      case 'makeMoveVector':
        return {
          kind: 'make-move-vector',
          type: command.makeMoveVector.elementType,
          elements: command.makeMoveVector.elements.map(readArgument),
        };
      case 'publish':
      case 'upgrade':
      case undefined:
        throw invalidArgument(`commands of kind ${command.oneofKind ?? 'none'} are not accepted`);
    }
  });
}

function readArgument(message: GrpcTypes.Argument | undefined): Argument {
  switch (message?.kind) {
    case ArgumentKind.GAS:
      return { kind: 'gas' };
    case ArgumentKind.INPUT:
      return { kind: 'input', index: message.input ?? 0 };
    case ArgumentKind.RESULT:
      return message.subresult === undefined
        ? { kind: 'result', index: message.result ?? 0 }
        : { kind: 'nested-result', index: message.result ?? 0, subIndex: message.subresult };
    case ArgumentKind.ARGUMENT_KIND_UNKNOWN:
    case undefined:
      throw invalidArgument('an argument has no kind');
  }
}

export function readExpiration(message: GrpcTypes.TransactionExpiration | undefined): Expiration {
  switch (message?.kind) {
    case undefined:
    case ExpirationKind.TRANSACTION_EXPIRATION_KIND_UNKNOWN:
    case ExpirationKind.NONE:
      return { kind: 'none' };
    case ExpirationKind.EPOCH:
      return { kind: 'epoch', epoch: message.epoch ?? 0n };
    case ExpirationKind.VALID_DURING:
      return {
        kind: 'valid-during',
        minEpoch: message.minEpoch,
        maxEpoch: message.epoch,
        chain: message.chain ?? '',
        nonce: message.nonce ?? 0,
      };
    case ExpirationKind.VALIDITY:
      throw invalidArgument('expirations of kind VALIDITY are not accepted');
  }
}

/** A complete reference, or undefined when version or digest is missing. */
export function readRef(message: GrpcTypes.ObjectReference): ObjectRef | undefined {
  if (message.version === undefined || message.digest === undefined) return undefined;
  return {
    objectId: normalizeSuiAddress(message.objectId ?? ''),
    version: message.version,
    digest: message.digest,
  };
}
