/**
 * @file The chain side of the engine: what the network file's endpoints say, and the wallet.
 *
 * What decides over trust (system, committees, heads, end epochs) is read from every endpoint and
 * must agree; see `agreement.ts`. What is only needed to build transactions comes from the first
 * endpoint that answers, since the chain itself checks those.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { ObjectId, SuiAddress, TransactionDigest } from '#engine/model/ids.ts';
import type { Network } from '#engine/model/network.ts';
import type { BlobObject, WalrusSystem } from '#engine/model/walrus.ts';
import type { Clock, Logger, Random } from '#engine/ports/ports.ts';
import type { Account } from './account.ts';
import {
  firstReachable,
  openAgreedReader,
  type AgreedReader,
  type Agreement,
} from './agreement.ts';
import {
  blobType,
  listBlobObjects,
  parseAnyBlob,
  readBlobObjects,
  sharedBlobType,
} from './blob-objects.ts';
import { requestFromFaucet } from './faucet.ts';
import { readHead, readHeadFields, type AccountHead } from './head.ts';
import { listCoins } from './owned-objects.ts';
import type { ChainObject, ChainRpc, TransactionOutcome } from './rpc/chain-rpc.ts';
import { openRpc } from './rpc/transports.ts';
import { openSystemReader, type SystemReader } from './system.ts';
import { COINS_LISTED_MAX } from './wallet/limits.ts';
import type { ReadCaps, SpendingCaps } from './wallet/policy.ts';
import { listSpareStorage, type SpareStorage } from './wallet/spare-storage.ts';
import { openWallet, type Wallet } from './wallet/wallet.ts';

const SUI_TYPE = '0x2::sui::SUI';
/** Waits for objects that a transaction made to become readable: about 12 s. */
const VISIBLE_DELAYS_MS: readonly number[] = [0, 200, 400, 800, 1_600, 3_000, 6_000];

export interface ChainPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Spreads retries; without it they come at fixed times. */
  readonly random?: Random | undefined;
  /** Node's own unless given. */
  readonly fetch?: typeof fetch | undefined;
  /** Hears what time each server says it is. */
  readonly onServerTime?: ((endpointName: string, serverMs: number) => void) | undefined;
}

export interface ReadOptions {
  /** `all` unless given: every endpoint must answer and agree. */
  readonly agreement?: Agreement | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Balances {
  readonly suiMist: bigint;
  readonly walFrost: bigint;
  /** How fragmented WAL is; counted up to 2,000. */
  readonly walCoins: number;
}

export interface Chain {
  /** 8 hex digits, the same over every transport. */
  chainIdentifier(options?: ReadOptions): Promise<string>;
  /** Epoch, prices and committees, read anew each time (node addresses at most 10 minutes old). */
  readSystem(options?: ReadOptions): Promise<WalrusSystem>;
  /** Blob objects by ID; undefined for one that is gone. */
  readBlobObjects(
    objectIds: readonly ObjectId[],
    options?: ReadOptions,
  ): Promise<Map<ObjectId, BlobObject | undefined>>;
  /** All Blob objects of an account, from one endpoint. */
  ownedBlobObjects(owner: SuiAddress, signal?: AbortSignal): AsyncIterable<BlobObject>;
  /** The Blob and SharedBlob objects that a transaction created, once they can be read. */
  readCreatedBlobs(outcome: TransactionOutcome, signal?: AbortSignal): Promise<BlobObject[]>;
  /** From one endpoint. */
  balances(owner: SuiAddress, signal?: AbortSignal): Promise<Balances>;
  /** Every bag the account owns; undefined if it owns none. */
  readHead(owner: SuiAddress, options?: ReadOptions): Promise<AccountHead | undefined>;
  /** Storage of the account that no blob uses. */
  readSpareStorage(owner: SuiAddress, options?: ReadOptions): Promise<readonly SpareStorage[]>;
  /** Fields of a bag by key; missing ones are left out. */
  readHeadFields(
    bag: ObjectId,
    keys: readonly number[],
    options?: ReadOptions,
  ): Promise<Map<number, Uint8Array>>;
  findTransaction(
    digest: TransactionDigest,
    signal?: AbortSignal,
  ): Promise<'absent' | TransactionOutcome>;
  /** The newest checkpoint that every endpoint has. */
  latestCheckpoint(options?: ReadOptions): Promise<bigint>;
  /** Ask the network's faucet for SUI; returns the MIST sent. */
  requestFromFaucet(recipient: SuiAddress, signal?: AbortSignal): Promise<bigint>;
  /** The wallet of one account. Open it once: it keeps the account's turn. */
  openWallet(account: Account, caps: SpendingCaps | ReadCaps): Wallet;
}

/** Open the endpoints of a network. Nothing is asked yet. */
export function openChain(network: Network, ports: ChainPorts): Chain {
  const endpoints = network.rpc.map((endpoint) => openRpc(endpoint, ports));
  return new NetworkChain(network, endpoints, ports);
}

class NetworkChain implements Chain {
  readonly #network: Network;
  readonly #endpoints: readonly ChainRpc[];
  readonly #ports: ChainPorts;
  readonly #systemReader: SystemReader;
  readonly #readAgreed: AgreedReader;
  /** The package that defines the types never changes for a System object. */
  #typePackageId: ObjectId | undefined;

