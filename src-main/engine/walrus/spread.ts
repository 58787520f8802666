/**
 * @file What a whole committee says of a blob: its registration, and how far it is spread.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import type { BlobId, ShardIndex } from '#engine/model/ids.ts';
import {
  faultyShardsMax,
  isQuorum,
  type Committee,
  type Persistence,
  type SliverAxis,
  type StorageNode,
} from '#engine/model/walrus.ts';
import { READ_RANK, fetchMetadata } from './blob-metadata.ts';
import { StatusVote, type BlobStatus } from './blob-status.ts';
import { compareMessage, confirmationMessage } from './confirmation.ts';
import { connectionsPerNode } from './limits.ts';
import { failureContext, type NetworkContext, type NodeFailure } from './network-context.ts';
import { sliverBytes } from './node-upload.ts';
import { withRetries } from './retry.ts';
import type { OpenMetadata } from './sliver-codec.ts';
import {
  getBlobStatus,
  getConfirmation,
  getSliver,
  getSliverStatus,
  type SliverPlace,
} from './storage-node-client.ts';

export interface BlobStatusAnswer {
  readonly status: BlobStatus;
  /** Shards whose nodes gave exactly this answer. */
  readonly shardWeight: number;
}

/**
 * The highest-ranked status that nodes with more than f shards agree on.
 *
 * Settles as soon as a quorum has answered and agrees, otherwise when every node has answered or
 * failed: any number of nodes works, and dead ones are only waited for where they matter. Throws
 * `quorum-missing` when no answer has enough weight.
 */
export async function blobStatus(
  context: NetworkContext,
  blobId: BlobId,
  committee: Committee,
  options: { readonly signal?: AbortSignal } = {},
): Promise<BlobStatusAnswer> {
  const { shardCount } = committee;
  const vote = new StatusVote();
  const failures: NodeFailure[] = [];
  const scope = context.openScope(options.signal);
  const settlement = Promise.withResolvers<BlobStatusAnswer | undefined>();
  const askOne = async (storageNode: StorageNode): Promise<void> => {
    const connection = context.connect(storageNode, committee);
    const call = { signal: scope.signal, rank: READ_RANK };
    const answer = await withRetries(context, scope.signal, () =>
      getBlobStatus(connection, blobId, call),
    );
    const weight = storageNode.shards.length;
    if (answer.kind === 'ok') vote.add(answer.value, weight);
    else failures.push({ nodeId: storageNode.nodeId, shardWeight: weight, reason: answer.message });
    const best = vote.believable(faultyShardsMax(shardCount));
    if (best !== undefined && isQuorum(vote.answeredWeight, shardCount)) settlement.resolve(best);
  };
  try {
    Promise.all(committee.members.map(askOne)).then(
      () => settlement.resolve(vote.believable(faultyShardsMax(shardCount))),
      (error: unknown) => settlement.reject(error),
    );
    const best = await settlement.promise;
    if (best !== undefined) return best;
  } finally {
    scope.end();
  }
  throw new EngineError('quorum-missing', 'storage nodes do not agree on the status of the blob', {
    context: { blobId, answeredShards: vote.answeredWeight, ...failureContext(failures) },
  });
}

export interface SpreadOptions {
  readonly signal?: AbortSignal;
  /**
   * How the blob is registered. With it a node's signed confirmation counts for all its shards;
   * without it only its word for each sliver does.
   */
  readonly persistence?: Persistence;
  /** Read and verify every sliver instead of asking about it. Costs 4.5 times the blob. */
  readonly isThorough?: boolean;
}

export interface Spread {
  readonly storedShards: number;
  readonly shardCount: number;
  /** Shards without their slivers, or whose node did not answer. */
  readonly missingShards: readonly ShardIndex[];
}

/**
 * Count the shards that hold both slivers of a blob, by asking their nodes now.
 *
 * A node's `status` for a sliver outlives the deletion of the blob and does not notice another
 * pair's sliver in its place. So a signed confirmation is asked for first where possible, and
 * `isThorough` is what proves the bytes.
 */
