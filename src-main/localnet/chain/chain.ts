/**
 * @file The local network's control plane: what storage nodes, the supervisor and the RPC servers
 * see of it.
 *
 * A miniature of Sui with the Walrus contracts on it: objects, coins, transactions, events, Walrus
 * epochs. It keeps its state in one SQLite file and survives being killed. Its clock stops while
 * it is stopped: opening it again moves every epoch time forward by the length of the pause.
 */
import type { BlobId, Epoch, ObjectId, SuiAddress, TransactionDigest } from '#engine/model/ids.ts';
import type { Committee } from '#engine/model/walrus.ts';
import type { Ledger } from './ledger.ts';

export { openChain } from './open-chain.ts';

/** One storage node as it is written into the first committee. */
export interface ChainGenesisNode {
  readonly name: string;
  /** `host:port` of its HTTP API. */
  readonly networkAddress: string;
  /** BLS12-381 key in G1, 96 bytes uncompressed. */
  readonly publicKey: Uint8Array;
  /** P-256 key of its TLS certificate, SEC1 compressed, 33 bytes. */
  readonly networkPublicKey: Uint8Array;
  readonly shards: readonly number[];
  /** The id of its staking pool; derived from the genesis when absent. */
  readonly id?: ObjectId;
}

/** What a chain begins with. The same genesis gives the same object ids. */
export interface ChainGenesis {
  readonly shardCount: number;
  readonly epochDurationMs: number;
  readonly epochsAheadMax: number;
  readonly storagePriceFrostPerMib: bigint;
  readonly writePriceFrostPerMib: bigint;
  /** What may be sold for one epoch, encoded bytes. */
  readonly totalCapacityBytes?: bigint;
  /** Distinguishes networks of equal shape: it goes into every id and the chain identifier. */
  readonly seed?: string;
  /** Their shards are a partition of 0 .. shardCount - 1. */
  readonly nodes: readonly ChainGenesisNode[];
}

/** Wall clock of the machine, Unix milliseconds. */
export interface ChainClock {
  nowMs(): number;
}

/** Fields that every event has. */
interface EventPlace {
  /** Position in the chain's whole history, from 1 without gaps, kept over restarts. */
  readonly sequence: number;
  readonly txDigest: TransactionDigest;
  /** Position within the transaction. */
  readonly eventSeq: number;
  readonly checkpoint: number;
  /** Walrus epoch in which it was emitted. */
  readonly epoch: Epoch;
}

/** What the contracts told the world. One member per kind that a storage node acts on. */
export type ChainEvent = EventPlace &
  (
    | {
        readonly kind: 'blob-registered';
        readonly blobId: BlobId;
        readonly objectId: ObjectId;
        readonly sizeBytes: number;
        readonly encodingType: number;
        readonly endEpoch: Epoch;
        readonly deletable: boolean;
      }
    | {
        readonly kind: 'blob-certified';
        readonly blobId: BlobId;
        readonly objectId: ObjectId;
        readonly endEpoch: Epoch;
        readonly deletable: boolean;
        readonly isExtension: boolean;
      }
    | {
        readonly kind: 'blob-deleted';
        readonly blobId: BlobId;
        readonly objectId: ObjectId;
        readonly endEpoch: Epoch;
        readonly wasCertified: boolean;
      }
    | { readonly kind: 'blob-invalid'; readonly blobId: BlobId }
    | { readonly kind: 'epoch-parameters-selected'; readonly nextEpoch: Epoch }
    | { readonly kind: 'epoch-change-start' }
    | { readonly kind: 'shards-received'; readonly shards: readonly number[] }
    | { readonly kind: 'epoch-change-done' }
    | {
        readonly kind: 'prices-updated';
        readonly storagePriceFrostPerMib: bigint;
        readonly writePriceFrostPerMib: bigint;
      }
  );

/** Where an event stands, as nodes report it. */
export interface StatusEvent {
  readonly txDigest: string;
  /** Decimal. */
  readonly eventSeq: string;
}

export interface DeletableCounts {
  readonly count_deletable_total: number;
  readonly count_deletable_certified: number;
}

/** The `data` of `GET /v1/blobs/{id}/status`, key order included. */
export type BlobStatus =
  | 'nonexistent'
  | { readonly invalid: { readonly event: StatusEvent } }
  | {
      readonly permanent: {
        readonly endEpoch: number;
        readonly isCertified: boolean;
        readonly statusEvent: StatusEvent;
        readonly deletableCounts: DeletableCounts;
        readonly initialCertifiedEpoch: number | null;
      };
    }
  | {
      readonly deletable: {
        readonly initialCertifiedEpoch: number | null;
        readonly deletableCounts: DeletableCounts;
      };
    };

