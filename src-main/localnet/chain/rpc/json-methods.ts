/**
 * @file The JSON-RPC methods that Sui's client code and ours call.
 */
import { fromBase58, normalizeSuiAddress, toHex } from '@mysten/sui/utils';
import { REFERENCE_GAS_PRICE } from '../execution/gas.ts';
import { decodeTransaction } from '../execution/transaction.ts';
import { transactionDigest, type SuiObject } from '../move/object.ts';
import { normalizeType } from '../move/types.ts';
import type { EventQuery, StoredEvent } from '../store/transaction-table.ts';
import { functionJson } from './json-functions.ts';
import { dryRunFailure, invalidParams, JSON_RPC_CODE, JsonRpcFailure } from './json-error.ts';
import {
  coinJson,
  dynamicFieldJson,
  namedFieldId,
  objectData,
  objectResponse,
  shortType,
  type ObjectOptions,
} from './json-objects.ts';
import {
  balanceChangesJson,
  effectsJson,
  eventsJson,
  objectChanges,
  transactionResponse,
} from './json-transactions.ts';
import { coinMetadata, type NodeState } from './node-state.ts';

/**
 * Which full node the server passes for. `sui-1.55` is the recorded one: it serves no gRPC
 * `sui.rpc.v2` and doesn't know the expiration kind ValidDuring.
 */
export type RpcProfile = 'current' | 'sui-1.55';

export interface JsonRpcContext {
  readonly node: NodeState;
  readonly profile: RpcProfile;
}

type JsonRpcMethod = (params: Params, context: JsonRpcContext) => unknown;

const PAGE_SIZE = 50;
const OBJECTS_MAX = 50;

/** Positional parameters, checked where they are read. */
class Params {
  readonly #values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  text(index: number): string {
    const value = this.#values[index];
    if (typeof value !== 'string') throw invalidParams(`parameter ${String(index)} must be text`);
    return value;
  }

  optionalText(index: number): string | undefined {
    const value = this.#values[index];
    return value === undefined || value === null ? undefined : this.text(index);
  }

  id(index: number): string {
    return normalizeSuiAddress(this.text(index));
  }

  texts(index: number): string[] {
    const value = this.#values[index];
    if (!Array.isArray(value)) throw invalidParams(`parameter ${String(index)} must be a list`);
    return value.map(String);
  }

  object(index: number): Readonly<Record<string, unknown>> {
    const value = this.#values[index];
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : {};
  }

  limit(index: number): number {
    const value = this.#values[index];
    return typeof value === 'number' && value > 0 ? Math.min(value, PAGE_SIZE) : PAGE_SIZE;
  }

  flag(index: number): boolean {
    return this.#values[index] === true;
  }
}

/** The page, and where the next one begins. */
function page<Item>(items: Item[], limit: number, cursorOf: (item: Item) => unknown) {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return {
    shown,
    nextCursor: last === undefined ? null : cursorOf(last),
    hasNextPage: items.length > limit,
  };
}

