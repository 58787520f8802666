/**
 * @file `ChainRpc` over the clients of `@mysten/sui`.
 *
 * The SDK's core API is the same for every transport, so there is one implementation; the few
 * facts it does not offer come through `TransportFacts` (`transports.ts`). Building, gas and retry
 * policy of the SDK are not used: transactions arrive here as finished bytes.
 *
 * This is the one place that repeats requests, a bounded number of times and only when nothing was
 * answered. Repeating an execution is safe, since the same bytes execute at most once.
 */
import type { ClientWithCoreApi, SuiClientTypes } from '@mysten/sui/client';
import { TransactionDataBuilder } from '@mysten/sui/transactions';
import { fromBase58 } from '@mysten/sui/utils';
import { isAbort } from '#engine/model/engine-error.ts';
import type { ObjectId, SuiAddress, TransactionDigest } from '#engine/model/ids.ts';
import type { Clock, Logger, Random } from '#engine/ports/ports.ts';
import {
  invalidAnswer,
  objectInclude,
  OUTCOME_INCLUDE,
  toAmount,
  toChainObject,
  toCoin,
  toOutcome,
  toStructType,
} from './answers.ts';
import type { FetchFailures } from './bounded-fetch.ts';
import type { ChainObject, ChainRpc, Coin, Page, TransactionOutcome } from './chain-rpc.ts';
import { classifyRpcError, isNotFound, type CallKind } from './failures.ts';

/** The limit of full nodes on one batch of objects. */
const OBJECTS_PER_REQUEST_MAX = 50;
/** Batches of one read that are under way at the same time. */
const REQUESTS_IN_FLIGHT_MAX = 4;
/** Tries of one request that got no answer, the first included. */
const ATTEMPTS_MAX = 4;
/** Wait before the second try; doubles with each further one. */
const RETRY_DELAY_MS = 250;
/** Full nodes cap pages at 50 (JSON-RPC) to 1,000 (gRPC). */
const PAGE_ITEMS_MAX = 50;

/** What the SDK's core API does not offer, per transport. */
export interface TransportFacts {
  /** base58 digest of the genesis checkpoint, or its first four bytes in hex. */
  readGenesis(signal: AbortSignal): Promise<string>;
  readSuiEpoch(signal: AbortSignal): Promise<string>;
  readLatestCheckpoint(signal: AbortSignal): Promise<string>;
  /** Unix ms of the newest checkpoint. */
  readTimeMs(signal: AbortSignal): Promise<string>;
}

export interface SdkRpcParts {
  readonly name: string;
  readonly client: ClientWithCoreApi;
  readonly facts: TransportFacts;
  readonly failures: FetchFailures;
  readonly clock: Clock;
  readonly random: Random | undefined;
  readonly logger: Logger;
}

export class SdkRpc implements ChainRpc {
  readonly name: string;
  readonly #parts: SdkRpcParts;

