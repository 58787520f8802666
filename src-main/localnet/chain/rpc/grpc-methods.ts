/**
 * @file The methods of sui.rpc.v2 that clients of this chain call.
 */
import { GrpcTypes } from '@mysten/sui/grpc';
import { normalizeSuiAddress } from '@mysten/sui/utils';
import { encodeTransaction } from '../execution/encode.ts';
import { REFERENCE_GAS_PRICE } from '../execution/gas.ts';
import { decodeTransaction } from '../execution/transaction.ts';
import { transactionDigest } from '../move/object.ts';
import { normalizeType } from '../move/types.ts';
import { GRPC_STATUS, invalidArgument, notFound } from './grpc-error.ts';
import { coinMetadata, type Checkpoint, type NodeState } from './node-state.ts';
import { functionMessage } from './proto-function.ts';
import {
  dynamicFieldMessage,
  OBJECT_MASK,
  objectMessage,
  readDynamicField,
  ReadMask,
} from './proto-object.ts';
import { executedTransactionMessage, timestamp } from './proto-record.ts';
import { resolveTransaction } from './resolve.ts';

/** Bytes in, bytes out. */
export interface GrpcMethod {
  readonly isExecution: boolean;
  answer(request: Uint8Array, node: NodeState): Promise<Uint8Array>;
}

/** The part of protobuf-ts's MessageType that is used. */
interface MessageCodec<Message> {
  fromBinary(bytes: Uint8Array): Message;
  toBinary(message: Message): Uint8Array;
  create(value?: object): Message;
}

function method<Request, Response>(
  request: MessageCodec<Request>,
  response: MessageCodec<Response>,
  answer: (message: Request, node: NodeState) => object | Promise<object>,
  isExecution = false,
): GrpcMethod {
  return {
    isExecution,
    async answer(bytes, node) {
      let message: Request;
      try {
        message = request.fromBinary(bytes);
      } catch (error) {
        throw invalidArgument(`the request cannot be decoded: ${String(error)}`);
      }
      return response.toBinary(response.create(await answer(message, node)));
    },
  };
}

const PAGE_SIZE = 50;
const PAGE_SIZE_MAX = 1_000;

const pageSize = (asked: number | undefined): number =>
  Math.min(asked === undefined || asked === 0 ? PAGE_SIZE : asked, PAGE_SIZE_MAX);

/** One page of a list that was asked for with one item more than fits. */
function page<Item extends { readonly id: string }>(items: Item[], limit: number) {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  const token =
    items.length > limit && last !== undefined ? new TextEncoder().encode(last.id) : undefined;
  return { shown, next: token === undefined ? {} : { nextPageToken: token } };
}

const afterToken = (token: Uint8Array | undefined): string | undefined =>
  token === undefined || token.length === 0 ? undefined : new TextDecoder().decode(token);

const ledgerService: Record<string, GrpcMethod> = {
  GetServiceInfo: method(
    GrpcTypes.GetServiceInfoRequest,
    GrpcTypes.GetServiceInfoResponse,
    (_request, node) => {
      const latest = node.latestCheckpoint();
      return {
        chainId: node.ledger.chainIdentifier,
        chain: 'localnet',
        epoch: node.ledger.suiEpoch,
        checkpointHeight: BigInt(latest.sequence),
        timestamp: timestamp(latest.timestampMs),
        lowestAvailableCheckpoint: 0n,
        lowestAvailableCheckpointObjects: 0n,
        server: 'floe-localnet',
      };
    },
  ),
  GetObject: method(
    GrpcTypes.GetObjectRequest,
    GrpcTypes.GetObjectResponse,
    ({ objectId, version, readMask }, node) => ({
      object: getObject(objectId, version, new ReadMask(readMask, OBJECT_MASK), node),
    }),
  ),
  BatchGetObjects: method(
    GrpcTypes.BatchGetObjectsRequest,
    GrpcTypes.BatchGetObjectsResponse,
    ({ requests, readMask }, node) => {
      const mask = new ReadMask(readMask, OBJECT_MASK);
      return {
        objects: requests.map(({ objectId, version }) => {
          try {
            const object = getObject(objectId, version, mask, node);
            return { result: { oneofKind: 'object' as const, object } };
          } catch (error) {
            const message = error instanceof Error ? error.message : String(error);
            const status = { code: GRPC_STATUS.notFound, message, details: [] };
            return { result: { oneofKind: 'error' as const, error: status } };
          }
        }),
      };
    },
  ),
  GetTransaction: method(
    GrpcTypes.GetTransactionRequest,
    GrpcTypes.GetTransactionResponse,
    ({ digest }, node) => {
      const stored = node.transaction(digest ?? '');
      if (stored === undefined) throw notFound(`Transaction ${digest ?? ''} not found`);
      return { transaction: executedTransactionMessage(stored) };
    },
  ),
  GetCheckpoint: method(
    GrpcTypes.GetCheckpointRequest,
    GrpcTypes.GetCheckpointResponse,
    ({ checkpointId }, node) => ({ checkpoint: checkpointMessage(checkpointId, node) }),
  ),
  GetEpoch: method(GrpcTypes.GetEpochRequest, GrpcTypes.GetEpochResponse, (_request, node) => ({
    epoch: epochMessage(node),
  })),
};

