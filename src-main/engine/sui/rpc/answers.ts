/**
 * @file Turns the SDK's answers into ours and refuses what cannot be true.
 *
 * The three transports of `@mysten/sui` share one vocabulary (`SuiClientTypes`); where they differ
 * in spelling (short addresses in types, text for numbers) the difference ends here.
 */
import type { SuiClientTypes } from '@mysten/sui/client';
import { normalizeStructTag } from '@mysten/sui/utils';
import { EngineError } from '#engine/model/engine-error.ts';
import {
  parseObjectId,
  type ObjectId,
  type SuiAddress,
  type TransactionDigest,
} from '#engine/model/ids.ts';
import type {
  ChainObject,
  ChangedObject,
  Coin,
  ExecutionFailure,
  GasUsed,
  ObjectOwner,
  ObjectRef,
  TransactionOutcome,
} from './chain-rpc.ts';

/** What every transaction is asked with. */
export const OUTCOME_INCLUDE = {
  effects: true,
  objectTypes: true,
  balanceChanges: true,
} as const;

type SdkOutcome = SuiClientTypes.Transaction<typeof OUTCOME_INCLUDE>;

const OBJECT_INCLUDE = { content: true, previousTransaction: true } as const;
export const objectInclude = OBJECT_INCLUDE;
type SdkObject = SuiClientTypes.Object<typeof OBJECT_INCLUDE>;

const DIGEST_PATTERN = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

/** The answer is not what the protocol allows: the endpoint is broken or lies. */
export function invalidAnswer(what: string, cause?: unknown): EngineError {
  return new EngineError('rpc-invalid-answer', `the endpoint answers with ${what}`, { cause });
}

export function toChainObject(object: SdkObject): ChainObject {
  const contents: unknown = object.content;
  if (!(contents instanceof Uint8Array)) {
    throw invalidAnswer(`object ${object.objectId} without contents`);
  }
  return {
    ...toObjectRef(object.objectId, object.version, object.digest),
    owner: toOwner(object.owner),
    type: toStructType(object.type),
    contents,
    previousTransaction: object.previousTransaction
      ? toTransactionDigest(object.previousTransaction)
      : undefined,
  };
}

export function toCoin(coin: SuiClientTypes.Coin): Coin {
  return {
    ...toObjectRef(coin.objectId, coin.version, coin.digest),
    balance: toAmount(coin.balance, 'coin balance'),
  };
}

export function toObjectRef(objectId: unknown, version: unknown, digest: unknown): ObjectRef {
  if (typeof digest !== 'string' || !DIGEST_PATTERN.test(digest)) {
    throw invalidAnswer(`an object digest ${JSON.stringify(digest)}`);
  }
  return { objectId: toObjectId(objectId), version: toAmount(version, 'object version'), digest };
}

export function toObjectId(value: unknown): ObjectId {
  if (typeof value !== 'string') throw invalidAnswer('an object without an ID');
  try {
    return parseObjectId(value);
  } catch (error) {
    throw invalidAnswer(`an object ID ${JSON.stringify(value)}`, error);
  }
}

function toAddress(value: unknown): SuiAddress {
  return toObjectId(value) as unknown as SuiAddress;
}

export function toTransactionDigest(value: unknown): TransactionDigest {
  if (typeof value !== 'string' || !DIGEST_PATTERN.test(value)) {
    throw invalidAnswer(`a transaction digest ${JSON.stringify(value)}`);
  }
  return value as TransactionDigest;
}

/** A non-negative whole number that a transport wrote as text. */
export function toAmount(value: unknown, what: string): bigint {
  if (typeof value === 'bigint' && value >= 0n) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'string' && /^\d{1,39}$/.test(value)) return BigInt(value);
  throw invalidAnswer(`a ${what} of ${JSON.stringify(value) ?? 'nothing'}`);
}

function toSignedAmount(value: unknown, what: string): bigint {
  const isNegative = typeof value === 'string' && value.startsWith('-');
  return isNegative ? -toAmount(value.slice(1), what) : toAmount(value, what);
}

export function toStructType(type: string): string {
  try {
    return normalizeStructTag(type);
  } catch (error) {
    throw invalidAnswer(`a type ${JSON.stringify(type)}`, error);
  }
}