  constructor(parts: SdkRpcParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  async readObjects(
    objectIds: readonly ObjectId[],
    signal?: AbortSignal,
  ): Promise<readonly (ChainObject | undefined)[]> {
    const batches: ObjectId[][] = [];
    for (let start = 0; start < objectIds.length; start += OBJECTS_PER_REQUEST_MAX) {
      batches.push(objectIds.slice(start, start + OBJECTS_PER_REQUEST_MAX));
    }
    const answers: (ChainObject | undefined)[][] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < batches.length; index = next++) {
        answers[index] = await this.#readBatch(batches[index] ?? [], signal);
      }
    };
    await Promise.all(
      Array.from({ length: Math.min(REQUESTS_IN_FLIGHT_MAX, batches.length) }, work),
    );
    return answers.flat();
  }

  async #readBatch(
    objectIds: readonly ObjectId[],
    signal: AbortSignal | undefined,
  ): Promise<(ChainObject | undefined)[]> {
    const { objects } = await this.#call('getObjects', 'read', signal, (callSignal) =>
      this.#parts.client.core.getObjects({
        objectIds: [...objectIds],
        include: objectInclude,
        signal: callSignal,
      }),
    );
    if (objects.length !== objectIds.length) {
      throw invalidAnswer(`${String(objects.length)} objects for ${String(objectIds.length)} IDs`);
    }
    return objects.map((object, index) => {
      if (object instanceof Error) {
        if (isNotFound(object)) return undefined;
        throw invalidAnswer(`an error for object ${String(objectIds[index])}`, object);
      }
      const parsed = toChainObject(object);
      if (parsed.objectId !== objectIds[index]) {
        throw invalidAnswer(
          `object ${parsed.objectId} where ${String(objectIds[index])} was asked`,
        );
      }
      return parsed;
    });
  }

  async listOwnedObjects(
    request: { readonly owner: SuiAddress; readonly type: string; readonly cursor?: string },
    signal?: AbortSignal,
  ): Promise<Page<ChainObject>> {
    const page = await this.#call('listOwnedObjects', 'read', signal, (callSignal) =>
      this.#parts.client.core.listOwnedObjects({
        owner: request.owner,
        type: request.type,
        cursor: request.cursor ?? null,
        limit: PAGE_ITEMS_MAX,
        include: objectInclude,
        signal: callSignal,
      }),
    );
    const wanted = toStructType(request.type);
    const items = page.objects.map(toChainObject).filter(({ owner, type }) => {
      // A node that ignores the filter must not make us take something for what it is not.
      const isOwned = owner.kind === 'address' && owner.address === request.owner;
      return isOwned && type === wanted;
    });
    return { items, cursor: nextCursor(page, request.cursor) };
  }

  async listCoins(
    request: { readonly owner: SuiAddress; readonly coinType: string; readonly cursor?: string },
    signal?: AbortSignal,
  ): Promise<Page<Coin>> {
    const page = await this.#call('listCoins', 'read', signal, (callSignal) =>
      this.#parts.client.core.listCoins({
        owner: request.owner,
        coinType: request.coinType,
        cursor: request.cursor ?? null,
        limit: PAGE_ITEMS_MAX,
        signal: callSignal,
      }),
    );
    return { items: page.objects.map(toCoin), cursor: nextCursor(page, request.cursor) };
  }

  async readBalance(owner: SuiAddress, coinType: string, signal?: AbortSignal): Promise<bigint> {
    const { balance } = await this.#call('getBalance', 'read', signal, (callSignal) =>
      this.#parts.client.core.getBalance({ owner, coinType, signal: callSignal }),
    );
    return toAmount(balance.coinBalance, 'balance');
  }

  async readCoinTypeOfFunction(
    target: { readonly packageId: ObjectId; readonly module: string; readonly name: string },
    signal?: AbortSignal,
  ): Promise<string> {
    const answer = await this.#call('getMoveFunction', 'read', signal, (callSignal) =>
      this.#parts.client.core.getMoveFunction({
        packageId: target.packageId,
        moduleName: target.module,
        name: target.name,
        signal: callSignal,
      }),
    );
    for (const { body } of answer.function.parameters) {
      const coinType = coinTypeOf(body);
      if (coinType !== undefined) return coinType;
    }
    throw invalidAnswer(`a function ${target.module}::${target.name} that takes no coin`);
  }

  async simulate(transaction: Uint8Array, signal?: AbortSignal): Promise<TransactionOutcome> {
    const result = await this.#call('simulateTransaction', 'transaction', signal, (callSignal) =>
      this.#parts.client.core.simulateTransaction({
        transaction,
        include: OUTCOME_INCLUDE,
        signal: callSignal,
      }),
    );
    return toOutcome(withDigest(result, TransactionDataBuilder.getDigestFromBytes(transaction)));
  }

  async execute(
    transaction: Uint8Array,
    signature: string,
    signal?: AbortSignal,
  ): Promise<TransactionOutcome> {
    const result = await this.#call('executeTransaction', 'transaction', signal, (callSignal) =>
      this.#parts.client.core.executeTransaction({
        transaction,
        signatures: [signature],
        include: OUTCOME_INCLUDE,
        signal: callSignal,
      }),
    );
    const outcome = toOutcome(result);
    const digest = TransactionDataBuilder.getDigestFromBytes(transaction);
    if (outcome.digest !== digest) {
      throw invalidAnswer(`the outcome of ${outcome.digest} for transaction ${digest}`);
    }
    return outcome;
  }

  async findTransaction(
    digest: TransactionDigest,
    signal?: AbortSignal,
  ): Promise<TransactionOutcome | undefined> {
    const result = await this.#call('getTransaction', 'read', signal, async (callSignal) => {
      try {
        return await this.#parts.client.core.getTransaction({
          digest,
          include: OUTCOME_INCLUDE,
          signal: callSignal,
        });
      } catch (error) {
        if (isNotFound(error) && !this.#parts.failures.has(callSignal)) return undefined;
        throw error;
      }
    });
    if (result === undefined) return undefined;
    const outcome = toOutcome(result);
    if (outcome.digest !== digest) {
      throw invalidAnswer(`transaction ${outcome.digest} where ${digest} was asked`);
    }
    return outcome;
  }

  async readChainIdentifier(signal?: AbortSignal): Promise<string> {
    const genesis = await this.#call('chainIdentifier', 'read', signal, (callSignal) =>
      this.#parts.facts.readGenesis(callSignal),
    );
    return toChainIdentifier(genesis);
  }

  async readGasPrice(signal?: AbortSignal): Promise<bigint> {
    const answer = await this.#call('getReferenceGasPrice', 'read', signal, (callSignal) =>
      this.#parts.client.core.getReferenceGasPrice({ signal: callSignal }),
    );
    return toAmount(answer.referenceGasPrice, 'gas price');
  }

  async readSuiEpoch(signal?: AbortSignal): Promise<bigint> {
    const suiEpoch = await this.#call('suiEpoch', 'read', signal, (callSignal) =>
      this.#parts.facts.readSuiEpoch(callSignal),
    );
    return toAmount(suiEpoch, 'Sui epoch');
  }

  async readLatestCheckpoint(signal?: AbortSignal): Promise<bigint> {
    const checkpoint = await this.#call('latestCheckpoint', 'read', signal, (callSignal) =>
      this.#parts.facts.readLatestCheckpoint(callSignal),
    );
    return toAmount(checkpoint, 'checkpoint');
  }

  async readTimeMs(signal?: AbortSignal): Promise<number> {
    const time = await this.#call('latestTime', 'read', signal, (callSignal) =>
      this.#parts.facts.readTimeMs(callSignal),
    );
    return Number(toAmount(time, 'time'));
  }

  /** Make one request, again while nothing answers, and give errors their meaning. */
  async #call<Answer>(
    method: string,
    kind: CallKind,
    signal: AbortSignal | undefined,
    request: (callSignal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const { clock, failures, logger, random } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      // A signal of its own for each try: it is the key under which `bounded-fetch` leaves the
      // reason of a failure.
      const own = new AbortController();
      const callSignal = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
      try {
        return await request(callSignal);
      } catch (error) {
        signal?.throwIfAborted();
        if (isAbort(error)) throw error;
        const failure =
          failures.get(callSignal) ??
          classifyRpcError(error, { kind, method, endpointName: this.name });
        if (failure.code !== 'rpc-unreachable' || attempt === ATTEMPTS_MAX) throw failure;
        logger.info('chain request failed, trying again', { endpoint: this.name, method, attempt });
        await clock.sleep(retryDelayMs(attempt, random), signal);
      }
    }
  }
}

