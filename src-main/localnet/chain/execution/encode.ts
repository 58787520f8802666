/**
 * @file The reverse of decodeTransaction: BCS TransactionData of a transaction.
 */
import { bcs } from '@mysten/sui/bcs';
import type {
  Argument,
  Command,
  Expiration,
  ObjectRef,
  Transaction,
  TransactionInput,
} from './transaction.ts';

export function encodeTransaction(transaction: Transaction): Uint8Array {
  return bcs.TransactionData.serialize({
    V1: {
      kind: {
        ProgrammableTransaction: {
          inputs: transaction.inputs.map(inputValue),
          commands: transaction.commands.map(commandValue),
        },
      },
      sender: transaction.sender,
      gasData: {
        payment: transaction.gas.payment.map(refValue),
        owner: transaction.gas.owner,
        price: transaction.gas.price,
        budget: transaction.gas.budget,
      },
      expiration: expirationValue(transaction.expiration),
    },
  }).toBytes();
}

const refValue = (ref: ObjectRef) => ({
  objectId: ref.objectId,
  version: ref.version,
  digest: ref.digest,
});

function inputValue(input: TransactionInput) {
  switch (input.kind) {
    case 'pure':
      return { Pure: { bytes: input.bytes } };
    case 'owned':
      return { Object: { ImmOrOwnedObject: refValue(input.ref) } };
    case 'shared':
      return {
        Object: {
          SharedObject: {
            objectId: input.objectId,
            initialSharedVersion: input.initialVersion,
            mutable: input.isMutable,
          },
        },
      };
  }
}

function argumentValue(argument: Argument) {
  switch (argument.kind) {
    case 'gas':
      return { GasCoin: true };
    case 'input':
      return { Input: argument.index };
    case 'result':
      return { Result: argument.index };
    case 'nested-result':
      return { NestedResult: [argument.index, argument.subIndex] as [number, number] };
  }
}

function commandValue(command: Command) {
  switch (command.kind) {
    case 'move-call':
      return {
        MoveCall: {
          package: command.package,
          module: command.module,
          function: command.function,
          typeArguments: [...command.typeArguments],
          arguments: command.arguments.map(argumentValue),
        },
      };
    case 'transfer-objects':
      return {
        TransferObjects: {
          objects: command.objects.map(argumentValue),
          address: argumentValue(command.recipient),
        },
      };
    case 'split-coins':
      return {
        SplitCoins: {
          coin: argumentValue(command.coin),
          amounts: command.amounts.map(argumentValue),
        },
      };
    case 'merge-coins':
      return {
        MergeCoins: {
          destination: argumentValue(command.destination),
          sources: command.sources.map(argumentValue),
        },
      };
    case 'make-move-vector':
      return {
        MakeMoveVec: {
          type: command.type ?? null,
          elements: command.elements.map(argumentValue),
        },
      };
  }
}

function expirationValue(expiration: Expiration) {
  switch (expiration.kind) {
    case 'none':
      return { None: true };
    case 'epoch':
      return { Epoch: Number(expiration.epoch) };
    case 'valid-during':
      return {
        ValidDuring: {
          minEpoch: expiration.minEpoch ?? null,
          maxEpoch: expiration.maxEpoch ?? null,
          minTimestamp: null,
          maxTimestamp: null,
          chain: expiration.chain,
          nonce: expiration.nonce,
        },
      };
  }
}