function toOwner(owner: SuiClientTypes.ObjectOwner | null): ObjectOwner {
  switch (owner?.$kind) {
    case 'AddressOwner':
      return { kind: 'address', address: toAddress(owner.AddressOwner) };
    case 'ObjectOwner':
      return { kind: 'object', objectId: toObjectId(owner.ObjectOwner) };
    case 'Shared':
      return {
        kind: 'shared',
        initialSharedVersion: toAmount(owner.Shared.initialSharedVersion, 'shared version'),
      };
    case 'ConsensusAddressOwner':
      return {
        kind: 'consensus-address',
        address: toAddress(owner.ConsensusAddressOwner.owner),
      };
    case 'Immutable':
      return { kind: 'immutable' };
    default:
      throw invalidAnswer('an object without an owner');
  }
}

export function toOutcome(
  result: SuiClientTypes.TransactionResult<typeof OUTCOME_INCLUDE>,
): TransactionOutcome {
  const transaction: SdkOutcome =
    result.$kind === 'Transaction' ? result.Transaction : result.FailedTransaction;
  const effects = transaction.effects as SdkOutcome['effects'] | null | undefined;
  if (!effects) throw invalidAnswer('a transaction without effects');
  return {
    digest: toTransactionDigest(transaction.digest),
    status: transaction.status.success
      ? { kind: 'success' }
      : { kind: 'failure', failure: toFailure(transaction.status.error) },
    gas: toGasUsed(effects.gasUsed),
    changedObjects: effects.changedObjects.flatMap((change) =>
      toChangedObject(change, transaction.objectTypes),
    ),
    balanceChanges: (
      (transaction.balanceChanges as SuiClientTypes.BalanceChange[] | null | undefined) ?? []
    ).map((change) => ({
      owner: toAddress(change.address),
      coinType: toStructType(change.coinType),
      amount: toSignedAmount(change.amount, 'balance change'),
    })),
  };
}

function toGasUsed(gas: SuiClientTypes.GasCostSummary): GasUsed {
  const computationMist = toAmount(gas.computationCost, 'computation cost');
  const storageMist = toAmount(gas.storageCost, 'storage cost');
  const rebateMist = toAmount(gas.storageRebate, 'storage rebate');
  return {
    computationMist,
    storageMist,
    rebateMist,
    netMist: computationMist + storageMist - rebateMist,
  };
}

function toFailure(error: SuiClientTypes.ExecutionError): ExecutionFailure {
  const abort = error.MoveAbort;
  const packageId = abort?.location?.package;
  return {
    message: error.message,
    command: error.command,
    abort:
      abort === undefined
        ? undefined
        : {
            packageId: packageId === undefined ? undefined : padAddress(packageId),
            module: abort.location?.module ?? '',
            functionName: abort.location?.functionName,
            code: toAmount(abort.abortCode, 'abort code'),
          },
  };
}

/** Nodes write the package of an abort with or without 0x. */
function padAddress(text: string): string {
  return `0x${text.replace(/^0x/, '').toLowerCase().padStart(64, '0')}`;
}

function toChangedObject(
  change: SuiClientTypes.ChangedObject,
  types: Readonly<Record<string, string>>,
): ChangedObject[] {
  const objectId = toObjectId(change.objectId);
  const type = types[change.objectId] ?? types[objectId];
  const isWritten = change.outputState === 'ObjectWrite';
  // Balances of addresses and packages are no objects that we could own or name.
  if (!isWritten && change.outputState !== 'DoesNotExist') return [];
  const existed = change.inputState === 'Exists';
  const isDeleted = change.idOperation === 'Deleted';
  // Created and deleted in the same transaction, or deleted while wrapped: nothing to see.
  if (!isWritten && !existed && !isDeleted) return [];
  const written = change.idOperation === 'Created' ? 'created' : existed ? 'mutated' : 'unwrapped';
  const gone = isDeleted ? 'deleted' : 'wrapped';
  return [
    {
      objectId,
      change: isWritten ? written : gone,
      ref: isWritten
        ? toObjectRef(change.objectId, change.outputVersion, change.outputDigest)
        : undefined,
      owner: isWritten && change.outputOwner ? toOwner(change.outputOwner) : undefined,
      type: type?.includes('::') === true ? toStructType(type) : undefined,
    },
  ];
}