/** One registration as its events left it. Burning emits none, so a burnt one stays. */
export interface RegisteredObject {
  readonly objectId: ObjectId;
  readonly blobId: BlobId;
  readonly sizeBytes: number;
  readonly deletable: boolean;
  readonly registeredEpoch: Epoch;
  readonly certifiedEpoch: Epoch | undefined;
  /** Exclusive. */
  readonly endEpoch: Epoch;
}

/** What a node must hold: a certified, unexpired blob. */
export interface CertifiedBlob {
  readonly blobId: BlobId;
  readonly initialCertifiedEpoch: Epoch;
  readonly sizeBytes: number;
}

/** The chain as a storage node reads it. Every answer is of this instant. */
export interface ChainView {
  readonly epoch: Epoch;
  readonly shardCount: number;
  /** Committee of the current epoch, members in on-chain order. */
  readonly committee: Committee;
  /** Undefined in the first epoch. */
  readonly previousCommittee: Committee | undefined;
  /** Between EpochChangeStart and EpochChangeDone. */
  readonly isChangingEpoch: boolean;
  readonly latestCheckpoint: number;
  /** Sequence of the newest event; 0 before the first. */
  readonly latestEventSequence: number;
  /** The committee of any epoch so far. */
  committeeFor(epoch: number): Committee | undefined;
  /** Whether an unexpired, undeleted and not invalidated registration of the blob exists. */
  isRegistered(blobId: BlobId): boolean;
  isCertified(blobId: BlobId): boolean;
  isInvalid(blobId: BlobId): boolean;
  /** Undefined when unknown, deleted or expired. */
  registeredObject(objectId: ObjectId): RegisteredObject | undefined;
  blobStatus(blobId: BlobId): BlobStatus;
  /** Certified, unexpired, not invalidated; by blob ID, after `after`, at most `limit`. */
  certifiedBlobs(page: {
    readonly after?: BlobId;
    readonly limit: number;
  }): readonly CertifiedBlob[];
}

export interface ChainEvents {
  /**
   * Called after each event is committed, before the transaction's sender gets an answer. Must
   * not throw: the event has happened.
   */
  subscribe(listener: (event: ChainEvent) => void): () => void;
  /** Events after `sequence`, in order, at most `limit`. */
  eventsSince(sequence: number, limit?: number): readonly ChainEvent[];
}

/** Which shards a node holds from the next epoch on, by node id. A partition. */
export type ShardAssignment = ReadonlyMap<ObjectId, readonly number[]>;

export interface NetworkIds {
  readonly systemObjectId: ObjectId;
  readonly stakingObjectId: ObjectId;
  readonly exchangeObjectIds: readonly ObjectId[];
}

export interface Chain {
  /** What the RPC servers answer from; nobody else needs it. */
  readonly ledger: Ledger;
  readonly events: ChainEvents;
  readonly view: ChainView;
  readonly networkIds: NetworkIds;
  /** Base58 digest of the genesis. */
  readonly chainIdentifier: string;
  /**
   * Start the next Walrus epoch now: EpochParametersSelected where still due, EpochChangeStart,
   * and EpochChangeDone at once unless `awaitNodes`. The shards stay where they are without an
   * assignment.
   */
  advanceEpoch(options?: {
    readonly shards?: ShardAssignment;
    /** Stay in EpochChangeSync until nodes holding 2f + 1 shards called `reportShardsReceived`. */
    readonly awaitNodes?: boolean;
  }): Promise<void>;
  /** A node holds its shards of the current epoch: ShardsReceived, and perhaps EpochChangeDone. */
  reportShardsReceived(nodeId: ObjectId): Promise<void>;
  /** All nodes vote for these prices, which hold at once (PricesUpdated). */
  setPrices(prices: {
    readonly storageFrostPerMib: bigint;
    readonly writeFrostPerMib: bigint;
  }): Promise<void>;
  /** A node moved, for instance to another port after a restart. */
  setNetworkAddress(nodeId: ObjectId, networkAddress: string): Promise<void>;
  /** New coins out of nothing. */
  fund(
    address: SuiAddress,
    amounts: { readonly mist?: bigint; readonly frost?: bigint },
  ): Promise<{ readonly txDigest: TransactionDigest; readonly coinIds: readonly ObjectId[] }>;
  /**
   * Let time pass: remember that the chain is alive, select parameters at half epoch, start the
   * next epoch when it is due. To be called about every second.
   */
  tick(options?: { readonly awaitNodes?: boolean }): Promise<void>;
  /** Unix ms at which the current epoch ends. */
  readonly epochEndsAtMs: number;
  /** Waits for the transaction under way. */
  close(): Promise<void>;
}