const objectMethods: Record<string, JsonRpcMethod> = {
  sui_getObject: (params, { node }) =>
    objectResponse(params.id(0), node.objects(), params.object(1), node.ledger.framework),
  sui_multiGetObjects: (params, { node }) => {
    const ids = params.texts(0);
    if (ids.length > OBJECTS_MAX) throw invalidParams(`more than ${String(OBJECTS_MAX)} objects`);
    const view = node.objects();
    const options = params.object(1) as ObjectOptions;
    return ids.map((id) =>
      objectResponse(normalizeSuiAddress(id), view, options, node.ledger.framework),
    );
  },
  suix_getOwnedObjects: (params, { node }) => {
    const query = params.object(1);
    const limit = params.limit(3);
    const found = node.objects().owned({
      owner: params.id(0),
      ...typeFilter(query['filter']),
      after: params.optionalText(2),
      limit: limit + 1,
    });
    const { shown, ...rest } = page(found, limit, ({ id }) => id);
    const options = (query['options'] ?? {}) as ObjectOptions;
    const { framework } = node.ledger;
    return {
      data: shown.map((object) => ({ data: objectData(object, options, framework) })),
      ...rest,
    };
  },
  suix_getDynamicFields: (params, { node }) => {
    const limit = params.limit(2);
    const found = node
      .objects()
      .owned({ owner: params.id(0), after: params.optionalText(1), limit: limit + 1 });
    const { shown, ...rest } = page(found, limit, ({ id }) => id);
    const data = shown.flatMap((object) => dynamicFieldJson(object, node.ledger.framework) ?? []);
    return { data, ...rest };
  },
  suix_getDynamicFieldObject: (params, { node }) => {
    const parent = params.id(0);
    const name = params.object(1);
    const { framework } = node.ledger;
    const field = { type: String(name['type']), value: name['value'] };
    const id = namedFieldId(parent, field, framework);
    if (node.objects().get(id) === undefined) {
      return { error: { code: 'dynamicFieldNotFound', parent_object_id: parent } };
    }
    const options = { showType: true, showOwner: true, showContent: true, showBcs: true };
    return objectResponse(id, node.objects(), options, framework);
  },
};

/** The type condition of a SuiObjectDataFilter. */
function typeFilter(filter: unknown): { type?: string; typePrefix?: string } {
  if (typeof filter !== 'object' || filter === null) return {};
  if ('StructType' in filter) return { type: normalizeType(String(filter.StructType)) };
  if ('Package' in filter) {
    return { typePrefix: `${normalizeSuiAddress(String(filter.Package))}::` };
  }
  if ('MoveModule' in filter) {
    const { package: address, module } = filter.MoveModule as Record<string, string>;
    return { typePrefix: `${normalizeSuiAddress(address ?? '')}::${module ?? ''}::` };
  }
  throw invalidParams('the filter must be StructType, Package or MoveModule');
}

const SUI = '0x2::sui::SUI';

const coinMethods: Record<string, JsonRpcMethod> = {
  suix_getCoins: (params, { node }) => coinPage(params, node, params.optionalText(1) ?? SUI, 2),
  suix_getAllCoins: (params, { node }) => {
    const owner = params.id(0);
    const data = [...node.balances(owner).keys()].flatMap((coinType) =>
      node.coins(owner, coinType).map((coin) => coinJson(coin, coinType)),
    );
    return { data, nextCursor: null, hasNextPage: false };
  },
  suix_getBalance: (params, { node }) => {
    const coinType = params.optionalText(1) ?? SUI;
    return balanceJson(coinType, node.balance(params.id(0), coinType));
  },
  suix_getAllBalances: (params, { node }) =>
    [...node.balances(params.id(0))].map(([coinType, balance]) => balanceJson(coinType, balance)),
  suix_getCoinMetadata: (params, { node }) => {
    const metadata = coinMetadata(node.ledger, params.text(0));
    return metadata === undefined ? null : { ...metadata, iconUrl: null, id: null };
  },
};

function balanceJson(coinType: string, balance: { total: bigint; count: number }): object {
  return {
    coinType: shortType(coinType),
    coinObjectCount: balance.count,
    totalBalance: balance.total.toString(),
    lockedBalance: {},
  };
}

function coinPage(params: Params, node: NodeState, coinType: string, cursorIndex: number): object {
  const after = params.optionalText(cursorIndex) ?? '';
  const limit = params.limit(cursorIndex + 1);
  const found = node.coins(params.id(0), coinType).filter(({ id }: SuiObject) => id > after);
  const { shown, nextCursor, hasNextPage } = page(found, limit, ({ id }) => id);
  return {
    data: shown.map((coin) => coinJson(coin, coinType)),
    nextCursor: hasNextPage ? nextCursor : null,
    hasNextPage,
  };
}