export async function spread(
  context: NetworkContext,
  blobId: BlobId,
  committee: Committee,
  options: SpreadOptions = {},
): Promise<Spread> {
  const scope = context.openScope(options.signal);
  try {
    const metadata = options.isThorough
      ? await fetchMetadata(context, blobId, { committee }, scope.signal)
      : undefined;
    const count = { context, blobId, committee, options, metadata, signal: scope.signal };
    const missing = await Promise.all(committee.members.map((node) => missingAt(count, node)));
    const missingShards = missing.flat().toSorted((a, b) => a - b);
    const { shardCount } = committee;
    return { storedShards: shardCount - missingShards.length, shardCount, missingShards };
  } finally {
    scope.end();
  }
}

interface SpreadCount {
  readonly context: NetworkContext;
  readonly blobId: BlobId;
  readonly committee: Committee;
  readonly options: SpreadOptions;
  /** Set when every sliver is to be read. */
  readonly metadata: OpenMetadata | undefined;
  readonly signal: AbortSignal;
}

const AXES: readonly SliverAxis[] = ['primary', 'secondary'];

async function missingAt(
  count: SpreadCount,
  storageNode: StorageNode,
): Promise<readonly ShardIndex[]> {
  const { context, committee, metadata } = count;
  if (storageNode.shards.length === 0) return [];
  if (metadata === undefined) {
    const word = await confirmsAll(count, storageNode);
    if (word !== undefined) return word ? [] : storageNode.shards;
  }
  const missing: ShardIndex[] = [];
  let next = 0;
  const checkInTurn = async (): Promise<void> => {
    for (
      let shard = storageNode.shards[next];
      shard !== undefined;
      shard = storageNode.shards[next]
    ) {
      next += 1;
      if (!(await holdsShard(count, storageNode, shard))) missing.push(shard);
    }
  };
  const senders = connectionsPerNode(committee.members.length, context.limits);
  await Promise.all(Array.from({ length: senders }, checkInTurn));
  return missing;
}

/**
 * Whether the node as a whole holds its part: true by a signed confirmation, false when it does
 * not answer or does not know the blob, undefined when its shards have to be asked one by one.
 */
async function confirmsAll(
  { context, blobId, committee, options, signal }: SpreadCount,
  storageNode: StorageNode,
): Promise<boolean | undefined> {
  const connection = context.connect(storageNode, committee);
  const call = { signal, rank: READ_RANK };
  const { persistence } = options;
  if (persistence !== undefined) {
    const answer = await getConfirmation(connection, blobId, persistence, call);
    if (answer.kind === 'failed') return false;
    if (answer.kind === 'ok') {
      const message = confirmationMessage(blobId, committee.epoch, persistence);
      if (compareMessage(answer.value.message, message).kind !== 'equal') return undefined;
      const { signature } = answer.value;
      const { publicKey } = storageNode;
      return context.codec.verify(message, signature, publicKey);
    }
  }
  const status = await getBlobStatus(connection, blobId, call);
  if (status.kind !== 'ok' || status.value.kind === 'nonexistent') return false;
  return undefined;
}

async function holdsShard(
  { context, blobId, committee, metadata, signal }: SpreadCount,
  storageNode: StorageNode,
  shard: ShardIndex,
): Promise<boolean> {
  const connection = context.connect(storageNode, committee);
  const pair = context.codec.pairOfShard(shard, blobId, committee.shardCount);
  const call = { signal, rank: READ_RANK };
  for (const axis of AXES) {
    const place: SliverPlace = { blobId, pair, axis };
    if (metadata === undefined) {
      const status = await getSliverStatus(connection, place, call);
      if (status.kind !== 'ok' || !status.value) return false;
      continue;
    }
    const answer = await getSliver(
      connection,
      place,
      sliverBytes(metadata, axis),
      context.bodies,
      call,
    );
    if (answer.kind !== 'ok') return false;
    const isTrue = await metadata.verifySliver(axis, pair, answer.value).then(
      () => true,
      () => false,
    );
    context.bodies.give(answer.value);
    if (!isTrue) {
      connection.reportFalseAnswer(`holds a false ${axis} sliver`);
      return false;
    }
  }
  return true;
}