function getObject(
  objectId: string | undefined,
  version: bigint | undefined,
  mask: ReadMask,
  node: NodeState,
): GrpcTypes.Object {
  const id = normalizeSuiAddress(objectId ?? '');
  const view = node.objects();
  const object = version === undefined ? view.get(id) : view.atVersion(id, version);
  if (object === undefined) throw notFound(`Object ${id} not found`);
  return objectMessage(object, mask, node.ledger.framework);
}

function checkpointMessage(
  checkpointId: GrpcTypes.GetCheckpointRequest['checkpointId'],
  node: NodeState,
): object {
  const checkpoint = findCheckpoint(checkpointId, node);
  if (checkpoint === undefined) throw notFound('Checkpoint not found');
  const sequenceNumber = BigInt(checkpoint.sequence);
  return {
    sequenceNumber,
    digest: checkpoint.digest,
    summary: {
      digest: checkpoint.digest,
      epoch: node.ledger.suiEpoch,
      sequenceNumber,
      totalNetworkTransactions: sequenceNumber + 1n,
      timestamp: timestamp(checkpoint.timestampMs),
      commitments: [],
    },
    transactions: checkpoint.transactions.map((digest) =>
      GrpcTypes.ExecutedTransaction.create({ digest }),
    ),
  };
}

function findCheckpoint(
  checkpointId: GrpcTypes.GetCheckpointRequest['checkpointId'],
  node: NodeState,
): Checkpoint | undefined {
  switch (checkpointId.oneofKind) {
    case 'sequenceNumber':
      return node.checkpoint(Number(checkpointId.sequenceNumber));
    case 'digest': {
      const latest = node.latestCheckpoint();
      if (latest.digest === checkpointId.digest) return latest;
      return checkpointId.digest === node.ledger.chainIdentifier ? node.checkpoint(0) : undefined;
    }
    case undefined:
      return node.latestCheckpoint();
  }
}

const SUI_EPOCH_MS = 86_400_000n;
const PROTOCOL_VERSION = 1n;

function epochMessage(node: NodeState): object {
  const { suiEpoch, nowMs } = node.ledger;
  const zero = { balance: 0n, distributionCounter: 0n, currentDistributionAmount: 0n };
  return {
    epoch: suiEpoch,
    firstCheckpoint: 0n,
    start: timestamp(node.checkpoint(0)?.timestampMs ?? nowMs),
    referenceGasPrice: REFERENCE_GAS_PRICE,
    protocolConfig: { protocolVersion: PROTOCOL_VERSION, featureFlags: {}, attributes: {} },
    systemState: {
      version: 2n,
      epoch: suiEpoch,
      protocolVersion: PROTOCOL_VERSION,
      referenceGasPrice: REFERENCE_GAS_PRICE,
      epochStartTimestampMs: BigInt(node.checkpoint(0)?.timestampMs ?? nowMs),
      safeMode: false,
      safeModeStorageRewards: 0n,
      safeModeComputationRewards: 0n,
      safeModeStorageRebates: 0n,
      safeModeNonRefundableStorageFee: 0n,
      parameters: { epochDurationMs: SUI_EPOCH_MS },
      storageFund: { totalObjectStorageRebates: 0n, nonRefundableBalance: 0n },
      stakeSubsidy: { ...zero, stakeSubsidyPeriodLength: 0n, stakeSubsidyDecreaseRate: 0 },
    },
  };
}

