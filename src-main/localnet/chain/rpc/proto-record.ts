/**
 * @file Executed transactions as protobuf messages.
 */
import { GrpcTypes } from '@mysten/sui/grpc';
import { DENY_LIST_ID } from '../execution/effects.ts';
import { decodeTransaction } from '../execution/transaction.ts';
import type {
  RecordedChange,
  RecordedFailure,
  RecordedOwner,
  TransactionRecord,
} from '../store/records.ts';
import { protoJson } from './proto-json.ts';
import { transactionMessage } from './proto-transaction.ts';

const {
  ChangedObject_IdOperation: IdOperation,
  ChangedObject_InputObjectState: InputState,
  ChangedObject_OutputObjectState: OutputState,
  CommandArgumentError_CommandArgumentErrorKind: ArgumentErrorKind,
  ExecutionError_ExecutionErrorKind: ErrorKind,
  Owner_OwnerKind: OwnerKind,
  UnchangedConsensusObject_UnchangedConsensusObjectKind: UnchangedKind,
} = GrpcTypes;

/** What is known of a transaction, executed or simulated. */
export interface ToldTransaction {
  readonly record: TransactionRecord;
  readonly effects: Uint8Array;
  readonly bytes: Uint8Array | undefined;
  readonly signatures: readonly string[];
  readonly checkpoint?: number;
  readonly committedMs?: number;
}

export function executedTransactionMessage(told: ToldTransaction): GrpcTypes.ExecutedTransaction {
  const { record, bytes } = told;
  return GrpcTypes.ExecutedTransaction.create({
    digest: record.digest,
    ...(bytes === undefined
      ? {}
      : { transaction: transactionMessage(decodeTransaction(bytes), record.digest, bytes) }),
    signatures: told.signatures.map((signature) => ({
      bcs: { value: new Uint8Array(Buffer.from(signature, 'base64')) },
      signature: { oneofKind: undefined },
    })),
    effects: effectsMessage(record, told.effects),
    ...(record.events.length === 0 ? {} : { events: eventsMessage(record) }),
    ...(told.checkpoint === undefined ? {} : { checkpoint: BigInt(told.checkpoint) }),
    ...(told.committedMs === undefined ? {} : { timestamp: timestamp(told.committedMs) }),
    balanceChanges: record.balanceChanges.map((change) => ({
      address: change.owner,
      coinType: change.coinType,
      amount: change.amount,
    })),
  });
}

export function timestamp(ms: number) {
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
}

function eventsMessage(record: TransactionRecord): GrpcTypes.TransactionEvents {
  return GrpcTypes.TransactionEvents.create({
    ...(record.eventsDigest === undefined ? {} : { digest: record.eventsDigest }),
    events: record.events.map((event, index) => ({
      packageId: event.packageId,
      module: event.module,
      sender: record.sender,
      eventType: event.type,
      contents: { name: event.type, value: new Uint8Array(Buffer.from(event.contents, 'base64')) },
      json: protoJson(event.json),
      transactionDigest: record.digest,
      eventIndex: index,
    })),
  });
}

function effectsMessage(
  record: TransactionRecord,
  bytes: Uint8Array,
): GrpcTypes.TransactionEffects {
  const gasObject = record.changes.find(({ id }) => id === record.gasObjectId);
  return GrpcTypes.TransactionEffects.create({
    bcs: { name: 'TransactionEffects', value: bytes },
    digest: record.effectsDigest,
    version: 2,
    status: statusMessage(record.failure),
    epoch: BigInt(record.suiEpoch),
    gasUsed: {
      computationCost: BigInt(record.gasUsed.computation),
      storageCost: BigInt(record.gasUsed.storage),
      storageRebate: BigInt(record.gasUsed.rebate),
      nonRefundableStorageFee: BigInt(record.gasUsed.nonRefundable),
    },
    transactionDigest: record.digest,
    ...(gasObject === undefined ? {} : { gasObject: changeMessage(gasObject) }),
    ...(record.eventsDigest === undefined ? {} : { eventsDigest: record.eventsDigest }),
    dependencies: [...record.dependencies],
    lamportVersion: BigInt(record.version),
    changedObjects: record.changes.map(changeMessage),
    unchangedConsensusObjects: [
      ...record.readOnlyShared.map((object) => ({
        kind: UnchangedKind.READ_ONLY_ROOT,
        objectId: object.id,
        version: BigInt(object.version),
        digest: object.digest,
        objectType: object.type,
      })),
      ...(record.readsDenyList
        ? [{ kind: UnchangedKind.PER_EPOCH_CONFIG, objectId: DENY_LIST_ID }]
        : []),
    ],
  });
}