const ledgerMethods: Record<string, JsonRpcMethod> = {
  sui_getChainIdentifier: (_params, { node }) =>
    toHex(fromBase58(node.ledger.chainIdentifier).subarray(0, 4)),
  sui_getLatestCheckpointSequenceNumber: (_params, { node }) =>
    String(node.latestCheckpoint().sequence),
  sui_getTotalTransactionBlocks: (_params, { node }) =>
    String(node.latestCheckpoint().sequence + 1),
  suix_getReferenceGasPrice: () => REFERENCE_GAS_PRICE.toString(),
  sui_getProtocolConfig: () => ({
    minSupportedProtocolVersion: '1',
    maxSupportedProtocolVersion: '1',
    protocolVersion: '1',
    featureFlags: {},
    attributes: {},
  }),
  'rpc.discover': () => ({ openrpc: '1.2.6', info: { title: 'Sui JSON-RPC', version: '1.55.0' } }),
  sui_getCheckpoint: (params, { node }) => {
    const id = params.text(0);
    const checkpoint = /^\d+$/.test(id)
      ? node.checkpoint(Number(id))
      : [node.checkpoint(0), node.latestCheckpoint()].find((known) => known?.digest === id);
    if (checkpoint === undefined) throw invalidParams(`Checkpoint ${id} not found`);
    return {
      epoch: node.ledger.suiEpoch.toString(),
      sequenceNumber: String(checkpoint.sequence),
      digest: checkpoint.digest,
      networkTotalTransactions: String(checkpoint.sequence + 1),
      epochRollingGasCostSummary: {
        computationCost: '0',
        storageCost: '0',
        storageRebate: '0',
        nonRefundableStorageFee: '0',
      },
      timestampMs: String(checkpoint.timestampMs),
      transactions: checkpoint.transactions,
      checkpointCommitments: [],
      validatorSignature: '',
    };
  },
  suix_getLatestSuiSystemState: (_params, { node }) => systemStateJson(node),
  sui_getNormalizedMoveFunction: (params, { node }) => {
    const [packageId, module, name] = [params.text(0), params.text(1), params.text(2)];
    const signature = node.ledger.framework.function(packageId, module, name);
    if (signature === undefined) {
      throw invalidParams(`No function was found with function name ${name}`);
    }
    return functionJson(signature);
  },
};

const SUI_EPOCH_MS = '86400000';

function systemStateJson(node: NodeState): object {
  const zeroFields = [
    'safeModeStorageRewards',
    'safeModeComputationRewards',
    'safeModeStorageRebates',
    'safeModeNonRefundableStorageFee',
    'stakeSubsidyStartEpoch',
    'maxValidatorCount',
    'minValidatorJoiningStake',
    'validatorLowStakeThreshold',
    'validatorLowStakeGracePeriod',
    'storageFundTotalObjectStorageRebates',
    'storageFundNonRefundableBalance',
    'stakeSubsidyBalance',
    'stakeSubsidyDistributionCounter',
    'stakeSubsidyCurrentDistributionAmount',
    'stakeSubsidyPeriodLength',
  ];
  return {
    epoch: node.ledger.suiEpoch.toString(),
    protocolVersion: '1',
    systemStateVersion: '2',
    referenceGasPrice: REFERENCE_GAS_PRICE.toString(),
    epochStartTimestampMs: String(node.checkpoint(0)?.timestampMs ?? node.ledger.nowMs),
    epochDurationMs: SUI_EPOCH_MS,
    safeMode: false,
    stakeSubsidyDecreaseRate: 0,
    activeValidators: [],
    ...Object.fromEntries(zeroFields.map((field) => [field, '0'])),
  };
}

