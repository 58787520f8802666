/**
 * @file What the engine asks of a Sui full node: one interface, whatever the transport.
 *
 * Values are typed and checked here once: addresses are canonical, versions and amounts bigint,
 * Move types fully written out. Contents of objects stay BCS bytes; `move-structs.ts` reads them.
 * `sdk-rpc.ts` implements this over the three transports.
 *
 * Every method throws `rpc-unreachable` (after bounded retries), `rpc-invalid-answer`, or what its
 * own comment says, and an AbortError when its signal fires.
 */
import type { ObjectId, SuiAddress, TransactionDigest } from '#engine/model/ids.ts';

/** Who may use an object in a transaction. */
export type ObjectOwner =
  | { readonly kind: 'address'; readonly address: SuiAddress }
  | { readonly kind: 'object'; readonly objectId: ObjectId }
  | { readonly kind: 'shared'; readonly initialSharedVersion: bigint }
  | { readonly kind: 'consensus-address'; readonly address: SuiAddress }
  | { readonly kind: 'immutable' };

/** One version of one object: what a transaction names as an owned input. */
export interface ObjectRef {
  readonly objectId: ObjectId;
  readonly version: bigint;
  /** base58 of 32 bytes. */
  readonly digest: string;
}

export interface ChainObject extends ObjectRef {
  readonly owner: ObjectOwner;
  /** Full Move type, addresses written with 64 digits. */
  readonly type: string;
  /** BCS of the Move struct. */
  readonly contents: Uint8Array;
  /** The transaction that made this version. */
  readonly previousTransaction: TransactionDigest | undefined;
}

export interface Coin extends ObjectRef {
  /** In the coin's smallest unit. */
  readonly balance: bigint;
}

/** A page of an owner's objects; `cursor` is undefined on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | undefined;
}

/** Why a transaction was executed without effect (gas is paid all the same). */
export interface ExecutionFailure {
  /** The node's own words, for the log. */
  readonly message: string;
  /** The command that failed, counted from 0. */
  readonly command: number | undefined;
  /** Set when a Move function aborted. */
  readonly abort:
    | {
        /** 64-digit address, or undefined where the node does not say. */
        readonly packageId: string | undefined;
        readonly module: string;
        readonly functionName: string | undefined;
        readonly code: bigint;
      }
    | undefined;
}

export type ExecutionStatus =
  { readonly kind: 'success' } | { readonly kind: 'failure'; readonly failure: ExecutionFailure };

export interface GasUsed {
  readonly computationMist: bigint;
  readonly storageMist: bigint;
  readonly rebateMist: bigint;
  /** computation + storage - rebate: what leaves the account; negative when more is given back. */
  readonly netMist: bigint;
}

/** What a transaction did to one object. */
export interface ChangedObject {
  readonly objectId: ObjectId;
  readonly change: 'created' | 'mutated' | 'unwrapped' | 'deleted' | 'wrapped';
  /** The new version; undefined when the object is gone. */
  readonly ref: ObjectRef | undefined;
  readonly owner: ObjectOwner | undefined;
  /** Full Move type where the transport tells it (JSON-RPC says nothing about unwrapped ones). */
  readonly type: string | undefined;
}

export interface BalanceChange {
  readonly owner: SuiAddress;
  readonly coinType: string;
  /** Negative when the owner paid. */
  readonly amount: bigint;
}

/** An executed transaction, or what a simulated one would do. */
export interface TransactionOutcome {
  readonly digest: TransactionDigest;
  readonly status: ExecutionStatus;
  readonly gas: GasUsed;
  readonly changedObjects: readonly ChangedObject[];
  readonly balanceChanges: readonly BalanceChange[];
}

export interface ChainRpc {
  /** The endpoint in messages and comparisons: transport and host, never a path or a token. */
  readonly name: string;
  /**
   * Objects by ID, in the order asked; undefined where there is none now (deleted, wrapped or
   * never created). Any number of IDs: requests hold at most 50.
   */
  readObjects(
    objectIds: readonly ObjectId[],
    signal?: AbortSignal,
  ): Promise<readonly (ChainObject | undefined)[]>;
  listOwnedObjects(
    request: { readonly owner: SuiAddress; readonly type: string; readonly cursor?: string },
    signal?: AbortSignal,
  ): Promise<Page<ChainObject>>;
  listCoins(
    request: { readonly owner: SuiAddress; readonly coinType: string; readonly cursor?: string },
    signal?: AbortSignal,
  ): Promise<Page<Coin>>;
  /** What an address owns in coins; funds without a coin object cannot be spent by us. */
  readBalance(owner: SuiAddress, coinType: string, signal?: AbortSignal): Promise<bigint>;
  /** The coin type C of the first `Coin<C>` among a function's parameters. */
  readCoinTypeOfFunction(
    target: { readonly packageId: ObjectId; readonly module: string; readonly name: string },
    signal?: AbortSignal,
  ): Promise<string>;
  /** Execute without effect. Throws `transaction-refused` where a node would not even try. */
  simulate(transaction: Uint8Array, signal?: AbortSignal): Promise<TransactionOutcome>;
  /**
   * Execute. The same bytes execute at most once, whoever sends them and how often.
   * Throws `transaction-refused` if the node would not accept them.
   */
  execute(
    transaction: Uint8Array,
    signature: string,
    signal?: AbortSignal,
  ): Promise<TransactionOutcome>;
  findTransaction(
    digest: TransactionDigest,
    signal?: AbortSignal,
  ): Promise<TransactionOutcome | undefined>;
  /** The first four bytes of the genesis checkpoint's digest, 8 hex digits. */
  readChainIdentifier(signal?: AbortSignal): Promise<string>;
  /** MIST per unit of computation. */
  readGasPrice(signal?: AbortSignal): Promise<bigint>;
  /** The epoch of Sui itself, which is not the storage network's. */
  readSuiEpoch(signal?: AbortSignal): Promise<bigint>;
  /** The newest checkpoint this node has executed. */
  readLatestCheckpoint(signal?: AbortSignal): Promise<bigint>;
  /** The time of the newest checkpoint this node has executed. Unix ms. */
  readTimeMs(signal?: AbortSignal): Promise<number>;
}