/** Doubling, with up to half of it on top so that many clients do not return together. */
function retryDelayMs(attempt: number, random: Random | undefined): number {
  const delayMs = RETRY_DELAY_MS * 2 ** (attempt - 1);
  const fraction = (random?.bytes(1)[0] ?? 0) / 255;
  return Math.round(delayMs * (1 + fraction / 2));
}

function nextCursor(
  page: { readonly hasNextPage: boolean; readonly cursor: string | null },
  previous: string | undefined,
): string | undefined {
  if (!page.hasNextPage || page.cursor === null || page.cursor === '') return undefined;
  if (page.cursor === previous) throw invalidAnswer('the same page twice');
  return page.cursor;
}

/** Simulations over gRPC come without a digest, or with that of rewritten bytes. */
function withDigest(
  result: SuiClientTypes.SimulateTransactionResult<typeof OUTCOME_INCLUDE>,
  digest: string,
): SuiClientTypes.TransactionResult<typeof OUTCOME_INCLUDE> {
  return result.$kind === 'Transaction'
    ? { $kind: 'Transaction', Transaction: { ...result.Transaction, digest } }
    : { $kind: 'FailedTransaction', FailedTransaction: { ...result.FailedTransaction, digest } };
}

const COIN_TYPE = toStructType('0x2::coin::Coin');

function coinTypeOf(body: SuiClientTypes.OpenSignatureBody): string | undefined {
  if (body.$kind !== 'datatype' || toStructType(body.datatype.typeName) !== COIN_TYPE)
    return undefined;
  const inner = body.datatype.typeParameters[0];
  return inner?.$kind === 'datatype' ? toStructType(inner.datatype.typeName) : undefined;
}

/**
 * Sui's short chain identifier: the one form that every transport can give, also a node that has
 * pruned the genesis checkpoint.
 */
export function toChainIdentifier(genesis: string): string {
  if (/^[0-9a-f]{8}$/.test(genesis)) return genesis;
  const bytes = decodeBase58(genesis);
  if (bytes?.length !== 32) throw invalidAnswer(`a chain identifier ${JSON.stringify(genesis)}`);
  return Buffer.from(bytes.subarray(0, 4)).toString('hex');
}

function decodeBase58(text: string): Uint8Array | undefined {
  try {
    return fromBase58(text);
  } catch {
    return undefined;
  }
}