  constructor(network: Network, endpoints: readonly ChainRpc[], ports: ChainPorts) {
    const { clock, logger } = ports;
    this.#network = network;
    this.#endpoints = endpoints;
    this.#ports = ports;
    this.#systemReader = openSystemReader({ ...network.walrus, clock });
    this.#readAgreed = openAgreedReader({ endpoints, clock, logger });
  }

  chainIdentifier(options: ReadOptions = {}): Promise<string> {
    return this.#agreed(
      'the chain',
      options,
      (rpc) => rpc.readChainIdentifier(options.signal),
      (id) => id,
    );
  }

  async readSystem(options: ReadOptions = {}): Promise<WalrusSystem> {
    const system = await this.#agreed(
      'epoch, prices and committee',
      options,
      (rpc) => this.#systemReader.readSystem(rpc, options.signal),
      // Used capacity changes with every blob of the whole network and decides nothing here.
      ({ usedCapacityBytes: _, ...rest }) => toComparable(rest),
    );
    this.#typePackageId = system.typePackageId;
    return system;
  }

  readBlobObjects(
    objectIds: readonly ObjectId[],
    options: ReadOptions = {},
  ): Promise<Map<ObjectId, BlobObject | undefined>> {
    return this.#agreed(
      'blob objects',
      options,
      async (rpc) =>
        readBlobObjects(
          rpc,
          await this.#readTypePackageId(options.signal),
          objectIds,
          options.signal,
        ),
      (blobs) => toComparable([...blobs]),
    );
  }

  async *ownedBlobObjects(owner: SuiAddress, signal?: AbortSignal): AsyncGenerator<BlobObject> {
    const typePackageId = await this.#readTypePackageId(signal);
    // One endpoint from the first page to the last: cursors belong to the node that gave them.
    const rpc = await firstReachable(this.#endpoints, async (endpoint) => {
      await endpoint.readLatestCheckpoint(signal);
      return endpoint;
    });
    yield* listBlobObjects(rpc, typePackageId, owner, signal);
  }

  async readCreatedBlobs(outcome: TransactionOutcome, signal?: AbortSignal): Promise<BlobObject[]> {
    const typePackageId = await this.#readTypePackageId(signal);
    const types = [blobType(typePackageId), sharedBlobType(typePackageId)];
    const created = outcome.changedObjects.filter(
      (object) =>
        object.change === 'created' && (object.type === undefined || types.includes(object.type)),
    );
    const ids = created.map(({ objectId }) => objectId);
    const objects = await this.#readVisible(ids, signal);
    return objects
      .filter((object) => types.includes(object.type))
      .map((object) => parseAnyBlob(object, typePackageId));
  }

  async balances(owner: SuiAddress, signal?: AbortSignal): Promise<Balances> {
    return await firstReachable(this.#endpoints, async (rpc) => {
      const { walType } = await this.#systemReader.readState(rpc, signal);
      const [suiMist, walFrost, coins] = await Promise.all([
        rpc.readBalance(owner, SUI_TYPE, signal),
        rpc.readBalance(owner, walType, signal),
        listCoins(rpc, { owner, coinType: walType, coinsMax: COINS_LISTED_MAX }, signal),
      ]);
      return { suiMist, walFrost, walCoins: coins.length };
    });
  }

  async readSpareStorage(
    owner: SuiAddress,
    { signal }: ReadOptions = {},
  ): Promise<readonly SpareStorage[]> {
    const typePackageId = await this.#readTypePackageId(signal);
    return firstReachable(this.#endpoints, (rpc) =>
      listSpareStorage(rpc, { typePackageId }, owner, signal),
    );
  }

  readHead(owner: SuiAddress, options: ReadOptions = {}): Promise<AccountHead | undefined> {
    return this.#agreed(
      'the head of an account',
      options,
      (rpc) => readHead(rpc, owner, options.signal),
      toComparable,
    );
  }

  readHeadFields(
    bag: ObjectId,
    keys: readonly number[],
    options: ReadOptions = {},
  ): Promise<Map<number, Uint8Array>> {
    return this.#agreed(
      'the fields of a head',
      options,
      (rpc) => readHeadFields(rpc, bag, keys, options.signal),
      (fields) => toComparable([...fields]),
    );
  }

  async findTransaction(
    digest: TransactionDigest,
    signal?: AbortSignal,
  ): Promise<'absent' | TransactionOutcome> {
    for (const endpoint of this.#endpoints) {
      const outcome = await endpoint.findTransaction(digest, signal);
      if (outcome) return outcome;
    }
    return 'absent';
  }

  async latestCheckpoint({ agreement = 'all', signal }: ReadOptions = {}): Promise<bigint> {
    if (agreement === 'any') {
      return await firstReachable(this.#endpoints, (rpc) => rpc.readLatestCheckpoint(signal));
    }
    const all = await Promise.all(this.#endpoints.map((rpc) => rpc.readLatestCheckpoint(signal)));
    return all.reduce((least, checkpoint) => (checkpoint < least ? checkpoint : least));
  }

  requestFromFaucet(recipient: SuiAddress, signal?: AbortSignal): Promise<bigint> {
    return requestFromFaucet(this.#network, recipient, this.#ports, signal);
  }

  openWallet(account: Account, caps: SpendingCaps | ReadCaps): Wallet {
    const { clock, logger } = this.#ports;
    return openWallet({
      account,
      network: this.#network,
      endpoints: this.#endpoints,
      systemReader: this.#systemReader,
      caps: typeof caps === 'function' ? caps : () => caps,
      clock,
      logger,
    });
  }

  #agreed<Answer>(
    what: string,
    options: ReadOptions,
    read: (rpc: ChainRpc) => Promise<Answer>,
    fingerprint: (answer: Answer) => string,
  ): Promise<Answer> {
    const { agreement = 'all', signal } = options;
    return this.#readAgreed({ what, agreement, read, fingerprint, signal });
  }

  async #readTypePackageId(signal: AbortSignal | undefined): Promise<ObjectId> {
    this.#typePackageId ??= (
      await firstReachable(this.#endpoints, (rpc) => this.#systemReader.readState(rpc, signal))
    ).typePackageId;
    return this.#typePackageId;
  }

  async #readVisible(
    objectIds: readonly ObjectId[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ChainObject[]> {
    for (const delayMs of VISIBLE_DELAYS_MS) {
      await this.#ports.clock.sleep(delayMs, signal);
      const objects = await firstReachable(this.#endpoints, (rpc) =>
        rpc.readObjects(objectIds, signal),
      );
      const visible = objects.filter((object) => object !== undefined);
      if (visible.length === objectIds.length) return visible;
    }
    throw new EngineError('rpc-unreachable', 'the endpoint does not show what was just created');
  }
}

/** Equal values give equal text: bytes as hex, numbers of any size as decimals. */
function toComparable(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, member: unknown) => {
    if (typeof member === 'bigint') return `${String(member)}n`;
    if (member instanceof Uint8Array) return Buffer.from(member).toString('hex');
    return member;
  });
}