const transactionMethods: Record<string, JsonRpcMethod> = {
  sui_executeTransactionBlock: async (params, { node, profile }) => {
    const bytes = transactionBytes(params.text(0), profile);
    const stored = await node.ledger.execute(bytes, params.texts(1));
    return transactionResponse(stored, params.object(2));
  },
  sui_dryRunTransactionBlock: async (params, { node, profile }) => {
    const bytes = transactionBytes(params.text(0), profile);
    const transaction = decodeTransaction(bytes);
    const digest = transactionDigest(bytes);
    const { record } = await node.ledger
      .simulate(transaction, digest, node.objects())
      .catch((error: unknown) => {
        throw dryRunFailure(error);
      });
    return {
      effects: effectsJson(record),
      events: eventsJson(record),
      objectChanges: objectChanges(record),
      balanceChanges: balanceChangesJson(record),
      executionErrorSource: null,
    };
  },
  sui_getTransactionBlock: (params, { node }) => {
    const digest = params.text(0);
    const stored = node.transaction(digest);
    if (stored === undefined) {
      throw invalidParams(
        `Could not find the referenced transaction [TransactionDigest(${digest})].`,
      );
    }
    return transactionResponse(stored, params.object(1));
  },
  suix_queryEvents: (params, { node }) => {
    const limit = params.limit(2);
    const cursor = params.object(1);
    const found = node.ledger.transactions.queryEvents({
      ...eventFilter(params.object(0)),
      after:
        typeof cursor['txDigest'] === 'string'
          ? { txDigest: cursor['txDigest'], eventSeq: Number(cursor['eventSeq']) }
          : undefined,
      isDescending: params.flag(3),
      limit: limit + 1,
    });
    const { shown, ...rest } = page(found, limit, eventId);
    return { data: shown.map(eventJson), ...rest };
  },
  sui_getEvents: (params, { node }) => {
    const stored = node.transaction(params.text(0));
    if (stored === undefined) throw invalidParams(`Transaction ${params.text(0)} not found`);
    return eventsJson(stored.record);
  },
};

const eventId = (event: StoredEvent) => ({
  txDigest: event.txDigest,
  eventSeq: String(event.eventSeq),
});

const eventJson = (event: StoredEvent): object => ({
  id: eventId(event),
  packageId: event.packageId,
  transactionModule: event.module,
  sender: event.sender,
  type: shortType(event.type),
  parsedJson: event.json,
  bcsEncoding: 'base64',
  bcs: event.contents,
  timestampMs: String(event.committedMs),
});

function eventFilter(query: Readonly<Record<string, unknown>>): Partial<EventQuery> {
  if ('MoveEventType' in query) return { type: normalizeType(String(query['MoveEventType'])) };
  if ('MoveEventModule' in query || 'MoveModule' in query) {
    const place = (query['MoveEventModule'] ?? query['MoveModule']) as Record<string, string>;
    const address = normalizeSuiAddress(place['package'] ?? '');
    return { type: `${address}::${place['module'] ?? ''}::` };
  }
  if ('Sender' in query) return { sender: normalizeSuiAddress(String(query['Sender'])) };
  if ('Transaction' in query) return { txDigest: String(query['Transaction']) };
  if ('All' in query) return {};
  throw invalidParams('this event filter is not supported');
}

/** The bytes, or the refusal of a node that is too old for them. */
function transactionBytes(base64: string, profile: RpcProfile): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  if (profile === 'sui-1.55' && decodeTransaction(bytes).expiration.kind === 'valid-during') {
    throw invalidParams(
      'Deserialization error: invalid value: integer `2`, expected variant index 0 <= i < 2',
    );
  }
  return bytes;
}

const methods: Readonly<Record<string, JsonRpcMethod>> = {
  ...objectMethods,
  ...coinMethods,
  ...ledgerMethods,
  ...transactionMethods,
};

/** Methods whose answer may be lost on purpose: they execute. */
export const isExecutionMethod = (name: string): boolean => name === 'sui_executeTransactionBlock';

/** Answer one call. Throws JsonRpcFailure and what jsonRpcFailure understands. */
export async function callJsonRpc(
  name: string,
  params: readonly unknown[],
  context: JsonRpcContext,
): Promise<unknown> {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) {
    throw new JsonRpcFailure(JSON_RPC_CODE.methodNotFound, 'Method not found');
  }
  return await method(new Params(params), context);
}