const ID_OPERATIONS = {
  none: IdOperation.NONE,
  created: IdOperation.CREATED,
  deleted: IdOperation.DELETED,
} as const;

function changeMessage({ id, before, after, idOperation }: RecordedChange) {
  const type = after?.type ?? before?.type;
  return GrpcTypes.ChangedObject.create({
    objectId: id,
    inputState: before === undefined ? InputState.DOES_NOT_EXIST : InputState.EXISTS,
    ...(before === undefined
      ? {}
      : {
          inputVersion: BigInt(before.version),
          inputDigest: before.digest,
          inputOwner: ownerMessage(before.owner),
        }),
    outputState: after === undefined ? OutputState.DOES_NOT_EXIST : OutputState.OBJECT_WRITE,
    ...(after === undefined
      ? {}
      : {
          outputVersion: BigInt(after.version),
          outputDigest: after.digest,
          outputOwner: ownerMessage(after.owner),
        }),
    idOperation: ID_OPERATIONS[idOperation],
    ...(type === undefined ? {} : { objectType: type }),
  });
}

export function ownerMessage(owner: RecordedOwner): GrpcTypes.Owner {
  switch (owner.kind) {
    case 'address':
      return { kind: OwnerKind.ADDRESS, address: owner.address };
    case 'object':
      return { kind: OwnerKind.OBJECT, address: owner.address };
    case 'shared':
      return { kind: OwnerKind.SHARED, version: BigInt(owner.initialVersion) };
    case 'immutable':
      return { kind: OwnerKind.IMMUTABLE };
  }
}

function statusMessage(failure: RecordedFailure | undefined): GrpcTypes.ExecutionStatus {
  if (failure === undefined) return { success: true };
  return {
    success: false,
    error: GrpcTypes.ExecutionError.create({
      description: failure.description,
      ...(failure.command === undefined ? {} : { command: BigInt(failure.command) }),
      kind: enumValue(ErrorKind, failure.status),
      errorDetails: errorDetails(failure),
    }),
  };
}

function errorDetails(failure: RecordedFailure): GrpcTypes.ExecutionError['errorDetails'] {
  const { abort } = failure;
  if (abort !== undefined) {
    return {
      oneofKind: 'abort',
      abort: {
        abortCode: BigInt(abort.code),
        location: {
          package: abort.address,
          module: abort.module,
          function: abort.functionIndex,
          instruction: abort.instruction,
          functionName: abort.function,
        },
      },
    };
  }
  const argument = /^CommandArgumentError \{ arg_idx: (\d+), kind: (\w+)/.exec(failure.text);
  if (argument !== null) {
    return {
      oneofKind: 'commandArgumentError',
      commandArgumentError: {
        argument: Number(argument[1]),
        kind: enumValue(ArgumentErrorKind, argument[2] ?? ''),
      },
    };
  }
  const unused = /^UnusedValueWithoutDrop \{ result_idx: (\d+), secondary_idx: (\d+)/.exec(
    failure.text,
  );
  if (unused !== null) {
    return {
      oneofKind: 'indexError',
      indexError: { index: Number(unused[1]), subresult: Number(unused[2]) },
    };
  }
  return { oneofKind: undefined };
}

/** The member of a protobuf enum for a Rust name: FunctionNotFound is FUNCTION_NOT_FOUND. */
function enumValue<Value extends number>(
  values: Readonly<Record<string, Value | string>>,
  rustName: string,
): Value {
  const name = rustName
    .replace(/BCS/g, 'Bcs')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();
  const value = values[name];
  return (typeof value === 'number' ? value : 0) as Value;
}