const stateService: Record<string, GrpcMethod> = {
  GetBalance: method(
    GrpcTypes.GetBalanceRequest,
    GrpcTypes.GetBalanceResponse,
    ({ owner, coinType }, node) => {
      const { total } = node.balance(normalizeSuiAddress(owner ?? ''), coinType ?? '');
      return { balance: balanceMessage(normalizeType(coinType ?? ''), total) };
    },
  ),
  ListBalances: method(
    GrpcTypes.ListBalancesRequest,
    GrpcTypes.ListBalancesResponse,
    ({ owner }, node) => ({
      balances: [...node.balances(normalizeSuiAddress(owner ?? ''))].map(([type, { total }]) =>
        balanceMessage(type, total),
      ),
    }),
  ),
  GetCoinInfo: method(
    GrpcTypes.GetCoinInfoRequest,
    GrpcTypes.GetCoinInfoResponse,
    ({ coinType }, node) => {
      const metadata = coinMetadata(node.ledger, coinType ?? '');
      if (metadata === undefined) throw notFound(`Coin type ${coinType ?? ''} not found`);
      return { coinType: normalizeType(coinType ?? ''), metadata };
    },
  ),
  ListOwnedObjects: method(
    GrpcTypes.ListOwnedObjectsRequest,
    GrpcTypes.ListOwnedObjectsResponse,
    ({ owner, objectType, pageSize: asked, pageToken, readMask }, node) => {
      const limit = pageSize(asked);
      const mask = new ReadMask(readMask, ['object_id', 'version', 'object_type']);
      const found = node.objects().owned({
        owner: normalizeSuiAddress(owner ?? ''),
        type: objectType === undefined ? undefined : normalizeType(objectType),
        after: afterToken(pageToken),
        limit: limit + 1,
      });
      const { shown, next } = page(found, limit);
      const { framework } = node.ledger;
      return { objects: shown.map((object) => objectMessage(object, mask, framework)), ...next };
    },
  ),
  ListDynamicFields: method(
    GrpcTypes.ListDynamicFieldsRequest,
    GrpcTypes.ListDynamicFieldsResponse,
    ({ parent, pageSize: asked, pageToken, readMask }, node) => {
      const limit = pageSize(asked);
      const mask = new ReadMask(readMask, ['parent', 'field_id']);
      const parentId = normalizeSuiAddress(parent ?? '');
      const found = node
        .objects()
        .owned({ owner: parentId, after: afterToken(pageToken), limit: limit + 1 });
      const { shown, next } = page(found, limit);
      const { framework } = node.ledger;
      const dynamicFields = shown.flatMap((object) => {
        const field = readDynamicField(object, framework);
        return field === undefined ? [] : [dynamicFieldMessage(field, parentId, mask, framework)];
      });
      return { dynamicFields, ...next };
    },
  ),
};

const balanceMessage = (coinType: string, total: bigint) => ({
  coinType,
  balance: total,
  coinBalance: total,
  addressBalance: 0n,
});

const executionService: Record<string, GrpcMethod> = {
  ExecuteTransaction: method(
    GrpcTypes.ExecuteTransactionRequest,
    GrpcTypes.ExecuteTransactionResponse,
    async ({ transaction, signatures }, node) => {
      const bytes = transaction?.bcs?.value;
      if (bytes === undefined) throw invalidArgument('the transaction must be given as BCS');
      const stored = await node.ledger.execute(
        bytes,
        signatures.map(({ bcs }) => Buffer.from(bcs?.value ?? []).toString('base64')),
      );
      return { transaction: executedTransactionMessage(stored) };
    },
    true,
  ),
  SimulateTransaction: method(
    GrpcTypes.SimulateTransactionRequest,
    GrpcTypes.SimulateTransactionResponse,
    async ({ transaction: message, doGasSelection }, node) => {
      if (message === undefined) throw invalidArgument('a transaction is missing');
      const given = message.bcs?.value;
      const transaction =
        given === undefined
          ? await resolveTransaction(message, doGasSelection ?? false, node)
          : decodeTransaction(given);
      const bytes = given ?? encodeTransaction(transaction);
      const digest = transactionDigest(bytes);
      const simulation = await node.ledger.simulate(transaction, digest, node.objects());
      const { record, effects } = simulation;
      return {
        transaction: executedTransactionMessage({ record, effects, bytes, signatures: [] }),
        commandOutputs: [],
      };
    },
  ),
};

const packageService: Record<string, GrpcMethod> = {
  GetFunction: method(
    GrpcTypes.GetFunctionRequest,
    GrpcTypes.GetFunctionResponse,
    ({ packageId, moduleName, name }, node) => {
      const signature = node.ledger.framework.function(
        packageId ?? '',
        moduleName ?? '',
        name ?? '',
      );
      if (signature === undefined) {
        throw notFound(`Function ${packageId ?? ''}::${moduleName ?? ''}::${name ?? ''} not found`);
      }
      return { function: functionMessage(signature) };
    },
  ),
};

const services: Readonly<Record<string, Readonly<Record<string, GrpcMethod>>>> = {
  'sui.rpc.v2.LedgerService': ledgerService,
  'sui.rpc.v2.StateService': stateService,
  'sui.rpc.v2.TransactionExecutionService': executionService,
  'sui.rpc.v2.MovePackageService': packageService,
};

/** The method at a path such as `/sui.rpc.v2.LedgerService/GetObject`. */
export function findGrpcMethod(path: string): GrpcMethod | undefined {
  const [, service = '', name = ''] = path.split('/');
  const found = services[service];
  return found !== undefined && Object.hasOwn(found, name) ? found[name] : undefined;
}
