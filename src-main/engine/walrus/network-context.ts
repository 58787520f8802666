/**
 * @file What all operations of this folder share: connections, limits, time, chance and codec.
 */
import { setMaxListeners } from 'node:events';
import type { BlobId, ObjectId, ShardIndex } from '#engine/model/ids.ts';
import type { Committee, StorageNode } from '#engine/model/walrus.ts';
import type { Clock, Logger, Random } from '#engine/ports/ports.ts';
import type { BufferPool } from './buffer-pool.ts';
import {
  CONNECTIONS_KEPT_MAX,
  connectionsPerNode,
  METADATA_KEPT_MAX,
  type Limits,
} from './limits.ts';
import { NodeConnection, type ConnectionSetting } from './node-connection.ts';
import type { OpenMetadata, SliverCodec } from './sliver-codec.ts';

export interface NetworkContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: Limits;
  readonly codec: SliverCodec;
  /** Memory for slivers under way. */
  readonly bodies: BufferPool;
  /** Metadata that was verified. Its blob ID is its hash, so it never changes. */
  readonly knownMetadata: MetadataShelf;
  /** The connection of a node of this committee, opened at the first use. */
  connect(storageNode: StorageNode, committee: Committee): NodeConnection;
  /**
   * A signal that ends with the caller's or when the network is closed, and may be aborted alone.
   * Call `end` when the operation is over.
   */
  openScope(signal: AbortSignal | undefined): OperationScope;
}

export interface OperationScope {
  readonly signal: AbortSignal;
  /** Ends whatever still runs under the signal. */
  end(reason?: Error): void;
}

/** Open and remembered connections by node, address and key. */
export class ConnectionDirectory {
  readonly #connections = new Map<string, NodeConnection>();
  readonly #setting: ConnectionSetting;

  constructor(setting: ConnectionSetting) {
    this.#setting = setting;
  }

  get(storageNode: StorageNode, committee: Committee): NodeConnection {
    const key = connectionKey(storageNode);
    const known = this.#connections.get(key);
    // Committees of different epochs give the same node different shards.
    if (known) return known;
    const count = connectionsPerNode(committee.members.length, this.#setting.limits);
    const opened = new NodeConnection(storageNode, count, this.#setting);
    this.#connections.set(key, opened);
    this.#forgetOldest();
    return opened;
  }

  all(): readonly NodeConnection[] {
    return [...this.#connections.values()];
  }

  #forgetOldest(): void {
    if (this.#connections.size <= CONNECTIONS_KEPT_MAX) return;
    const [oldest] = this.#connections;
    if (oldest === undefined) return;
    this.#connections.delete(oldest[0]);
    void oldest[1].close();
  }
}

/** The metadata used last. */
export class MetadataShelf {
  readonly #byBlob = new Map<BlobId, OpenMetadata>();

  find(blobId: BlobId): OpenMetadata | undefined {
    const metadata = this.#byBlob.get(blobId);
    if (metadata) this.keep(metadata);
    return metadata;
  }

  keep(metadata: OpenMetadata): void {
    this.#byBlob.delete(metadata.blobId);
    this.#byBlob.set(metadata.blobId, metadata);
    for (const oldest of this.#byBlob.keys()) {
      if (this.#byBlob.size <= METADATA_KEPT_MAX) return;
      this.#byBlob.delete(oldest);
    }
  }
}

function connectionKey(storageNode: StorageNode): string {
  const networkKey = Buffer.from(storageNode.networkPublicKey).toString('hex');
  return `${storageNode.nodeId} ${storageNode.networkAddress} ${networkKey}`;
}

/** A scope below the caller's signal and the network's own. */
export function openOperationScope(
  signal: AbortSignal | undefined,
  closed: AbortSignal,
): OperationScope {
  const controller = new AbortController();
  const merged = AbortSignal.any(
    signal === undefined ? [controller.signal, closed] : [controller.signal, closed, signal],
  );
  // Every request of the operation listens; that is many, and no leak.
  setMaxListeners(0, merged);
  return {
    signal: merged,
    end: (reason) => {
      controller.abort(reason ?? new DOMException('the operation is over', 'AbortError'));
    },
  };
}

/** Which member of a committee holds which shard. */
export function nodesByShard(committee: Committee): ReadonlyMap<ShardIndex, StorageNode> {
  return new Map(
    committee.members.flatMap((member) => member.shards.map((shard) => [shard, member] as const)),
  );
}

/** A failure of one node, for the error that names them. */
export interface NodeFailure {
  readonly nodeId: ObjectId;
  readonly shardWeight: number;
  readonly reason: string;
}

const FAILURES_NAMED_MAX = 8;

/** The failures as error context: short, since a committee may have hundreds of nodes. */
export function failureContext(
  failures: readonly NodeFailure[],
): Readonly<Record<string, string | number>> {
  const named = failures
    .slice(0, FAILURES_NAMED_MAX)
    .map(({ nodeId, shardWeight, reason }) => `${nodeId} (${String(shardWeight)}): ${reason}`);
  return {
    failedNodes: failures.length,
    failedShards: failures.reduce((sum, failure) => sum + failure.shardWeight, 0),
    failures: named.join('; '),
  };
}
